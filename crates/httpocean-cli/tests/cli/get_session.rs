//! Who the user is, and cookies in a file.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use httpocean_testkit::server::{Reply, Request, Server};

use super::command::{command, run};

/// A directory of this test's own, gone at its end.
struct Here(PathBuf);

impl Here {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!(
            "httpocean-{name}-{}-{}",
            module_path!().replace(':', "-"),
            std::process::id()
        ));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Here {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

/// Says what it was told, after a redirect from `/away`.
fn server(away: &str) -> Server {
    let away = away.to_owned();
    Server::start(move |asked: &Request| match asked.target.as_str() {
        "/away" => Reply::status(302, "Found").header("location", away.as_str()),
        "/login" => {
            let reply = Reply::status(302, "Found").header("location", "/");
            reply
                .header("set-cookie", "id=7; Max-Age=600; HttpOnly")
                .header("set-cookie", "theme=dark; Path=/x")
        }
        _ => {
            let told = |name: &str| String::from_utf8_lossy(asked.header(name).unwrap_or(b"-")).into_owned();
            Reply::ok(format!("{} {} {}", told("authorization"), told("user-agent"), told("cookie")))
        }
    })
}

#[test]
fn a_user_is_told_to_the_servers_of_the_urls() {
    let away = server("/");
    let home = server(&away.url("/"));
    for (args, told) in [
        (&["-u", "ann:s3cret", "-A", "me/1"][..], "Basic YW5uOnMzY3JldA== me/1 -"),
        (&["--user", "ann"], "Basic YW5uOg== "),
        (&["-u", "ann:s3cret", "-H", "Authorization: mine"], "mine "),
    ] {
        let said = run(&[&["get", "-v"], args, &[&home.url("/")]].concat());
        assert!(said.code == 0 && said.text().starts_with(told), "{} {}", said.text(), said.stderr);
        assert!(!said.stderr.contains("s3cret") && !said.stderr.contains("YW5u"), "{}", said.stderr);
        let said = run(&[&["get"], args, &[&home.url("/away")]].concat());
        assert!(said.text().starts_with("- "), "{}", said.text());
    }
    for wrong in ["s3cret\n:x", "a:s3cret\x07"] {
        let said = run(&["get", "-u", wrong, &home.url("/")]);
        assert!(said.code == 2 && !said.stderr.contains("s3cret"), "{}", said.stderr);
    }
    assert_eq!(run(&["get", "-A", "a\nb", &home.url("/")]).code, 2);
}

#[test]
fn cookies_are_kept_in_a_file() {
    let here = Here::new("cookies");
    let (home, file) = (server("/"), here.file("jar"));
    let said = run(&["get", "--cookie-jar", &file, &home.url("/login")]);
    assert!(said.code == 0 && said.text().ends_with(" id=7"), "{} {}", said.text(), said.stderr);
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("#HttpOnly_127.0.0.1\tFALSE\t/\tFALSE\t"), "{text}");
    assert!(text.contains("127.0.0.1\tFALSE\t/x\tFALSE\t0\ttheme\tdark\n"), "{text}");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let said = run(&["get", "--cookie-jar", &file, &home.url("/x")]);
    assert!(said.text().ends_with(" theme=dark; id=7"), "{}", said.text());
    // Without the file nobody is known.
    assert!(run(&["get", &home.url("/x")]).text().ends_with(" -"));
    assert_eq!(fs::read_dir(&here.0).unwrap().count(), 1, "nothing else is left");
}

#[test]
fn a_file_of_cookies_that_is_none_is_left_as_it_is() {
    let here = Here::new("no-cookies");
    let (home, file) = (server("/"), here.file("jar"));
    fs::write(&file, "s3cret\n").unwrap();
    let said = run(&["get", "--cookie-jar", &file, &home.url("/login")]);
    assert!(
        said.code != 0 && said.stderr.contains("line 1") && !said.stderr.contains("s3cret"),
        "{}",
        said.stderr
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), "s3cret\n");
    let said = run(&["get", "--cookie-jar", &here.file("nowhere/jar"), &home.url("/login")]);
    assert!(said.code != 0 && said.stderr.contains("cookies can't be kept"), "{}", said.stderr);
}

#[test]
fn a_netrc_says_who_the_user_is() {
    let here = Here::new("netrc");
    let (home, file) = (server("/"), here.file("netrc"));
    fs::write(&file, "machine 127.0.0.1 login ann password s3cret\n").unwrap();
    let told = "Basic YW5uOnMzY3JldA== ";
    assert!(run(&["get", "--netrc-file", &file, &home.url("/")]).text().starts_with(told));
    assert!(
        run(&["get", "--netrc-file", &file, "-u", "a:b", &home.url("/")]).text().starts_with("Basic YTpi ")
    );
    let by_environment = command(&["get", "--netrc", &home.url("/")]).env("NETRC", &file).output().unwrap();
    assert!(String::from_utf8_lossy(&by_environment.stdout).starts_with(told));
    let nowhere =
        command(&["get", "--netrc", &home.url("/")]).env_remove("NETRC").env("HOME", &here.0).output();
    assert!(nowhere.unwrap().stdout.starts_with(b"- "), "no ~/.netrc is no error");
    fs::write(&file, "machine 127.0.0.1 login ann password \"s3cret").unwrap();
    let said = run(&["get", "--netrc-file", &file, &home.url("/")]);
    assert!(
        said.code != 0 && said.stderr.contains("not closed") && !said.stderr.contains("s3cret"),
        "{}",
        said.stderr
    );
    assert_ne!(run(&["get", "--netrc-file", &here.file("none"), &home.url("/")]).code, 0);
}
