//! A secret goes to the origin that the user gave it to, and to no other: whichever secret, however the other origin
//! differs, whatever redirects to it (T16).
//!
//! Scheme joins the changes with TLS, `policy::redirect::follow` being asked about schemes in
//! the meantime (`secrets_t18.rs`, and the core's `redirect_secrets.rs`). What a client adds by itself, cookies and
//! credentials of each origin and default fields, goes along the same ways in `secrets_sessions.rs`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod secrets;

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::Method;
use httpocean_core::Config;
use httpocean_core::proxy::Rules;
use httpocean_tests::proxy::{Manner, Proxy};
use httpocean_tests::{On, Sites, on_both_adapters};
use secrets::*;

on_both_adapters!(
    "origins":
    another_name_or_port_is_told_no_secret,
    another_address_is_told_no_secret,
    what_a_request_alone_calls_secret_is_secret,
    another_spelling_is_told_all,
    a_site_that_a_host_field_names_is_not_that_of_a_location,
    by_a_proxy_it_is_the_same,
);

const NAMES: [&str; 10] = [
    "a.test:80",
    "a.test:81",
    "a.test:8080",
    "sub.a.test:80",
    "b.test:80",
    "xa.test:80",
    "a.test.evil:80",
    "test:80",
    "xn--a-eha.test:80",
    "a-.test:80",
];

/// Everything but `a.test` at port 80.
fn others() -> Vec<Stop<'static>> {
    vec![
        stop("http://a.test:81", "a.test:81", "a.test:81"),
        stop("http://a.test:8080", "a.test:8080", "a.test:8080"),
        stop("http://sub.a.test", "sub.a.test", "sub.a.test:80"),
        stop("http://b.test", "b.test", "b.test:80"),
        stop("//b.test", "b.test", "b.test:80"),
        stop("/\\B.test.:80", "b.test", "b.test:80"),
        stop("http://xa.test", "xa.test", "xa.test:80"),
        stop("http://a.test.evil", "a.test.evil", "a.test.evil:80"),
        stop("http://test", "test", "test:80"),
        stop("http://a\u{fc}.test", "xn--a-eha.test", "xn--a-eha.test:80"),
        stop("http://a-.test", "a-.test", "a-.test:80"),
    ]
}

const A: Stop<'_> = Stop { spelled: "http://a.test", host: "a.test", site: "a.test:80" };

/// Each secret by itself, and all of them.
fn each_secret() -> impl Iterator<Item = Option<usize>> {
    (0..SECRETS.len()).map(Some).chain([None])
}

/// Every secret, status and method.
fn all_orders() -> impl Iterator<Item = (Order<'static>, u16)> {
    each_secret().flat_map(|secret| {
        STATUSES
            .into_iter()
            .flat_map(move |status| METHODS.map(|method| (Order::of(&method, secret), status)))
    })
}

fn another_name_or_port_is_told_no_secret(on: On) {
    let sites = Sites::named(&NAMES);
    let client = client(on, &sites, true);
    let mut combinations = 0;
    for other in others() {
        for (order, status) in all_orders() {
            goes(&client, &sites, &order, status, &[A, other]);
            combinations += 1;
            // What is no URL by itself can't be where the user begins.
            if other.spelled.starts_with("http://") && other.spelled.is_ascii() {
                goes(&client, &sites, &order, status, &[other, A]);
                combinations += 1;
            }
        }
    }
    println!("{combinations} combinations of change, secret, status and method");
}

/// The proxy is the same for all, and no origin is its; neither when it is sent the requests, nor when it tunnels.
fn by_a_proxy_it_is_the_same(on: On) {
    let sites = Sites::named(&NAMES);
    let proxy = Proxy::start(Manner { names: sites.pins().collect(), ..Manner::default() });
    for kind in ["http", "socks5h"] {
        let rules = Rules::all(proxy.url(kind, "").parse().unwrap());
        let client = on.builder().config(Config { proxy: rules, ..config(true) }).build();
        // What a request says to its proxy is not the matter here.
        let is_for_servers =
            |order: &Order<'_>| order.secrets.iter().all(|(name, ..)| *name != "proxy-authorization");
        let orders = || all_orders().filter(|(order, _)| is_for_servers(order) && !order.has_body());
        for other in others() {
            for (order, status) in orders() {
                goes(&client, &sites, &order, status, &[A, other]);
            }
        }
        assert_eq!(client.stats().stale_replays, 0);
    }
    let targets: BTreeSet<_> = proxy.told().into_iter().flat_map(|told| told.targets).collect();
    assert!(NAMES.iter().all(|name| targets.contains(*name)), "{targets:?}");
}

