//! Proxies by flags, options and the environment.

use std::io::Write;
use std::net::TcpListener;
use std::process::Output;

use httpocean_testkit::server::{Reply, Server};
use serde_json::json;

use super::command::{batch, command, dead_url, run};

/// A server that takes requests to any host, as a proxy does, and says what it was asked for.
fn proxy() -> Server {
    Server::start(|request: &httpocean_testkit::server::Request| match request.method.as_str() {
        "CONNECT" => Reply::status(407, "Who").header("x-said", "by the proxy").body("who are you"),
        _ => Reply::ok(request.target.clone()),
    })
}

fn with_env(args: &[&str], variables: &[(&str, &str)]) -> Output {
    command(args).envs(variables.iter().copied()).output().unwrap()
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn a_flag_names_it() {
    let proxy = proxy();
    for transport in ["std", "mio"] {
        let url = format!("http://ann:s3cret@{}", proxy.addr());
        let said = run(&["get", "--transport", transport, "--proxy", &url, "http://a.test/x"]);
        assert_eq!((said.code, said.text()), (0, "http://a.test/x"), "{}", said.stderr);
    }
    let told =
        run(&["get", "-v", "--proxy", &format!("http://u:s3cret@{}", proxy.addr()), "http://a.test/"]).stderr;
    assert!(told.contains(&format!("connecting to http://a.test by http://{}", proxy.addr())), "{told}");
    assert!(!told.contains("s3cret"), "{told}");
    let asked = proxy.requests().remove(0).request;
    assert_eq!(asked.header("proxy-authorization"), Some(&b"Basic YW5uOnMzY3JldA=="[..]));
    // A host that is excepted is reached directly, here with no success.
    let said = run(&["get", "--proxy", &proxy.url(""), "--no-proxy", "127.0.0.1", "http://127.0.0.1:1/"]);
    assert_eq!(said.code, 1);
    assert!(said.stderr.contains("connection refused"), "{}", said.stderr);
    assert_eq!(proxy.stats().requests, 3);
}

#[test]
fn a_wrong_one_is_wrong_usage_and_is_not_repeated() {
    let said = run(&["get", "--proxy", "ftp://ann:s3cret@proxy", "http://a.test/"]);
    assert_eq!(said.code, 2);
    assert!(said.stderr.contains("begins with http, https, socks5"), "{}", said.stderr);
    assert!(!said.stderr.contains("s3cret"), "{}", said.stderr);
}

#[test]
fn get_heeds_the_environment() {
    let proxy = proxy();
    let url = proxy.url("");
    let get = ["get", "http://a.test/"];
    assert_eq!(text(&with_env(&get, &[("http_proxy", &url)])), "http://a.test/");
    assert_eq!(text(&with_env(&get, &[("ALL_PROXY", &url)])), "http://a.test/");
    let flag = ["get", "--proxy", &url, "http://a.test/"];
    assert_eq!(text(&with_env(&flag, &[("http_proxy", "http://127.0.0.1:1")])), "http://a.test/");
    let excepted = [("http_proxy", url.as_str()), ("no_proxy", "127.0.0.1")];
    let here = proxy.url("/here");
    assert_eq!(text(&with_env(&["get", &here], &excepted)), "/here", "directly");
    // A field of a request to a CGI program is no proxy.
    let cgi = [("HTTP_PROXY", url.as_str()), ("REQUEST_METHOD", "GET")];
    assert_eq!(text(&with_env(&["get", &here], &cgi)), "/here", "directly");
    let wrong = with_env(&get, &[("http_proxy", "ftp://ann:s3cret@proxy")]);
    let said = String::from_utf8_lossy(&wrong.stderr);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(said.contains("the proxy can't be used") && !said.contains("s3cret"), "{said}");
    assert!(said.contains("http_proxy, https_proxy or all_proxy in the environment"), "{said}");
}

#[test]
fn one_that_is_not_there_is_named_in_place_of_the_server() {
    let web = Server::start(|_| Reply::ok("fine"));
    let dead = dead_url();
    let dead = dead.trim_end_matches('/');
    let lost = "http://proxy.invalid:3128";
    let https = web.url("").replace("http://", "https://");
    for (proxy, what, hint) in [
        (dead, "connecting to the proxy ", "does a proxy listen at http://127.0.0.1:"),
        (
            lost,
            "resolving the name of the proxy http://proxy.invalid:3128",
            "is `proxy.invalid` spelled right?",
        ),
        (
            &https,
            "in the TLS handshake with the proxy https://127.0.0.1:",
            "a longer limit is set with --tls-timeout.",
        ),
    ] {
        for transport in ["std", "mio"] {
            let url = web.url("/");
            let proxy = ["--proxy", proxy, "--tls-timeout", "50ms"];
            let said = run(&[&["get", "--transport", transport, &url], &proxy[..]].concat());
            assert_eq!(said.code, 1, "{}", said.stderr);
            assert!(said.stderr.contains(what), "{}", said.stderr);
            assert!(said.stderr.contains(&format!("hint: {hint}")), "{}", said.stderr);
            assert!(said.stderr.contains("--no-proxy"), "{}", said.stderr);
        }
    }
}

#[test]
fn batch_heeds_the_environment_only_if_asked() {
    let proxy = proxy();
    let (url, here) = (proxy.url(""), proxy.url("/here"));
    let said = |args: &[&str]| {
        let mut child = command(&[&["batch"], args].concat()).env("http_proxy", &url).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        writeln!(stdin, "{}", json!({"url": here})).unwrap();
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        String::from_utf8(super::command::decoded(&answer["body"])).unwrap()
    };
    assert_eq!(said(&[]), "/here");
    assert_eq!(said(&["--proxy-from-env"]), here);
    assert_eq!(said(&["--options", r#"{"proxy_from_env": true}"#]), here);
    // What is said already stays.
    assert_eq!(said(&["--proxy-from-env", "--no-proxy", "127.0.0.1"]), "/here");
}

#[test]
fn a_request_brings_its_own() {
    let proxy = proxy();
    let (url, here) = (proxy.url(""), proxy.url("/here"));
    let said = batch(
        &["--proxy", &url],
        &[
            json!({"url": "http://a.test/"}),
            json!({"url": here, "options": {"proxy": null}}),
            json!({"url": here, "options": {"no_proxy": "*"}}),
        ],
    );
    let bodies: Vec<_> =
        said.answers().iter().map(|answer| super::command::decoded(&answer["body"])).collect();
    assert_eq!(bodies, [&b"http://a.test/"[..], b"/here", b"/here"]);
}

#[test]
fn what_is_no_proxy_is_an_error_of_that_kind_and_not_tried_again() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("socks5h://{}", listener.local_addr().unwrap());
    let web =
        std::thread::spawn(move || listener.accept().unwrap().0.write_all(b"HTTP/1.1 400 What\r\n\r\n"));
    let said = batch(&["--proxy", &url, "--retries", "2"], &[json!({"url": "http://a.test/"})]);
    web.join().unwrap().unwrap();
    let answer = said.answer();
    let (kind, phase) = (&answer["kind"], &answer["phase"]);
    assert_eq!((&answer["outcome"], kind, phase), (&json!("error"), &json!("proxy"), &json!("proxy")));
    assert_eq!((&answer["sent"], &answer["hops"]), (&json!("nothing"), &json!([])), "{answer}");
}
