//! What `-H` and `headers` give to one origin is sent to no other, and is not printed (T16, T17, T26).

use httpocean_testkit::server::{Received, Reply, Request, Server};
use serde_json::{Value, json};

use super::command::{Said, batch, run};

/// Base64 of it looks otherwise.
const SECRET: &str = "hunter2";

const SECRETS: [&str; 4] = ["authorization", "cookie", "proxy-authorization", "x-api-key"];

/// Home redirects to home, then away; away to away, then back home.
struct Sites {
    home: Server,
    away: Server,
}

impl Sites {
    fn start(status: u16) -> Self {
        let to =
            move |location: &str| Reply::status(status, "Elsewhere").header("location", location.as_bytes());
        let away = Server::start(move |asked: &Request| match asked.target.as_str() {
            "/2" => to("/3"),
            _ => to(&format!("{}/4", String::from_utf8_lossy(asked.header("x-home").unwrap()))),
        });
        let there = away.url("/2");
        let home = Server::start(move |asked: &Request| match asked.target.as_str() {
            "/0" => to("/1"),
            "/1" => to(&there),
            "/userinfo" => to(&there.replace("//", "//user:hunter2@")),
            _ => Reply::ok("home"),
        });
        Self { home, away }
    }

    fn is_kept_at_home(&self, what: &str) {
        let names = |received: &Received| SECRETS.map(|name| received.request.header_count(name));
        let [home, away] = [&self.home, &self.away].map(|server| server.requests());
        assert_eq!(home.iter().map(names).collect::<Vec<_>>(), [[1; 4], [1; 4], [0; 4]], "{what}");
        assert_eq!(away.iter().map(names).collect::<Vec<_>>(), [[0; 4], [0; 4]], "{what}");
        for (server, received) in [(&self.home, home), (&self.away, away)] {
            let host = server.addr().to_string();
            for Received { request, .. } in received {
                assert_eq!(request.header("host"), Some(host.as_bytes()), "{what}");
                assert_eq!(request.header("x-public"), Some(&b"for all"[..]), "{what}");
            }
        }
    }
}

#[track_caller]
fn is_unseen(said: &Said) {
    assert!(
        !said.text().contains(SECRET) && !said.stderr.contains(SECRET),
        "{} {}",
        said.text(),
        said.stderr
    );
}

fn lines(sites: &Sites) -> Vec<String> {
    let secrets = SECRETS.map(|name| format!("{name}: {SECRET}"));
    let home = format!("x-home: {}", sites.home.url(""));
    secrets.into_iter().chain([home, "x-public: for all".to_owned()]).collect()
}

#[test]
fn of_get() {
    for status in [301, 302, 303, 307, 308] {
        for more in [&[][..], &["-d", "content"], &["-X", "PUT", "-d", "content"], &["-I"]] {
            let sites = Sites::start(status);
            let (lines, url) = (lines(&sites), sites.home.url("/0"));
            let fields: Vec<_> = lines.iter().flat_map(|line| ["-H", line.as_str()]).collect();
            let said = run(&[
                &["get", "-v", "-i", "--options", r#"{"sensitive": ["x-api-key"]}"#],
                &fields[..],
                more,
                &[&url],
            ]
            .concat());
            assert_eq!(said.code, 0, "{status} {more:?}: {}", said.stderr);
            sites.is_kept_at_home(&format!("{status} {more:?}"));
            is_unseen(&said);
        }
    }
}

#[test]
fn of_batch() {
    for status in [301, 302, 303, 307, 308] {
        for (method, kind) in
            [("GET", "bytes"), ("POST", "bytes"), ("POST", "stream"), ("PUT", "stream"), ("DELETE", "bytes")]
        {
            for per_request in [false, true] {
                let sites = Sites::start(status);
                let lines = lines(&sites);
                let headers: Vec<_> = lines.iter().map(|line| line.split_once(": ").unwrap()).collect();
                let mut line = json!({"method": method, "url": sites.home.url("/0"), "headers": headers});
                if method != "GET" && method != "DELETE" {
                    line["body"] = json!("aGVsbG8=");
                    line["body_kind"] = json!(kind);
                }
                let options = json!({"sensitive": ["x-api-key"]});
                let said = if per_request {
                    line["options"] = options;
                    batch(&[], &[line])
                } else {
                    batch(&["--options", &options.to_string()], &[line])
                };
                let answer = said.answer();
                assert_eq!(answer["status"], json!(200), "{answer}");
                assert_eq!(answer["hops"].as_array().map(Vec::len), Some(4), "{answer}");
                sites.is_kept_at_home(&format!("{status} {method} {kind} {per_request}"));
                is_unseen(&said);
            }
        }
    }
}

#[test]
fn in_a_location_or_a_url() {
    let sites = Sites::start(302);
    let with_password = sites.home.url("/").replace("//", "//user:hunter2@");
    for (url, code, outcome) in [(sites.home.url("/userinfo"), 1, "error"), (with_password, 0, "response")] {
        let said = run(&["get", "-v", &url]);
        assert_eq!(said.code, code, "{}", said.stderr);
        is_unseen(&said);
        let answer = batch(&[], &[json!({"url": url})]).answer();
        assert_eq!(answer["outcome"], json!(outcome), "{answer}");
        let told: Vec<&Value> =
            ["message", "hops", "detail", "url"].iter().map(|name| &answer[*name]).collect();
        assert!(!format!("{told:?}").contains(SECRET), "{answer}");
    }
    // In the URL it was meant for that site.
    let fields = sites
        .home
        .requests()
        .into_iter()
        .filter_map(|received| received.request.header("authorization").map(<[u8]>::to_vec));
    assert_eq!(fields.collect::<Vec<_>>(), [b"Basic dXNlcjpodW50ZXIy", b"Basic dXNlcjpodW50ZXIy"]);
    assert_eq!(sites.away.stats().accepted, 0);
}

#[test]
fn in_a_field_that_is_none() {
    for field in
        ["Authorization Basic hunter2", "Authorization Basic hunter2: x", "Authorization: hunter2\u{1}"]
    {
        let said = run(&["get", "-H", field, "http://127.0.0.1:1/"]);
        assert_eq!(said.code, 2, "{}", said.stderr);
        is_unseen(&said);
    }
}
