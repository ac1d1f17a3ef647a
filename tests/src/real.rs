//! Real servers: each a process of its own, with a port and a directory of its own, gone when it is dropped.
//!
//! Where a program is missing the test says so and is skipped, unless `HTTPOCEAN_REQUIRE_SERVERS` is `1`.

mod blocks;
mod coding;
mod proxies;

use std::fs::{self, File};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::{Client, Identity};

pub use blocks::Blocks;

/// Everything a test waits for comes long before; only a hang takes so long.
const LONG: Duration = Duration::from_secs(20);

/// A directory that is removed when it is dropped. What is in its `www` is what a server serves.
#[derive(Debug)]
pub struct Home(PathBuf);

impl Home {
    /// A new one, with an empty `www`.
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("httpocean-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let home = Self(std::env::temp_dir().join(name));
        fs::create_dir_all(home.0.join("www")).expect("the directory for temporary files can be written");
        home
    }

    /// The same, with a file to serve.
    #[must_use]
    pub fn page(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        fs::write(self.www(name), content).expect("a file can be written");
        self
    }

    /// Where a file to serve has its place.
    pub fn www(&self, name: &str) -> PathBuf {
        self.path("www").join(name)
    }

    /// Where a file that is not served has its place.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A running server.
#[derive(Debug)]
pub struct Real {
    child: Child,
    addr: SocketAddr,
    home: Home,
}

impl Real {
    /// nginx, in one process. `site` is what stands in its `server` block, where `HOME` is the directory.
    pub fn nginx(home: Home, site: &str) -> Option<Self> {
        Self::nginx_on(home, "", site)
    }

    /// The same, with TLS. Its log ends each line with the version and whether the session was resumed, `r` or `.`.
    pub fn nginx_tls(home: Home, identity: &Identity, site: &str) -> Option<Self> {
        identity.write(&home);
        let site = format!(
            "ssl_certificate HOME/certificate; ssl_certificate_key HOME/key; ssl_protocols TLSv1.2 TLSv1.3; {site}"
        );
        Self::nginx_on(home, "ssl", &site)
    }

    fn nginx_on(home: Home, listens: &str, site: &str) -> Option<Self> {
        let program = program("nginx")?;
        // It names its process when all of its sockets listen.
        let up = |server: &Self| fs::metadata(server.home.path("pid")).is_ok_and(|pid| pid.len() > 0);
        Some(Self::on_a_port(home, up, |home, port| {
            let config = nginx_config(port, listens, site).replace("HOME", &home.0.to_string_lossy());
            fs::write(home.path("nginx.conf"), config).expect("a file can be written");
            let mut command = Command::new(&program);
            command.arg("-p").arg(&home.0).arg("-c").arg(home.path("nginx.conf"));
            command
        }))
    }

    /// haproxy in front of `backend`. `defaults` is more of its section `defaults`.
    pub fn haproxy(defaults: &str, backend: SocketAddr) -> Option<Self> {
        Self::haproxy_on(Home::new(), "", defaults, backend)
    }

    /// The same, with TLS. Its log ends each line with the version and whether the session was resumed, `1` or `0`.
    pub fn haproxy_tls(identity: &Identity, defaults: &str, backend: SocketAddr) -> Option<Self> {
        let home = Home::new();
        identity.write(&home);
        Self::haproxy_on(home, "ssl crt HOME/both", defaults, backend)
    }

    fn haproxy_on(home: Home, binds: &str, defaults: &str, backend: SocketAddr) -> Option<Self> {
        let program = program("haproxy")?;
        let up = |server: &Self| TcpStream::connect(server.addr).is_ok();
        Some(Self::on_a_port(home, up, |home, port| {
            let config = haproxy_config(port, binds, defaults, backend);
            let config = config.replace("HOME", &home.0.to_string_lossy());
            fs::write(home.path("haproxy.cfg"), config).expect("a file can be written");
            let mut command = Command::new(&program);
            command.arg("-db").arg("-f").arg(home.path("haproxy.cfg"));
            command
        }))
    }

    /// python3 with these arguments. It listens on a port of its choice and prints `port` and its number.
    pub fn python(home: Home, args: &[&str]) -> Option<Self> {
        Some(Self::on_its_port(home, &program("python3")?, args))
    }

