//! The handshakes of SOCKS, to the byte, however the answers are cut.
#![allow(clippy::unwrap_used)]

mod proxying;

use httpocean_core::dial::{DialStep, Route};
use httpocean_core::{Dial, Io, Phase};
use proxying::Peer::{Closes, Hears, Resets, Says};
use proxying::{NOW, Through, always};

const URL: &str = "http://a.test:8080/";
const GRANTED_4: &[u8] = &[0, 90, 0, 0, 0, 0, 0, 0];
const GRANTED_5: &[u8] = &[5, 0, 0, 1, 127, 0, 0, 1, 0, 80];

#[test]
fn version_4a_to_the_byte() {
    let name = b"\x04\x01\x1f\x90\0\0\0\x01me\0a.test\0";
    assert_eq!(always("socks4a://me@p", URL, &[Hears(name), Says(GRANTED_4)]), "ready");
    let nobody = b"\x04\x01\x1f\x90\0\0\0\x01\0a.test\0";
    assert_eq!(always("socks4a://p", URL, &[Hears(nobody), Says(GRANTED_4)]), "ready");
    let address = b"\x04\x01\0\x50\x7f\0\0\x01\0";
    assert_eq!(always("socks4a://p", "http://127.0.0.1", &[Hears(address), Says(GRANTED_4)]), "ready");
}

#[test]
fn version_5_to_the_byte() {
    let name = b"\x05\x01\0\x03\x06a.test\x1f\x90";
    let start = [Hears(b"\x05\x01\0"), Says(b"\x05\0"), Hears(name)];
    assert_eq!(always("socks5h://p", URL, &[&start[..], &[Says(GRANTED_5)]].concat()), "ready");
    // The address that it is bound at is of any kind, and of no interest.
    for bound in
        [&b"\x05\0\0\x03\x04name\0\x50"[..], b"\x05\0\0\x03\0\0\x50", &[&[5, 0, 0, 4][..], &[9; 18]].concat()]
    {
        assert_eq!(always("socks5h://p", URL, &[&start[..], &[Says(bound)]].concat()), "ready");
    }
    let four = b"\x05\x01\0\x01\x7f\0\0\x01\0\x50";
    let six = [&b"\x05\x01\0\x04"[..], &[0; 15], &[1, 0, 80]].concat();
    for (url, request) in [("http://127.0.0.1", &four[..]), ("http://[::1]", &six)] {
        for proxy in ["socks5h://p", "socks5://p"] {
            let script = [Hears(b"\x05\x01\0"), Says(b"\x05\0"), Hears(request), Says(GRANTED_5)];
            assert_eq!(always(proxy, url, &script), "ready");
        }
    }
}

#[test]
fn a_password_is_told_only_when_it_is_asked_for() {
    let request = b"\x05\x01\0\x03\x06a.test\x1f\x90";
    let login = b"\x01\x03ann\x06s3cret";
    let asked = [
        Hears(b"\x05\x02\0\x02"),
        Says(b"\x05\x02"),
        Hears(login),
        Says(b"\x01\0"),
        Hears(request),
        Says(GRANTED_5),
    ];
    assert_eq!(always("socks5h://ann:s3cret@p", URL, &asked), "ready");
    let unasked = [Hears(b"\x05\x02\0\x02"), Says(b"\x05\0"), Hears(request), Says(GRANTED_5)];
    assert_eq!(always("socks5h://ann:s3cret@p", URL, &unasked), "ready");
    let longest = format!("socks5h://{}:{}@p", "u".repeat(255), "p".repeat(255));
    let login = [&[1, 255][..], &[b'u'; 255], &[255], &[b'p'; 255]].concat();
    let asked = [Hears(b"\x05\x02\0\x02"), Says(b"\x05\x02"), Hears(&login)];
    assert_eq!(always(&longest, URL, &asked), "waits");
}

