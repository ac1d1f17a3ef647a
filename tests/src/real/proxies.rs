//! Real proxies.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use super::{Home, Real, program};

/// Whoever is `ann` with the password `s3cret` is known to it.
const KNOWS: &str = "#!/bin/sh
while read user password; do
    if [ \"$user $password\" = 'ann s3cret' ]; then echo OK; else echo ERR; fi
done
";

impl Real {
    /// squid, in one process, which logs each request with its fields. `login`: it lets in nobody but `ann`, whose
    /// password is `s3cret`.
    pub fn squid(login: bool) -> Option<Self> {
        Self::squid_at(Home::new(), "http_port 127.0.0.1:PORT", login)
    }

    /// The same, but with a line of its own that says where it listens, in which `PORT` and `HOME` are replaced.
    pub fn squid_at(home: Home, listens: &str, login: bool) -> Option<Self> {
        let program = program("squid")?;
        let up = |server: &Self| TcpStream::connect(server.addr()).is_ok();
        Some(Self::on_a_port(home, up, |home, port| {
            // It gives up the rights of the administrator, and then has to write here.
            fs::set_permissions(&home.0, fs::Permissions::from_mode(0o777)).expect("it is ours");
            fs::write(home.path("knows"), KNOWS).expect("a file can be written");
            fs::set_permissions(home.path("knows"), fs::Permissions::from_mode(0o755)).expect("it is ours");
            let config = squid_config(listens, login)
                .replace("PORT", &port.to_string())
                .replace("HOME", &home.0.to_string_lossy());
            fs::write(home.path("squid.conf"), config).expect("a file can be written");
            let mut command = Command::new(&program);
            command.arg("-N").arg("-f").arg(home.path("squid.conf"));
            command
        }))
    }

    /// tinyproxy, likewise.
    pub fn tinyproxy(login: bool) -> Option<Self> {
        let program = program("tinyproxy")?;
        let up = |server: &Self| TcpStream::connect(server.addr()).is_ok();
        Some(Self::on_a_port(Home::new(), up, |home, port| {
            let login = if login { "BasicAuth ann s3cret" } else { "" };
            let config = format!("Port {port}\nListen 127.0.0.1\nLogLevel Connect\nMaxClients 50\n{login}\n");
            fs::write(home.path("tinyproxy.conf"), config).expect("a file can be written");
            let mut command = Command::new(&program);
            command.arg("-d").arg("-c").arg(home.path("tinyproxy.conf"));
            command
        }))
    }

    /// dante. `login`: it lets in nobody but the users of this machine.
    pub fn dante(login: bool) -> Option<Self> {
        let program = program("danted")?;
        let up = |server: &Self| TcpStream::connect(server.addr()).is_ok();
        Some(Self::on_a_port(Home::new(), up, |home, port| {
            let config = dante_config(port, if login { "username" } else { "none" });
            let config = config.replace("HOME", &home.0.to_string_lossy());
            fs::write(home.path("dante.conf"), config).expect("a file can be written");
            let mut command = Command::new(&program);
            command.arg("-f").arg(home.path("dante.conf")).arg("-p").arg(home.path("pid"));
            command
        }))
    }

    /// dante, which lets in `ann`, whose password is `s3cret`. It asks the system for its users, and so it gets a system
    /// with one more: its own view of two files, which ends with it. That takes root, and is skipped without.
    pub fn dante_that_knows() -> Option<Self> {
        let program = program("danted")?;
        let own_view = Command::new("unshare").args(["--mount", "true"]).stderr(Stdio::null()).status();
        if !own_view.is_ok_and(|status| status.success()) {
            crate::vectors::say(
                "skipped: dante with a user of its own takes root, and a view of files of its own",
            );
            return None;
        }
        let users = fs::read_to_string("/etc/passwd").expect("everybody may read it");
        let up = |server: &Self| TcpStream::connect(server.addr()).is_ok();
        Some(Self::on_a_port(Home::new(), up, |home, port| {
            let write = |name: &str, text: String| {
                fs::write(home.path(name), text).expect("a file can be written");
                home.path(name)
            };
            let users =
                write("passwd", format!("{users}ann:x:54321:54321::/nonexistent:/usr/sbin/nologin\n"));
            let passwords = write("shadow", format!("ann:{HASH}:19000:0:99999:7:::\n"));
            let config = dante_config(port, "username");
            let config = config.replace("clientmethod", "user.privileged: root\nclientmethod");
            let config = write("dante.conf", config);
            let mut command = Command::new("unshare");
            let script = "mount --bind \"$1\" /etc/passwd && mount --bind \"$2\" /etc/shadow && exec \"$3\" -f \"$4\" -p \"$5\"";
            command.args(["--mount", "sh", "-c", script, "sh"]).args([users, passwords]).arg(&program);
            command.args([config, home.path("pid")]);
            command
        }))
    }

    /// What a proxy logged, once it is so many lines that hold `word`.
    pub fn proxy_log(&self, word: &str, lines: usize) -> Vec<String> {
        let read = || {
            let all = ["access.log", "output"].map(|file| fs::read_to_string(self.home.path(file)));
            let all: Vec<_> = all.into_iter().flatten().collect();
            let lines = all.iter().flat_map(|text| text.lines());
            lines.filter(|line| line.contains(word)).map(str::to_owned).collect::<Vec<_>>()
        };
        super::wait_until("the proxy's log is written", || read().len() >= lines);
        read()
    }
}

/// Fields are logged as they came, percent-encoded.
fn squid_config(listens: &str, login: bool) -> String {
    let allows = if login {
        "auth_param basic program HOME/knows
         auth_param basic children 1
         auth_param basic realm here
         acl known proxy_auth REQUIRED
         http_access allow known
         http_access deny all"
    } else {
        "http_access allow all"
    };
    let lines = format!(
        "{listens}
         pid_filename HOME/pid
         logformat line %rm %ru %>Hs %un %>h
         access_log stdio:HOME/access.log line
         cache_log HOME/error.log
         cache deny all
         coredump_dir HOME
         netdb_filename none
         pinger_enable off
         shutdown_lifetime 0 seconds
         {allows}"
    );
    lines.lines().map(str::trim).collect::<Vec<_>>().join("\n") + "\n"
}

/// Of `s3cret`, as the system has it.
const HASH: &str =
    "$6$httpocean$EpSbulqGLvtMIHVLdfbaDeyU4WMYZuEowQFmlencOJAiWk0hWFGWYxuBWy6Z1J3vG5EiewBC42Rny246EXX3y1";

fn dante_config(port: u16, method: &str) -> String {
    format!(
        "logoutput: stdout
internal: 127.0.0.1 port = {port}
external: lo
socksmethod: {method}
clientmethod: none
client pass {{
    from: 127.0.0.1/32 to: 0.0.0.0/0
}}
socks pass {{
    from: 127.0.0.1/32 to: 0.0.0.0/0
    log: connect error
}}
"
    )
}