    /// node with a program, in which `handler` is what `createServer` is called with and `server` what it made.
    pub fn node(handler: &str, settings: &str) -> Option<Self> {
        let code = format!(
            "const server = require('http').createServer({handler}); {settings};
             server.listen(0, '127.0.0.1', () => console.log('port ' + server.address().port));"
        );
        Some(Self::on_its_port(Home::new(), &program("node")?, &["-e", &code]))
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The URL of a path, which begins with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// The same, by TLS and under the name localhost.
    pub fn tls_url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.addr.port())
    }

    /// Its directory.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// What nginx logged, as soon as these are so many requests.
    pub fn nginx_log(&self, requests: usize) -> Vec<Logged> {
        self.log("access.log", requests)
    }

    /// What haproxy logged, as soon as these are so many requests.
    pub fn haproxy_log(&self, requests: usize) -> Vec<Logged> {
        self.log("output", requests)
    }

    fn log(&self, file: &str, requests: usize) -> Vec<Logged> {
        let read = || fs::read_to_string(self.home.path(file)).unwrap_or_default();
        wait_until("the server's log is written", || read().matches('\n').count() >= requests);
        read().lines().map(Logged::parse).collect()
    }

    fn on_a_port(
        mut home: Home,
        up: impl Fn(&Self) -> bool,
        command: impl Fn(&Home, u16) -> Command,
    ) -> Self {
        let mut said = String::new();
        for _ in 0..5 {
            let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
            let mut started = Self { child: spawn(&home, command(&home, addr.port())), addr, home };
            if started.comes_up(|server| up(server)) {
                return started;
            }
            // Somebody else took the port, perhaps.
            said = started.said();
            home = started.give_up();
        }
        panic!("the server does not start: {said}");
    }

    fn on_its_port(home: Home, program: &Path, args: &[&str]) -> Self {
        let mut command = Command::new(program);
        command.args(args).current_dir(home.path("www"));
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut server = Self { child: spawn(&home, command), addr, home };
        let up = server.comes_up(|server| match server.announced_port() {
            Some(port) => {
                server.addr.set_port(port);
                TcpStream::connect(server.addr).is_ok()
            }
            None => false,
        });
        assert!(up, "the server does not start: {}", server.said());
        server
    }

    fn announced_port(&self) -> Option<u16> {
        let said = fs::read_to_string(self.home.path("output")).ok()?;
        let (_, rest) = said.split_once("port ")?;
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        rest[..end].parse().ok()
    }

    fn comes_up(&mut self, accepts: impl Fn(&mut Self) -> bool) -> bool {
        let started = Instant::now();
        while started.elapsed() < LONG {
            if accepts(self) {
                // The port answers; that must be our process, not somebody who was there before.
                return matches!(self.child.try_wait(), Ok(None));
            }
            if !matches!(self.child.try_wait(), Ok(None)) {
                return false;
            }
            thread::sleep(Duration::from_millis(5));
        }
        false
    }

    fn said(&self) -> String {
        ["output", "errors", "error.log"]
            .map(|file| fs::read_to_string(self.home.path(file)).unwrap_or_default())
            .join("\n")
    }