#[test]
fn what_a_proxy_refuses_is_told() {
    let reply = |code| {
        [
            Says(b"\x05\0"),
            Says(match code {
                1 => b"\x05\x01",
                2 => b"\x05\x02",
                _ => b"\x05\x05",
            }),
        ]
    };
    assert_eq!(always("socks5h://p", URL, &reply(1)), "Proxy(NotConnected(1)) Peer Proxy None");
    assert_eq!(always("socks5h://p", URL, &reply(2)), "Proxy(NotConnected(2)) Peer Proxy None");
    assert_eq!(always("socks5h://p", URL, &reply(5)), "Proxy(NotConnected(5)) Peer Proxy None");
    assert_eq!(
        always("socks4a://p", URL, &[Says(&[0, 91, 0, 0, 0, 0, 0, 0])]),
        "Proxy(NotConnected(91)) Peer Proxy None"
    );
    for (proxy, script) in [
        ("socks5h://p", vec![Says(b"\x05\xff")]),
        ("socks5h://u:p@p", vec![Says(b"\x05\xff")]),
        ("socks5h://u:p@p", vec![Says(b"\x05\x02"), Says(b"\x01\x01")]),
    ] {
        let outcome = always(proxy, URL, &script);
        assert!(outcome.starts_with("Proxy(NoEntry("), "{outcome}");
    }
}

#[test]
fn what_is_no_socks_is_refused_at_its_first_wrong_byte() {
    for (proxy, script) in [
        ("socks5h://p", vec![Says(b"HTTP/1.1 400 Bad Request\r\n\r\n")]),
        ("socks5h://p", vec![Says(b"\x04\0")]),
        // A way in that was not offered: without a password, and one that nobody has.
        ("socks5h://p", vec![Says(b"\x05\x02")]),
        ("socks5h://u:p@p", vec![Says(b"\x05\x01")]),
        ("socks5h://u:p@p", vec![Says(b"\x05\x02"), Says(b"\x05\0")]),
        ("socks5h://p", vec![Says(b"\x05\0"), Says(b"\x04\0\0\x01")]),
        ("socks5h://p", vec![Says(b"\x05\0"), Says(b"\x05\0\0\x02\0\0\0\0")]),
        ("socks4a://p", vec![Says(b"\x05\0")]),
        ("socks4a://p", vec![Says(&[0, 0])]),
        ("socks4a://p", vec![Says(&[0, 94])]),
    ] {
        let outcome = always(proxy, URL, &script);
        assert!(outcome.starts_with("Proxy(NotSocks("), "{proxy} {script:?}: {outcome}");
    }
}

#[test]
fn an_end_in_the_middle_is_an_error_at_every_byte() {
    let five = [&b"\x05\x02"[..], b"\x01\0", GRANTED_5].concat();
    for (proxy, answers) in [("socks5h://u:p@p", &five[..]), ("socks4a://p", GRANTED_4)] {
        for len in 0..answers.len() {
            let said = &answers[..len];
            assert_eq!(
                always(proxy, URL, &[Says(said), Closes]),
                "Proxy(Closed) Network Proxy None",
                "{len}"
            );
            assert_eq!(
                always(proxy, URL, &[Says(said), Resets]),
                "Proxy(Reset(Reset)) Network Proxy None",
                "{len}"
            );
        }
        assert_eq!(always(proxy, URL, &[Says(answers)]), "ready");
    }
}

