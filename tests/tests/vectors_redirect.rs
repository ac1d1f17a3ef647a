//! Redirects as others do them, against what we make of them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use http::{Request, StatusCode};
use httpocean_core::policy::redirect::{FollowUp, NotFollowed, Previous, Redirects, Verdict, follow};
use httpocean_core::{BodyPlan, Key};
use httpocean_tests::vectors::{Tally, vectors};
use serde_json::Value;

const SECRETS: [&str; 3] = ["authorization", "cookie", "proxy-authorization"];

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_else(|| panic!("no {key} in {value}"))
}

fn texts<'v>(value: &'v Value, key: &str) -> Vec<&'v str> {
    value[key].as_array().into_iter().flatten().map(|text| text.as_str().unwrap()).collect()
}

/// The rows of a file, by their ids.
fn rows<'v>(file: &'v Value, key: &str) -> Vec<(&'v str, &'v Value)> {
    file[key].as_array().unwrap().iter().map(|row| (text(row, "id"), row)).collect()
}

fn get(url: &str) -> Request<()> {
    let mut request = Request::get(url).body(()).unwrap_or_else(|error| panic!("{url}: {error}"));
    for name in SECRETS {
        request.headers_mut().insert(name, "secret".parse().unwrap());
    }
    request
}

fn found(base: &str, locations: &[&str], fragment: Option<&str>) -> Verdict {
    let request = get(base);
    let previous = Previous { request: &request, body: BodyPlan::empty(), fragment, followed: 0 };
    follow(previous, StatusCode::FOUND, locations.iter().map(|l| l.as_bytes()), &Redirects::default())
}

/// The fragment of a URL is told apart: an `http::Uri` has none.
fn hop(base: &str, location: &str) -> Verdict {
    match base.split_once('#') {
        Some((base, fragment)) => found(base, &[location], Some(fragment)),
        None => found(base, &[location], None),
    }
}

fn followed(verdict: Verdict) -> Option<FollowUp> {
    match verdict {
        Verdict::Follow(hop) => Some(*hop),
        Verdict::Answer(_) | Verdict::Refuse(_) => None,
    }
}

/// A request of ours never has a user name in its URL; rows whose base has one are compared without it.
fn without_userinfo<'u>(base: &'u str) -> (String, impl Fn(&str) -> String + 'u) {
    let authority = base.split(['/', '?', '#']).nth(2).unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let without = move |url: &str| url.replacen(authority, host, 1);
    (without(base), without)
}

#[test]
fn methods_bodies_and_fields() {
    const FILE: &str = "redirect/method_table.json";
    let Some(file) = vectors(FILE) else { return };
    let mut tally = Tally::new(FILE);
    for (id, row) in rows(&file, "cases") {
        let ours = method_row(row);
        let wanted = std::iter::once(&row["expect"]).chain(row["also_ok"].as_array().unwrap());
        let differences: Vec<_> = wanted.map(|wanted| differs(&ours, wanted)).collect();
        let fits = differences.iter().any(Option::is_none);
        tally.count(id, if fits { Ok(()) } else { Err(format!("{differences:?}")) });
        // What is only also acceptable is not what we decided.
        assert!(differences[0].is_none(), "{id}: {differences:?}");
    }
    tally.finish();
}

struct Row {
    sent: Vec<String>,
    hop: Option<FollowUp>,
}

fn method_row(row: &Value) -> Row {
    let base = "http://127.0.0.1:8080/start";
    let location = match text(row, "target") {
        "same origin" => "/next",
        "same host, other port" => "http://127.0.0.1:8081/next",
        "127.0.0.1 -> localhost" => "http://localhost:8080/next",
        other => panic!("a new kind of target: {other}"),
    };
    let wanted = &row["request"];
    let mut request = get(base);
    *request.method_mut() = text(wanted, "method").parse().unwrap();
    let mut sent = vec!["content-type", "content-length", "transfer-encoding"];
    sent.extend(texts(wanted, "headers_sent_extra"));
    for name in &sent {
        request.headers_mut().insert(name.parse::<http::HeaderName>().unwrap(), "x".parse().unwrap());
    }
    let body = BodyPlan::sized(wanted["body"].as_str().map_or(0, |body| body.len() as u64));
    let status = StatusCode::from_u16(row["status"].as_u64().unwrap().try_into().unwrap()).unwrap();
    let previous = Previous { request: &request, body, fragment: None, followed: 0 };
    let verdict = follow(previous, status, [location.as_bytes()], &Redirects::default());
    Row { sent: sent.into_iter().map(str::to_owned).collect(), hop: followed(verdict) }
}