    fn give_up(mut self) -> Home {
        let home = Home(std::mem::take(&mut self.home.0));
        drop(self);
        home
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A request in a server's own log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// Its connection: nginx's number, or the client's port that haproxy saw.
    pub connection: u64,
    /// Which request of its connection it was, from 1; nginx only.
    pub nth: u32,
    /// The status that was answered.
    pub status: u16,
    /// Method, host and target; haproxy: state at the end, method and target.
    pub what: String,
}

impl Logged {
    fn parse(line: &str) -> Self {
        let mut words = line.splitn(4, ' ');
        let mut number = || words.next().and_then(|word| word.parse::<u64>().ok()).unwrap_or(0);
        let (connection, nth, status) = (number(), number(), number());
        Self { connection, nth: nth as u32, status: status as u16, what: words.collect() }
    }
}

/// The connections in a log, each once, in order of their first request.
pub fn connections(log: &[Logged]) -> Vec<u64> {
    let mut seen = Vec::new();
    for logged in log {
        if !seen.contains(&logged.connection) {
            seen.push(logged.connection);
        }
    }
    seen
}

/// The whole body of a page, which has to have status 200.
///
/// # Panics
/// When it fails, or has another status.
pub fn page(client: &Client, url: &str) -> String {
    let sent = client.get(url).send();
    let mut response = sent.unwrap_or_else(|error| panic!("{error}; {:?}", client.stats()));
    assert_eq!(response.status(), 200, "{url}");
    response.body_mut().read_to_string(1_000_000).unwrap_or_else(|error| panic!("{error}"))
}

/// Waits for something that has to come.
///
/// # Panics
/// When it does not come.
pub fn wait_until(what: &str, mut reached: impl FnMut() -> bool) {
    let started = Instant::now();
    while !reached() {
        assert!(started.elapsed() < LONG, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Waits until the peer of the IPv4 connection that `local` is this side of has closed it.
pub fn wait_for_close(local: SocketAddr) {
    if !Path::new("/proc/net/tcp").exists() {
        return thread::sleep(Duration::from_millis(1_200));
    }
    wait_until("the server closes an idle connection", || !is_established(local));
}

fn is_established(local: SocketAddr) -> bool {
    let SocketAddr::V4(local) = local else { return false };
    let address = format!("{:08X}:{:04X}", u32::from_ne_bytes(local.ip().octets()), local.port());
    let table = fs::read_to_string("/proc/net/tcp").unwrap_or_default();
    table.lines().any(|line| {
        let mut words = line.split_ascii_whitespace().skip(1);
        words.next() == Some(address.as_str()) && words.nth(1) == Some("01")
    })
}

/// The most memory that this process ever had, in bytes, where the system tells.
pub fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_ascii_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
}

fn nginx_config(port: u16, listens: &str, site: &str) -> String {
    let more = if listens.is_empty() { "" } else { " $ssl_protocol $ssl_session_reused" };
    format!(
        "daemon off; master_process off; pid HOME/pid; error_log HOME/error.log warn;
         events {{ worker_connections 256; }}
         http {{
             client_body_temp_path HOME/body; proxy_temp_path HOME/proxy; fastcgi_temp_path HOME/fastcgi;
             uwsgi_temp_path HOME/uwsgi; scgi_temp_path HOME/scgi;
             log_format line '$connection $connection_requests $status $request_method $host $request_uri{more}';
             access_log HOME/access.log line;
             default_type text/plain;
             server {{ listen 127.0.0.1:{port} {listens}; root HOME/www; {site} }}
         }}"
    )
}

fn haproxy_config(port: u16, binds: &str, defaults: &str, backend: SocketAddr) -> String {
    let more = if binds.is_empty() { "" } else { " %sslv %[ssl_fc_is_resumed]" };
    format!(
        "global
            nbthread 1
            maxconn 200
            log stdout format raw local0 info
         defaults
            mode http
            log global
            option dontlognull
            log-format \"%cp 0 %ST %ts %HM %HU{more}\"
            timeout connect 10s
            timeout client 20s
            timeout server 20s
            {defaults}
         frontend front
            bind 127.0.0.1:{port} {binds}
            default_backend back
         backend back
            server only {backend}\n"
    )
}

/// Below the ports that systems give away by themselves, so that nobody gets it between now and its use.
fn free_port() -> u16 {
    static NEXT: OnceLock<AtomicU32> = OnceLock::new();
    let next = NEXT.get_or_init(|| AtomicU32::new(RandomState::new().hash_one(0_u8) as u32));
    loop {
        let port = 20_000 + (next.fetch_add(1, Ordering::Relaxed) % 12_000) as u16;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

fn spawn(home: &Home, mut command: Command) -> Child {
    let file = |name| File::create(home.path(name)).expect("a file can be written");
    command.stdin(Stdio::null()).stdout(file("output")).stderr(file("errors"));
    command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

/// Where a program is; servers are often not in the path of whoever is not the administrator.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let more = ["/usr/sbin", "/usr/local/sbin", "/usr/local/bin"].map(PathBuf::from);
    let found =
        std::env::split_paths(&path).chain(more).map(|dir| dir.join(name)).find(|file| file.is_file());
    if found.is_none() {
        let required = std::env::var_os("HTTPOCEAN_REQUIRE_SERVERS").is_some_and(|value| value == "1");
        assert!(!required, "{name} is not installed, and HTTPOCEAN_REQUIRE_SERVERS asks for it");
        // Not by `eprintln`, which the test harness hides while a test passes.
        let _ = writeln!(io::stderr(), "skipped: {name} is not installed");
    }
    found
}
