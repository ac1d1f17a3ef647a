//! What a client adds by itself goes to the origin that it is for, along every chain, and to no other: cookies,
//! credentials, default fields, what a URL says of the user (T16, T17, T29).
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod secrets;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use httpocean_core::Config;
use httpocean_core::policy::Retries;
use httpocean_core::policy::redirect::Redirects;
use httpocean_std::session::{Credentials, Jar, Session};
use httpocean_tests::{Client, On, Seen, Sites, on_both_adapters};
use secrets::STATUSES;

on_both_adapters!(
    "origins":
    each_origin_is_told_its_own_along_every_chain,
    a_netrc_names_hosts_and_goes_to_the_first_origin_of_each,
    a_cookie_of_a_redirect_and_of_a_retry_goes_with_what_follows,
    a_cookie_of_a_redirect_that_is_refused_is_kept,
    a_cookie_of_a_domain_goes_to_its_hosts,
    what_a_request_says_itself_goes_before_all,
    a_site_that_a_host_field_names_is_told_nothing,
    options_of_a_request_change_nothing,
    a_jar_may_be_shared,
);

const ORIGINS: [&str; 4] = ["a.test:80", "b.test:80", "sub.a.test:80", "a.test:81"];

fn url(site: &str, n: usize) -> String {
    format!("http://{}/{n}", site.strip_suffix(":80").unwrap_or(site))
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")))
}

fn client(on: On, sites: &Sites, session: Session) -> Client {
    on.builder().names(&sites.names()).config(secrets::config(false)).session(session).build()
}

/// Sends a GET along these origins; what each was told.
fn along(client: &Client, sites: &Sites, status: u16, first: &str, rest: &[&str]) -> Vec<Seen> {
    let locations: Vec<_> = (1..).zip(rest).map(|(n, site)| url(site, n)).collect();
    sites.redirect(status, locations);
    client.get(first).send().unwrap().body_mut().read_to_vec(100).unwrap();
    let seen = sites.take();
    assert_eq!(seen.len(), rest.len() + 1);
    seen
}

fn text(seen: &Seen, name: &str) -> Option<String> {
    let all: Vec<_> =
        seen.request.headers.iter().filter(|(field, _)| field.eq_ignore_ascii_case(name)).collect();
    assert!(all.len() < 2, "{name} stands twice");
    all.first().map(|(_, value)| String::from_utf8(value.clone()).unwrap())
}

fn host(site: &str) -> &str {
    site.split(':').next().unwrap()
}

/// All chains of so many origins that begin with the first.
fn chains(len: usize) -> Vec<Vec<&'static str>> {
    match len {
        1 => vec![vec![ORIGINS[0]]],
        _ => chains(len - 1)
            .into_iter()
            .flat_map(|chain| ORIGINS.map(|site| [&chain[..], &[site]].concat()))
            .collect(),
    }
}

fn each_origin_is_told_its_own_along_every_chain(on: On) {
    let sites = Sites::named(&ORIGINS);
    sites.set_cookies(Some("; Path=/"));
    // Nobody is known at one of them.
    let known = &ORIGINS[..3];
    let credentials = known.iter().fold(Credentials::new(), |all, site| {
        all.basic(&url(site, 0), "user", &format!("of-{site}")).unwrap()
    });
    let mut secret = HeaderValue::from_static("secret");
    secret.set_sensitive(true);
    let fields: HeaderMap = [
        (HeaderName::from_static("x-public"), HeaderValue::from_static("for all")),
        (HeaderName::from_static("x-secret"), secret),
    ]
    .into_iter()
    .collect();
    let jar = Jar::new();
    let session = Session::new().default_fields(fields).credentials(credentials).jar(jar.clone());
    let client = client(on, &sites, session);
    let mut combinations = 0;
    for chain in (1..=4).flat_map(chains) {
        for (status, in_url) in STATUSES.into_iter().flat_map(|status| [(status, false), (status, true)]) {
            jar.clear();
            let mut first = url(chain[0], 0);
            if in_url {
                first = first.replace("//", "//ann:secret@");
            }
            let seen = along(&client, &sites, status, &first, &chain[1..]);
            let (mut at_home, mut cookies) = (true, BTreeMap::<&str, Vec<(String, usize)>>::new());
            for (n, (seen, site)) in seen.iter().zip(&chain).enumerate() {
                let what = || format!("request {n} of {status}, {in_url}, {chain:?}: {seen:?}");
                at_home &= *site == chain[0];
                assert_eq!(seen.site, *site, "{}", what());
                assert_eq!(text(seen, "x-public").as_deref(), Some("for all"), "{}", what());
                assert_eq!(text(seen, "x-secret").is_some(), at_home, "{}", what());
                let wanted = match (at_home && in_url, known.contains(site)) {
                    (true, _) => Some(basic("ann", "secret")),
                    (false, true) => Some(basic("user", &format!("of-{site}"))),
                    (false, false) => None,
                };
                assert_eq!(text(seen, "authorization"), wanted, "{}", what());
                let of_host = cookies.entry(host(site)).or_default();
                let wanted: Vec<_> = of_host.iter().map(|(name, value)| format!("{name}={value}")).collect();
                let wanted = Some(wanted.join("; ")).filter(|cookies| !cookies.is_empty());
                assert_eq!(text(seen, "cookie"), wanted, "{}", what());
                let name = site.replace(['.', ':'], "-");
                match of_host.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, value)) => *value = n,
                    None => of_host.push((name, n)),
                }
            }
            combinations += 1;
        }
    }
    println!("{combinations} combinations of chain, status and who says who the user is");
}

