//! What a URL that a user gives names, and what is sent of it.

use http::{Request, Uri};
use httpocean_core::{BodyPlan, Key, Scheme};
use httpocean_tests::vectors::each;
use serde_json::Value;

use super::same;
use super::wire::written;

/// Scheme, host, port, and what is sent in the first line.
type Named = (String, String, u64, String);

#[test]
fn url_parse() {
    each("urllib3/url_parse.json", |_, vector| {
        let ours = named(vector["input"].as_str().unwrap());
        match (vector.get("ok").map(expected), ours) {
            (None, Err(_)) => Ok(()),
            (Some(expected), Ok(ours)) => same(&expected, &ours),
            (expected, ours) => Err(format!("{}: expected {expected:?}, ours {ours:?}", vector["input"])),
        }
    });
}

#[test]
fn url_target() {
    each("urllib3/url_target.json", |_, vector| {
        let ours = named(&format!("http://a.test{}", vector["input"].as_str().unwrap()));
        match (vector["ok"].as_str(), ours) {
            (Some(expected), Ok((.., target))) => same(&expected, &target.as_str()),
            (None, Err(_)) => Ok(()),
            (expected, ours) => Err(format!("{}: expected {expected:?}, ours {ours:?}", vector["input"])),
        }
    });
}

/// Whether two URLs share connections. What is an option of urllib3's pool is one of a client's pool, of a request, or
/// not there.
#[test]
fn pool_key() {
    each("urllib3/pool_key.json", |_, vector| {
        let key = |side: &str| {
            let uri: Uri =
                vector[side]["url"].as_str().unwrap().parse().map_err(|error| format!("{error}"))?;
            Key::of(&uri).map_err(str::to_owned)
        };
        same(&vector["same_pool"].as_bool().unwrap(), &(key("a")? == key("b")?))
    });
}

fn named(url: &str) -> Result<Named, String> {
    let uri: Uri = url.parse().map_err(|error| format!("{error}"))?;
    let key = Key::of(&uri).map_err(str::to_owned)?;
    let scheme = if key.scheme() == Scheme::Http { "http" } else { "https" };
    // TLS makes no difference to what is sent.
    let mut parts = uri.into_parts();
    parts.scheme = Some(http::uri::Scheme::HTTP);
    let request = Request::get(Uri::from_parts(parts).map_err(|error| error.to_string())?);
    let wire = written(request.body(()).map_err(|error| error.to_string())?, BodyPlan::empty(), &[])?;
    let line = String::from_utf8_lossy(&wire).into_owned();
    let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let host = key.host().trim_matches(['[', ']']).to_owned();
    Ok((scheme.to_owned(), host, u64::from(key.port()), target))
}

fn expected(ok: &Value) -> Named {
    let text = |name: &str| ok[name].as_str().unwrap_or_default().to_owned();
    let scheme = text("scheme");
    let usual = if scheme == "https" { 443 } else { 80 };
    let host = text("host").trim_matches(['[', ']']).to_owned();
    (scheme, host, ok["port"].as_u64().unwrap_or(usual), text("request_uri"))
}