fn differs(row: &Row, wanted: &Value) -> Option<String> {
    let Some(hop) = &row.hop else {
        return wanted["follow"].as_bool().unwrap().then(|| "not followed".to_owned());
    };
    if wanted["follow"] != Value::Bool(true) {
        return Some("followed".to_owned());
    }
    let (method, has_body) = (hop.request.method().as_str(), hop.body != BodyPlan::empty());
    if method != text(wanted, "method") || Some(has_body) != wanted["body"].as_bool() {
        return Some(format!("{method}, body {has_body}"));
    }
    let drop = texts(wanted, "drop");
    let fields = hop.request.headers();
    let kept: Vec<_> = drop.iter().filter(|name| fields.contains_key(**name)).collect();
    // Beside what everybody drops, these go wherever secrets go.
    let also = if hop.cross_origin { ["cookie2", "www-authenticate"].as_slice() } else { &[] };
    let needless: Vec<_> = row
        .sent
        .iter()
        .map(String::as_str)
        .filter(|name| !fields.contains_key(*name) && !drop.contains(name) && !also.contains(name))
        .collect();
    (!kept.is_empty() || !needless.is_empty()).then(|| format!("kept {kept:?}, dropped {needless:?}"))
}

#[test]
fn urls_are_resolved_as_browsers_do() {
    const FILE: &str = "redirect/url_resolution.json";
    let Some(file) = vectors(FILE) else { return };
    let mut tally = Tally::new(FILE);
    for (id, row) in rows(&file, "cases") {
        let (base, without) = without_userinfo(text(row, "base"));
        // That a fragment is inherited is in another file: this base has none.
        let base = base.split('#').next().unwrap();
        let verdict = found(base, &[text(row, "ref")], None);
        let compared = match (&verdict, row["whatwg"].as_str().map(without)) {
            (Verdict::Follow(hop), Some(url)) if hop.url() == url => Ok(()),
            (Verdict::Refuse(NotFollowed::SchemeNotSupported), Some(url)) if !url.starts_with("http") => {
                Ok(())
            }
            (Verdict::Refuse(_), None) => Ok(()),
            (_, expected) => Err(format!("{base} expected {expected:?}, ours {verdict:?}")),
        };
        tally.count(id, compared);
    }
    tally.finish();
}

#[test]
fn one_location_leads_somewhere_or_nowhere() {
    const FILE: &str = "redirect/location.json";
    let Some(file) = vectors(FILE) else { return };
    let mut tally = Tally::new(FILE);
    for (id, row) in rows(&file, "cases") {
        assert_eq!((row["status"].as_u64(), text(row, "method")), (Some(302), "GET"), "{id}");
        tally.count(id, location_row(row));
    }
    tally.finish();
}

fn location_row(row: &Value) -> Result<(), String> {
    let expected = &row["expect"];
    let (mut base, mut hop) = (text(row, "base").to_owned(), None);
    let fields = texts(row, "location_fields");
    let hops: Vec<Vec<&str>> = match fields.as_slice() {
        [first, second] if second.starts_with("second hop: ") => {
            vec![vec![*first], vec![second.strip_prefix("second hop: ").unwrap()]]
        }
        fields => vec![fields.to_vec()],
    };
    let mut request = get(&base);
    for (locations, count) in hops.iter().zip(0..) {
        let fragment = base.split_once('#').map(|(_, fragment)| fragment.to_owned());
        let previous = Previous {
            request: &request,
            body: BodyPlan::empty(),
            fragment: fragment.as_deref(),
            followed: count,
        };
        let locations = locations.iter().map(|location| location.as_bytes());
        let verdict = follow(previous, StatusCode::FOUND, locations, &Redirects::default());
        hop = followed(verdict);
        let Some(hop) = &hop else { break };
        (base, request) = (hop.url(), hop.request.clone());
    }
    let secrets: Vec<_> = SECRETS.into_iter().filter(|name| request.headers().contains_key(*name)).collect();
    match (&hop, &expected["follow"]) {
        (None, Value::Bool(false)) => return Ok(()),
        (None, Value::String(either)) if either == "either" => return Ok(()),
        (None, _) => return Err("not followed".to_owned()),
        (Some(_), Value::Bool(false)) => return Err("followed".to_owned()),
        (Some(_), _) => {}
    }
    let hop = hop.unwrap();
    let url = expected["url"].as_str().is_none_or(|url| url == hop.url());
    let cross = expected["cross_origin"].as_bool().is_none_or(|cross| cross == hop.cross_origin);
    let target = expected["request_target"].as_str();
    let target = target.is_none_or(|target| target == hop.request.uri().path_and_query().unwrap().as_str());
    let dropped = texts(expected, "drop").iter().all(|name| !hop.request.headers().contains_key(*name));
    let back = hops.len() == 1 || secrets.is_empty();
    if url && cross && target && dropped && back { Ok(()) } else { Err(format!("{hop:?}")) }
}