fn a_netrc_names_hosts_and_goes_to_the_first_origin_of_each(on: On) {
    let sites = Sites::named(&ORIGINS);
    let netrc = "machine a.test login ann password one\nmachine b.test login ann password two\n\
        default login ann password nobody";
    let credentials = Credentials::new().netrc(netrc.parse().unwrap());
    let client = client(on, &sites, Session::new().credentials(credentials));
    let (one, two) = (Some(basic("ann", "one")), Some(basic("ann", "two")));
    for (chain, wanted) in [
        (&["a.test:80", "a.test:81", "a.test:80"][..], &[&one, &None, &one][..]),
        (&["a.test:81", "a.test:80", "a.test:81"], &[&one, &None, &one]),
        (&["a.test:80", "b.test:80", "sub.a.test:80", "a.test:80"], &[&one, &two, &None, &one]),
        (&["sub.a.test:80", "a.test:81", "a.test:80"], &[&None, &one, &None]),
    ] {
        let seen = along(&client, &sites, 302, &url(chain[0], 0), &chain[1..]);
        let told: Vec<_> = seen.iter().map(|seen| text(seen, "authorization")).collect();
        assert_eq!(told.iter().collect::<Vec<_>>(), wanted, "{chain:?}");
    }
}

fn a_cookie_of_a_redirect_and_of_a_retry_goes_with_what_follows(on: On) {
    let sites = Sites::named(&ORIGINS);
    sites.set_cookies(Some("; Path=/"));
    let retries = Retries { statuses: vec![StatusCode::SERVICE_UNAVAILABLE], ..Retries::new(3) };
    let config = Config { retries, ..secrets::config(false) };
    let jar = Jar::new();
    let session = Session::new().jar(jar.clone());
    let client = on.builder().names(&sites.names()).config(config).session(session).build();
    sites.redirect(307, ["http://b.test/1", "http://a.test/2"]);
    for n in 0..3 {
        sites.busy(n);
    }
    client.get("http://a.test/0").send().unwrap();
    let seen = sites.take();
    let told: Vec<_> = seen.iter().map(|seen| (seen.site.as_str(), text(seen, "cookie"))).collect();
    let cookie = |text: &str| Some(text.to_owned());
    let wanted = [
        ("a.test:80", None),
        ("a.test:80", cookie("a-test-80=0")),
        ("b.test:80", None),
        ("b.test:80", cookie("b-test-80=2")),
        ("a.test:80", cookie("a-test-80=1")),
        ("a.test:80", cookie("a-test-80=4")),
    ];
    assert_eq!(told, wanted);
    assert_eq!(jar.len(), 2);
}

fn a_cookie_of_a_redirect_that_is_refused_is_kept(on: On) {
    let sites = Sites::named(&ORIGINS);
    sites.set_cookies(Some(""));
    let redirects = Redirects { limit: 1, ..Redirects::default() };
    let config = Config { redirects, ..secrets::config(false) };
    let jar = Jar::new();
    let session = Session::new().jar(jar.clone());
    let client = on.builder().names(&sites.names()).config(config).session(session).build();
    sites.redirect(302, ["http://b.test/1", "http://a.test/2"]);
    client.get("http://a.test/0").send().unwrap_err();
    let at = |url: &str| jar.cookies(&url.parse().unwrap(), 0).is_some();
    assert_eq!((at("http://a.test/"), at("http://b.test/"), at("http://sub.a.test/")), (true, true, false));
}

