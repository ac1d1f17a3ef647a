//! A run becomes a file, the file says the same again, and tells no secret.

use std::path::{Path, PathBuf};

use httpocean_testkit::server::{Reply, Request, Server};
use httpocean_testkit::tls::Handshakes;
use httpocean_tests::Way;

use super::command::{Said, run};

/// A file of this test's own, which goes with it.
struct Recorded(PathBuf);

impl Recorded {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("httpocean-replay-{}-{name}", std::process::id())))
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }

    fn text(&self) -> String {
        std::fs::read_to_string(&self.0).unwrap()
    }

    fn replay(&self) -> Said {
        run(&["replay", self.path()])
    }
}

impl Drop for Recorded {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Redirects, with a cookie and a query, to a body in chunks.
fn site() -> Server {
    Server::start(|asked: &Request| match asked.target.as_str() {
        path if path.starts_with("/end") => {
            Reply::ok("").chunked(["hunter2 and", " more"], [("x-sum", "hunter2")])
        }
        _ => Reply::status(307, "Elsewhere")
            .header("location", "/end?key=hunter2#hunter2")
            .header("set-cookie", "id=hunter2"),
    })
}

fn get(file: &Recorded, more: &[&str]) -> Said {
    let server = site();
    let url = server.url("/?key=hunter2");
    let secret =
        ["-H", "authorization: Bearer hunter2", "-H", "x-anything: hunter2", "-d", "hunter2 goes up"];
    let record = ["get", "--transport", "mio", "-n", "3", "--record", file.path(), &url];
    run(&[&record[..], &secret, more].concat())
}

/// What the engine said, as it stands in the file.
fn answers(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.strip_prefix("< ")).collect()
}

#[test]
fn a_run_is_the_same_once_more() {
    for more in [&[][..], &["--record-secrets"]] {
        let file = Recorded::new(if more.is_empty() { "same" } else { "same-whole" });
        let said = get(&file, more);
        assert_eq!((said.code, said.text()), (0, "hunter2 and more".repeat(3).as_str()), "{}", said.stderr);
        let again = file.replay();
        assert_eq!(again.code, 0, "{}", again.stderr);
        let text = file.text();
        assert_eq!(again.text().lines().collect::<Vec<_>>(), answers(&text));
        assert_eq!(answers(&text).iter().filter(|line| line.contains(" end")).count(), 3, "{text}");
        assert_eq!(file.replay().stdout, again.stdout);
    }
}

#[test]
fn secrets_are_in_it_only_if_that_is_asked_for() {
    let (without, with) = (Recorded::new("without"), Recorded::new("with"));
    get(&without, &[]);
    get(&with, &["--record-secrets"]);
    assert!(!without.text().contains("hunter2"), "{}", without.text());
    for told in ["authorization Bearer\\shunter2", "id=hunter2", "hunter2\\sgoes\\sup", "?key=hunter2"] {
        assert!(with.text().contains(told), "{told}: {}", with.text());
    }
    // What decides stays.
    assert!(without.text().contains("Transfer-Encoding:\\schunked\\r\\n"), "{}", without.text());
}

#[test]
fn where_it_differs_is_said() {
    let file = Recorded::new("differs");
    get(&file, &[]);
    let text = file.text();
    let at = text.lines().position(|line| line.contains(" head ")).unwrap();
    let line = text.lines().nth(at).unwrap();
    std::fs::write(&file.0, text.replacen(line, "< event 0.0 head 5 999", 1)).unwrap();
    let said = file.replay();
    assert_eq!(said.code, 1);
    assert!(said.stderr.contains(&format!("line {} differs", at + 1)), "{}", said.stderr);
    assert!(said.stderr.contains("recorded: event 0.0 head 5 999"), "{}", said.stderr);
    assert!(said.stderr.contains(&line.replacen("< ", "now:      ", 1)), "{}", said.stderr);
}

#[test]
fn what_is_no_recording_is_an_error() {
    let file = Recorded::new("garbage");
    std::fs::write(&file.0, [0xff; 100]).unwrap();
    let said = file.replay();
    assert_eq!((said.code, said.text()), (1, ""));
    assert!(said.stderr.contains("line 1: "), "{}", said.stderr);
    let said = run(&["replay", Path::new("/nowhere/at/all").to_str().unwrap()]);
    assert_eq!((said.code, said.text()), (1, ""));
    assert!(said.stderr.contains("/nowhere/at/all"), "{}", said.stderr);
}

#[test]
fn only_one_thread_can_be_recorded() {
    let file = Recorded::new("std");
    let said = run(&["get", "--record", file.path(), "http://127.0.0.1:1/"]);
    assert_eq!(said.code, 2);
    assert!(said.stderr.contains("--transport mio"), "{}", said.stderr);
    assert_eq!(run(&["replay"]).code, 2);
}

/// A redirect leads there, so that the URL does not tell.
#[test]
fn a_connection_by_tls_is_where_a_replay_ends() {
    const WHY: &str =
        "from here on it can't be replayed: a connection by TLS, and its keys are in no recording";
    let secured = Server::builder().layered(Way::server().ends(&Handshakes::default()));
    let secured = secured.start(|_| Reply::ok("secret")).unwrap();
    let to = secured.url("/");
    let server = Server::start(move |_| Reply::status(302, "There").header("location", to.as_str()));
    let file = Recorded::new("tls");
    let get =
        ["get", "--transport", "mio", "--insecure", "-n", "2", "--record", file.path(), &server.url("/")];
    let said = run(&get);
    assert_eq!((said.code, said.text()), (0, "secretsecret"), "{}", said.stderr);
    assert_eq!(said.stderr.matches(&format!("{}: {WHY}", file.path())).count(), 1, "{}", said.stderr);
    let text = file.text();
    let line = text.lines().position(|line| line.starts_with("secured ")).unwrap() + 1;
    let again = file.replay();
    assert_eq!(again.code, 1);
    assert!(again.stderr.contains(&format!("line {line}: {WHY}")), "{}", again.stderr);
}

/// A file without end, which nobody can read to it.
#[test]
fn what_begins_otherwise_is_not_read_to_its_end() {
    let said = run(&["replay", "/dev/zero"]);
    assert_eq!(said.code, 1);
    assert!(said.stderr.contains("/dev/zero: line 1: this is not a recording"), "{}", said.stderr);
}
