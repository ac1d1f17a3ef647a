//! Options: obeyed, refused for now, or unknown.

use httpocean_testkit::server::{Reply, Server};
use serde_json::{Value, json};

use super::command::{batch, run_with};

/// One good line, then a line with these options.
fn with_options(options: Value) -> super::command::Said {
    let server = Server::start(|_| Reply::ok(""));
    batch(&[], &[json!({"url": server.url("/")}), json!({"url": server.url("/"), "options": options})])
}

#[test]
fn what_is_wrong_ends_it_after_the_answers_before() {
    for (options, why) in [
        (json!({"nonsense": 1}), "there is no option `nonsense`"),
        (json!({"timeout_ms": {"nonsense": 1}}), "there is no option `timeout_ms.nonsense`"),
        (json!({"timeout_ms": 5}), "`timeout_ms` is an object"),
        (json!({"redirects": -1}), "`redirects` is a whole number"),
        (json!({"retries": {"nonsense": 1}}), "there is no option `retries.nonsense`"),
        (json!({"retry_status": [5030]}), "`retry_status` lists status codes"),
        (json!({"backoff": {"jitter": 2}}), "`backoff.jitter` is true, false or a share from 0 to 1"),
        (json!({"proxy": "ftp://u:s3cret@p/"}), "`proxy` is the URL of a proxy: a proxy's URL begins with"),
        (json!({"proxy": 5}), "`proxy` is a string"),
        (json!({"max_total": 1}), "`max_total` belongs to the run"),
        (json!({"timeout_ms": {"connect": 5}}), "`timeout_ms.connect` belongs to the run"),
        (json!({"unix_socket": "/x"}), "`unix_socket` belongs to the run"),
    ] {
        let said = with_options(options);
        assert_eq!((said.code, said.answers().len()), (2, 1), "{}", said.stderr);
        assert!(said.stderr.contains(&format!("line 2: {why}")), "{why}: {}", said.stderr);
        assert_eq!(said.stats()["requests_sent"], json!(1));
    }
}

#[test]
fn every_option_of_a_run_is_known() {
    let server = Server::start(|_| Reply::ok(""));
    let options = json!({
        "redirects": 3, "keep_method": true, "same_host": false, "https_only": false, "sensitive": ["x-key"],
        "retries": {"total": 2, "connect": 1, "read": 1, "status": null, "other": 0},
        "retry_methods": ["GET", "PUT"], "retry_status": [500, 502], "retry_after_max_ms": 1000,
        "backoff": {"base_ms": 1, "max_ms": 10, "jitter": 0.5},
        "timeout_ms": {"total": 9000, "pool": 9000, "resolve": null, "connect": 9000, "send": 9000,
            "first_byte": 9000, "idle": 9000.5},
        "max_per_key": 2, "max_total": 3, "max_idle_per_key": 2, "max_idle_total": 2, "max_waiters": 5,
        "idle_ms": 1000, "lifetime_ms": null, "max_uses": 10, "order": "round-robin", "probe_after_ms": 0,
        "limits": {"head_bytes": 10_000, "headers": 50, "interim": 3, "trailer_bytes": 100, "chunk_line": 50},
        "seed": 7, "expect_continue": true, "upgrade": null, "unix_socket": null,
        "resolve": {"a.test:80": ["127.0.0.1:1", "[::1]:2"]},
    });
    let said = batch(&["--options", &options.to_string()], &[json!({"url": server.url("/")})]);
    assert_eq!(said.code, 0, "{}", said.stderr);
}

#[test]
fn lines_that_are_no_requests() {
    for line in ["nonsense", "[]", r#"{"id": 1}"#, r#"{"url": 5}"#, r#"{"url": "http://a/", "body": "*"}"#] {
        let said = run_with(&["batch"], &format!("\n{line}\n"));
        assert_eq!(said.code, 2, "{line}");
        assert!(said.stderr.contains("line 2: "), "{line}: {}", said.stderr);
    }
}