fn a_cookie_of_a_domain_goes_to_its_hosts(on: On) {
    let sites = Sites::named(&ORIGINS);
    sites.set_cookies(Some("; Domain=a.test"));
    let client = client(on, &sites, Session::new().jar(Jar::new()));
    // b.test may not set one for a.test.
    let seen =
        along(&client, &sites, 302, &url("b.test:80", 0), &["sub.a.test:80", "a.test:80", "b.test:80"]);
    let told: Vec<_> = seen.iter().map(|seen| text(seen, "cookie")).collect();
    assert_eq!(told, [None, None, Some("sub-a-test-80=1".to_owned()), None]);
}

fn what_a_request_says_itself_goes_before_all(on: On) {
    let sites = Sites::named(&ORIGINS);
    sites.set_cookies(Some("; Path=/"));
    let credentials = Credentials::new().basic("http://a.test", "user", "secret").unwrap();
    let fields =
        [(HeaderName::from_static("accept"), HeaderValue::from_static("all/*"))].into_iter().collect();
    let session = Session::new().credentials(credentials).jar(Jar::new()).default_fields(fields);
    let client = client(on, &sites, session);
    client.get("http://a.test/9").send().unwrap();
    sites.redirect(302, ["http://a.test/1", "http://b.test/2", "http://a.test/3"]);
    let request = client.get("http://a.test/0").header("cookie", "mine").header("authorization", "mine");
    request.header("accept", "mine").send().unwrap();
    let seen = sites.take();
    let told = |name: &str| seen[1..].iter().map(|seen| text(seen, name)).collect::<Vec<_>>();
    let mine = Some("mine".to_owned());
    assert_eq!(told("accept"), [(); 4].map(|()| mine.clone()));
    assert_eq!(told("authorization"), [mine.clone(), mine.clone(), None, Some(basic("user", "secret"))]);
    // Those that the answers set in the meantime are known.
    assert_eq!(told("cookie"), [mine.clone(), mine, None, Some("a-test-80=2".to_owned())]);
}

fn a_site_that_a_host_field_names_is_told_nothing(on: On) {
    let sites = Sites::named(&ORIGINS);
    sites.set_cookies(Some("; Path=/"));
    let credentials = Credentials::new().basic("http://a.test", "user", "secret").unwrap();
    let jar = Jar::new();
    let client = client(on, &sites, Session::new().credentials(credentials).jar(jar.clone()));
    client.get("http://a.test/").send().unwrap();
    client.get("http://a.test/").header("host", "own.test").send().unwrap();
    client.get("http://a.test/").header("host", "A.test").send().unwrap();
    let seen = sites.take();
    let told: Vec<_> =
        seen.iter().map(|seen| (text(seen, "cookie"), text(seen, "authorization").is_some())).collect();
    assert_eq!(told, [(None, true), (None, false), (Some("a-test-80=0".to_owned()), true)]);
}

/// They are the client's, and not a matter of how a request is carried out.
fn options_of_a_request_change_nothing(on: On) {
    let sites = Sites::named(&ORIGINS);
    sites.set_cookies(Some("; Path=/"));
    let client = client(on, &sites, Session::new().jar(Jar::new()));
    sites.redirect(302, ["http://a.test/1"]);
    client.get("http://a.test/0").config(Config::default()).send().unwrap();
    let seen = sites.take();
    assert_eq!(text(&seen[1], "cookie").as_deref(), Some("a-test-80=0"));
}

fn a_jar_may_be_shared(on: On) {
    let sites = Sites::named(&ORIGINS);
    sites.set_cookies(Some("; Path=/"));
    let jar = Jar::new();
    for cookie in [None, Some("a-test-80=0".to_owned())] {
        let client = client(on, &sites, Session::new().jar(jar.clone()));
        client.get("http://a.test/").send().unwrap();
        let seen = sites.take();
        assert_eq!(text(&seen[0], "cookie"), cookie);
    }
}
