//! The bytes of requests, as far as they mean something: not the order of fields, their case, and the cuts between
//! chunks; nor the fields that urllib3 adds by itself.

use http::{HeaderName, HeaderValue, Method, Request, Uri};
use httpocean_core::BodyPlan;
use httpocean_tests::vectors::each;
use serde_json::Value;

use super::same;
use super::wire::written;

#[derive(Debug, PartialEq)]
struct Sent {
    line: String,
    fields: Vec<(String, String)>,
    body: String,
}

#[test]
fn request_wire() {
    each("urllib3/request_wire.json", |_, vector| {
        let expected = vector["wire"].as_str().map(read);
        let ours = ours(vector);
        match (expected, ours) {
            (None, Err(_)) => Ok(()),
            (Some(expected), Ok(ours)) => same(&expected, &ours),
            (expected, ours) => Err(format!("expected {expected:?}, ours {ours:?}")),
        }
    });
}

fn ours(vector: &Value) -> Result<Sent, String> {
    let (parts, is_measured) = parts(&vector["body"]);
    let announced = vector["headers"]["Content-Length"].as_str().map(|length| length.parse().unwrap());
    let content: u64 = parts.iter().map(|part| part.len() as u64).sum();
    let is_chunked = vector["chunked_arg"] == true || vector["headers"].get("Transfer-Encoding").is_some();
    // What is not measured has the length that is announced, and whether that is true is seen when it comes.
    let size = announced.filter(|_| !is_measured).unwrap_or(content);
    let is_sized = (is_measured || announced.is_some()) && !is_chunked;
    let plan = BodyPlan { size: is_sized.then_some(size), replayable: true, trailers: false };
    let wire = written(request(vector)?, plan, &parts)?;
    Ok(read(&wire.into_iter().map(char::from).collect::<String>()))
}

fn request(vector: &Value) -> Result<Request<()>, String> {
    let wrong = |error: &dyn std::error::Error| error.to_string();
    let host = vector["host"].as_str().unwrap_or("a.test");
    let port = vector["port"].as_u64().unwrap_or(80);
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let uri = Uri::builder().scheme("http").authority(format!("{host}:{port}"));
    let uri =
        uri.path_and_query(vector["target"].as_str().unwrap()).build().map_err(|error| wrong(&error))?;
    let mut request = Request::new(());
    *request.uri_mut() = uri;
    let method = vector["method"].as_str().unwrap();
    *request.method_mut() = Method::from_bytes(method.as_bytes()).map_err(|error| wrong(&error))?;
    for (name, value) in vector["headers"].as_object().unwrap() {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| wrong(&error))?;
        let value: Option<Vec<u8>> =
            value.as_str().unwrap().chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
        let value = HeaderValue::from_bytes(&value.ok_or("no byte")?).map_err(|error| wrong(&error))?;
        request.headers_mut().append(name, value);
    }
    Ok(request)
}

/// And whether their length is known before they are read.
fn parts(body: &Value) -> (Vec<Vec<u8>>, bool) {
    let data = || vec![body["data"].as_str().unwrap().as_bytes().to_vec()];
    let many =
        || body["parts"].as_array().unwrap().iter().map(|part| part.as_str().unwrap().into()).collect();
    match body["kind"].as_str().unwrap() {
        "none" => (Vec::new(), true),
        "bytes" | "bytearray" | "str" => (data(), true),
        "file" | "textfile" => (data(), false),
        "iter" | "list" => (many(), false),
        other => panic!("a body of a new kind: {other}"),
    }
}

fn read(wire: &str) -> Sent {
    let (head, body) = wire.split_once("\r\n\r\n").unwrap();
    let (line, fields) = head.split_once("\r\n").unwrap_or((head, ""));
    let mut fields: Vec<_> = fields
        .split("\r\n")
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .filter(|(name, value)| {
            !matches!(
                (name.as_str(), value.as_str()),
                ("accept-encoding", "identity") | ("user-agent", "<DEFAULT-UA>")
            )
        })
        .collect();
    fields.sort();
    let is_chunked =
        fields.iter().any(|(name, value)| name == "transfer-encoding" && value.contains("chunked"));
    let body = if is_chunked { plain(body) } else { body.to_owned() };
    Sent { line: line.to_owned(), fields, body }
}

/// What is in the chunks; what is in none is shown as it is.
fn plain(chunked: &str) -> String {
    let (mut body, mut rest) = (String::new(), chunked);
    loop {
        let Some((size, behind)) = rest.split_once("\r\n") else {
            return format!("{body}, not in chunks: {rest}");
        };
        match usize::from_str_radix(size, 16) {
            Ok(0) => return body,
            Ok(size) => {
                body.extend(behind.chars().take(size));
                rest = behind.char_indices().nth(size + 2).map_or("", |(at, _)| &behind[at..]);
            }
            Err(_) => return format!("{body}, not in chunks: {rest}"),
        }
    }
}