/// One port of several addresses, another port of one of them, and a name for it.
fn another_address_is_told_no_secret(on: On) {
    let addresses: [IpAddr; 3] =
        [Ipv4Addr::LOCALHOST.into(), Ipv4Addr::new(127, 0, 0, 2).into(), Ipv6Addr::LOCALHOST.into()];
    let (sites, port) = Sites::named(&["a.test:80"]).at(&addresses);
    let (sites, second) = sites.at(&addresses[..1]);
    let client = client(on, &sites, true);
    let [one, two, six] = ["127.0.0.1", "127.0.0.2", "[::1]"].map(|host| format!("{host}:{port}"));
    let (same, mapped) = (format!("127.0.0.1:{second}"), format!("[::ffff:127.0.0.1]:{port}"));
    let spelled = [&one, &two, &six, &same, &mapped].map(|authority| format!("http://{authority}"));
    let mut stops = vec![
        stop(&spelled[0], &one, &one),
        stop(&spelled[1], &two, &two),
        stop(&spelled[3], &same, &same),
        A,
    ];
    if sites.server(&six).is_some() {
        stops.push(stop(&spelled[2], &six, &six));
    }
    // An IPv4 address in IPv6's clothes: the same server, and another origin.
    if std::net::TcpStream::connect(&mapped).is_ok() {
        stops.push(stop(&spelled[4], &mapped, &one));
    }
    let mut combinations = 0;
    for (from, to) in stops.iter().flat_map(|from| stops.iter().map(move |to| (*from, *to))) {
        for secret in each_secret().filter(|_| from.host != to.host) {
            for status in STATUSES {
                for method in [Method::GET, Method::POST] {
                    goes(&client, &sites, &Order::of(&method, secret), status, &[from, to]);
                    combinations += 1;
                }
            }
        }
    }
    println!("{combinations} combinations of addresses, secret, status and method");
}

fn what_a_request_alone_calls_secret_is_secret(on: On) {
    let sites = Sites::named(&NAMES);
    let client = client(on, &sites, false);
    for other in others() {
        for (order, status) in all_orders().filter(|(order, _)| order.method == Method::GET) {
            goes(&client, &sites, &Order { per_request: true, ..order }, status, &[A, other]);
        }
    }
}

/// Nothing is lost where nothing changes but the spelling.
fn another_spelling_is_told_all(on: On) {
    let (sites, port) =
        Sites::named(&["a.test:80", "xn--bcher-kva.test:80"]).at(&[Ipv6Addr::LOCALHOST.into()]);
    let client = client(on, &sites, true);
    let mut groups = vec![
        (
            A,
            vec![
                "",
                "http://A.TEST",
                "http://a.test.",
                "http://a.test:80",
                "//a.test:080",
                "hTTp://%61.test",
            ],
        ),
        (
            stop("http://xn--bcher-kva.test", "xn--bcher-kva.test", "xn--bcher-kva.test:80"),
            vec!["http://b\u{fc}cher.test", "http://BU\u{308}CHER.test.:80", "http://XN--Bcher-KVA.test"],
        ),
    ];
    let six = format!("[::1]:{port}");
    let spelled = ["[::1]", "[0:0:0:0:0:0:0:1]", "[::0001]", "[::0.0.0.1]"];
    let spelled = spelled.map(|host| format!("http://{host}:{port}"));
    if sites.server(&six).is_some() {
        groups.push((stop(&spelled[0], &six, &six), spelled.iter().map(String::as_str).collect()));
    }
    for (first, spellings) in groups {
        for (order, status) in all_orders() {
            let others = spellings.iter().map(|spelled| Stop { spelled, ..first });
            let stops: Vec<_> = [first].into_iter().chain(others).collect();
            goes(&client, &sites, &order, status, &stops);
        }
    }
}

/// The `Host` of a user is of a site that its URL does not name; a `Location` with a host leads to another.
fn a_site_that_a_host_field_names_is_not_that_of_a_location(on: On) {
    let sites = Sites::named(&["a.test:80", "b.test:80"]);
    let client = client(on, &sites, true);
    for (location, host, secret) in
        [("/1", "own.test", true), ("http://a.test/1", "a.test", false), ("//b.test/1", "b.test", false)]
    {
        sites.redirect(302, [location, "/2"]);
        let request = client.get("http://a.test/0").header("host", "own.test").header("cookie", "secret");
        request.send().unwrap().body_mut().read_to_vec(100).unwrap();
        let seen = sites.take();
        assert_eq!(seen.len(), 3);
        for (at, seen) in seen.iter().enumerate() {
            let wanted = if at == 0 { ("own.test", true) } else { (host, secret) };
            let cookie = seen.request.header("cookie").is_some();
            assert_eq!(
                (seen.request.header("host"), cookie),
                (Some(wanted.0.as_bytes()), wanted.1),
                "{location}"
            );
        }
    }
}