/// The server of a plain connection has nothing to say before it is asked.
#[test]
fn what_comes_behind_the_answer_is_no_response() {
    let mut it = Through::connected("socks4a://p", URL);
    let said = [GRANTED_4, b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"].concat();
    let Some(Err(error)) = it.goes(&[Says(&said)], &[]) else { panic!("it was taken") };
    assert_eq!(error.phase(), Phase::Proxy, "{error}");
}

#[test]
fn who_resolves_the_name_is_said_by_the_proxys_url() {
    let look_ups = |proxy: &str, url: &str| {
        let config = std::sync::Arc::new(proxying::config(proxy));
        let request = http::Request::get(url).body(()).unwrap();
        let call =
            httpocean_core::Call::new(request, httpocean_core::BodyPlan::empty(), &config, NOW).unwrap();
        let (mut dial, mut io) = (Dial::new(call.key(), &config, NOW), Io::default());
        let mut found = Vec::new();
        while let DialStep::Resolve = dial.step(&mut io, NOW) {
            found.push(format!("{}:{}", dial.target().host(), dial.target().port()));
            let addrs = ["192.0.2.7:1080".parse().unwrap(), "192.0.2.8:1080".parse().unwrap()];
            dial.resolved(Ok(Route::Addresses(addrs.into_iter().collect())), NOW);
        }
        found
    };
    assert_eq!(look_ups("socks5://p", URL), ["a.test:8080", "p:1080"]);
    assert_eq!(look_ups("socks5://p", "http://127.0.0.1"), ["p:1080"]);
    for proxy in ["socks5h://p", "socks4a://p", "http://p:1080"] {
        assert_eq!(look_ups(proxy, URL), ["p:1080"], "{proxy}");
    }
}

/// An address filter judges where a request ends up, as far as that is known here, and never the proxy.
#[test]
fn a_filter_is_asked_about_the_server_behind() {
    let ends = |proxy: &str, url: &str| {
        let mut config = proxying::config(proxy);
        let local = |addr: &std::net::SocketAddr| addr.ip().is_loopback();
        config.dial.filter = httpocean_core::dial::AddressFilter::new(move |addr| !local(addr));
        let config = std::sync::Arc::new(config);
        let request = http::Request::get(url).body(()).unwrap();
        let call =
            httpocean_core::Call::new(request, httpocean_core::BodyPlan::empty(), &config, NOW).unwrap();
        let (mut dial, mut io) = (Dial::new(call.key(), &config, NOW), Io::default());
        loop {
            match dial.step(&mut io, NOW) {
                DialStep::Resolve => {
                    let addr =
                        if dial.target().host() == "good.test" { "192.0.2.1:80" } else { "127.0.0.1:80" };
                    let addrs = [addr.parse().unwrap()].into_iter().collect();
                    dial.resolved(Ok(Route::Addresses(addrs)), NOW);
                }
                DialStep::Connect { addr, .. } => break format!("connects to {}", addr.unwrap()),
                DialStep::Failed(error) => break format!("{:?}", error.kind()),
                DialStep::Wait(_) | DialStep::Abandon { .. } | DialStep::Ready(_) => panic!("not yet"),
            }
        }
    };
    for proxy in ["http://p", "socks5h://p", "socks5://p", "socks4a://p"] {
        assert_eq!(ends(proxy, "http://127.0.0.1/"), "Resolve(Filtered)", "{proxy}");
        assert_eq!(ends(proxy, "http://192.0.2.1/"), "connects to 127.0.0.1:80", "{proxy}");
        assert_eq!(ends(proxy, "http://good.test/"), "connects to 127.0.0.1:80", "{proxy}");
    }
    assert_eq!(ends("socks5://p", "http://bad.test/"), "Resolve(Filtered)");
    assert_eq!(ends("socks5h://p", "http://bad.test/"), "connects to 127.0.0.1:80");
}

/// As text or as numbers, which is how bytes are printed.
#[test]
fn nothing_that_a_dial_prints_says_who_we_are() {
    let mut it = Through::connected("socks5h://ann:s3cret@p", URL);
    assert!(
        matches!(it.dial.step(&mut it.io, NOW), DialStep::Wait(_)),
        "for the method that the proxy chooses"
    );
    for printed in [format!("{:?}", it.dial), format!("{:#?}", it.dial).replace(char::is_whitespace, "")] {
        for secret in ["s3cret", "115, 51, 99", "115,51,99"] {
            assert!(!printed.contains(secret), "{printed}");
        }
    }
}