#[test]
fn the_limit_is_that_of_go_and_reqwest() {
    let Some(file) = vectors("redirect/limits.json") else { return };
    let limit = u64::from(Redirects::default().limit);
    let of = |client: &str| file["limits"][client].as_u64();
    assert_eq!((of("go"), of("reqwest")), (Some(limit), Some(limit)));
    assert!(of("fetch").is_some_and(|fetch| limit <= fetch), "no more than browsers follow");
}

#[test]
fn urllib3s_joins() {
    const FILE: &str = "urllib3/redirect_resolve.json";
    let Some(file) = vectors(FILE) else { return };
    let mut tally = Tally::new(FILE);
    for (id, row) in rows(&file, "vectors") {
        let (base, _) = without_userinfo(text(row, "base"));
        let ours = followed(hop(&base, text(row, "location"))).map(|hop| {
            let target = hop.request.uri().path_and_query().map(ToString::to_string);
            (
                hop.key.scheme().as_str().to_owned(),
                hop.key.host().to_owned(),
                hop.key.port(),
                target,
                hop.fragment,
            )
        });
        // Without a host, or with another scheme, it has nothing to connect to, whatever the join says.
        let leads = row["host"].is_string() && text(row, "scheme").starts_with("http");
        let theirs = row["normalised"].as_str().filter(|_| leads).map(|url| {
            let scheme = text(row, "scheme");
            let port = row["port"].as_u64().unwrap_or(if scheme == "https" { 443 } else { 80 });
            let fragment = url.split_once('#').map(|(_, fragment)| fragment.into());
            let target = Some(text(row, "request_target").to_owned());
            (scheme.to_owned(), text(row, "host").to_owned(), port.try_into().unwrap(), target, fragment)
        });
        tally.compare(id, &theirs, &ours);
    }
    tally.finish();
}

#[test]
fn urllib3s_same_host() {
    const FILE: &str = "urllib3/same_host.json";
    let Some(file) = vectors(FILE) else { return };
    let mut tally = Tally::new(FILE);
    for (id, row) in rows(&file, "vectors") {
        let pool = &row["pool"];
        let port = pool["port"].as_u64().map_or(String::new(), |port| format!(":{port}"));
        let host = Some(text(pool, "host"));
        let host =
            host.map(|host| if host.contains(':') { format!("[{host}]") } else { host.to_owned() }).unwrap();
        let start = format!("{}://{host}{port}/", text(pool, "scheme"));
        // By way of a redirect, for a URL of ours is in ASCII.
        let pool = followed(found("http://elsewhere.test/", &[&start], None)).unwrap();
        assert_eq!(Key::of(pool.request.uri()), Ok(pool.key));
        // A redirect that is not followed shows the other host nothing.
        let ours = followed(found(&pool.request.uri().to_string(), &[text(row, "url")], None));
        let same = ours.is_some_and(|hop| {
            let kept = SECRETS.iter().all(|name| hop.request.headers().contains_key(*name));
            assert_eq!(kept, !hop.cross_origin, "{id}");
            !hop.cross_origin
        });
        tally.compare(id, &row["same"].as_bool().unwrap(), &same);
    }
    tally.finish();
}
