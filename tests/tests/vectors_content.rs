//! What is inside of messages, as urllib3 makes it, against what we make of the same.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;

use httpocean_content::multipart::{Form, Part, Segment};
use httpocean_core::auth;
use httpocean_std::Client;
use httpocean_std::http::HeaderMap;
use httpocean_testkit::server::{Reply, Server};
use httpocean_tests::vectors::{Tally, vectors};
use serde_json::{Value, json};

#[test]
fn multipart_forms() {
    const FILE: &str = "urllib3/multipart.json";
    let Some(file) = vectors(FILE) else { return };
    let mut tally = Tally::new(FILE);
    for vector in file["vectors"].as_array().unwrap() {
        let mut form = Form::<()>::with_boundary(vector["boundary"].as_str().unwrap()).unwrap();
        for field in vector["fields"].as_array().unwrap() {
            form = form.part(field[0].as_str().unwrap(), part(&field[1]));
        }
        let of = form.content_type();
        let body: Vec<u8> = form.into_segments().flat_map(bytes).collect();
        let ours = json!({ "body": String::from_utf8(body).unwrap(), "content_type": of.to_str().unwrap() });
        let expected = json!({ "body": vector["body"], "content_type": vector["content_type"] });
        tally.compare(vector["id"].as_str().unwrap(), &expected, &ours);
    }
    tally.finish();
}

/// A text, a number, or `[file name, content, maybe a type]`.
fn part(value: &Value) -> Part<()> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let Some(list) = value.as_array() else { return Part::bytes(text(value)) };
    let part = Part::bytes(text(&list[1]));
    let part = match list[0].as_str() {
        Some(name) => part.file_name(name),
        None => part,
    };
    match list.get(2) {
        Some(of) => part.content_type(of.as_str().unwrap()).unwrap(),
        None => part,
    }
}

fn bytes(segment: Segment<()>) -> Vec<u8> {
    match segment {
        Segment::Bytes(bytes) => bytes.to_vec(),
        Segment::Content(()) => panic!("all of it is bytes"),
    }
}

/// What is said by a word there and here, as a server gets it.
#[test]
fn fields_of_a_request() {
    const FILE: &str = "urllib3/make_headers.json";
    let Some(file) = vectors(FILE) else { return };
    let mut tally = Tally::new(FILE);
    for vector in file["vectors"].as_array().unwrap() {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let expected: BTreeMap<String, String> = match vector["headers"].as_object() {
            Some(all) => all.iter().map(|(name, value)| (name.clone(), text(value))).collect(),
            None => [("error".to_owned(), text(&vector["error"]))].into(),
        };
        tally.compare(vector["id"].as_str().unwrap(), &expected, &sent(&vector["args"]));
    }
    tally.finish();
}

fn sent(args: &Value) -> BTreeMap<String, String> {
    let server = Server::start(|_| Reply::ok(""));
    let mut request = Client::new().get(server.url("/")).unwrap();
    let mut fields = HeaderMap::new();
    for (word, value) in args.as_object().unwrap() {
        match word.as_str() {
            // By itself: HTTP/1.1 keeps connections.
            "keep_alive" | "basic_auth_encoding" => {}
            "accept_encoding" if value == true => {}
            "accept_encoding" => {
                let names =
                    value.as_array().map(|names| names.iter().map(|name| name.as_str().unwrap()).collect());
                let names: Vec<_> = names.unwrap_or_else(|| vec![value.as_str().unwrap()]);
                fields.insert("accept-encoding", names.join(",").parse().unwrap());
            }
            "user_agent" => _ = fields.insert("user-agent", value.as_str().unwrap().parse().unwrap()),
            "disable_cache" => _ = fields.insert("cache-control", "no-cache".parse().unwrap()),
            "basic_auth" if value == "" => {}
            "basic_auth" => _ = fields.insert("authorization", basic(value)),
            "proxy_basic_auth" => _ = fields.insert("proxy-authorization", basic(value)),
            other => panic!("a new word: {other}"),
        }
    }
    if args["accept_encoding"].is_null() {
        request = request.raw();
    }
    for (name, value) in &fields {
        request = request.header(name, value);
    }
    drop(request.send().unwrap());
    let received = server.requests().remove(0).request;
    let all = received
        .headers
        .into_iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), String::from_utf8(value).unwrap()));
    // Which host is asked and by whom is said in every request, here by the client.
    let by_client = |name: &str| name == "host" || (name == "user-agent" && args["user_agent"].is_null());
    all.filter(|(name, _)| !by_client(name)).collect()
}

fn basic(value: &Value) -> httpocean_std::http::HeaderValue {
    let pair = value.as_str().unwrap();
    let (user, password) = pair.split_once(':').unwrap_or((pair, ""));
    auth::basic(user.as_bytes(), password.as_bytes()).unwrap()
}

/// What urllib3 does otherwise than a decoder of ours, each for a reason.
const OTHERWISE: [(&str, &str); 4] = [
    // A coding that is not known: nothing is undone, and the field says so. urllib3 tries, and fails.
    ("resp-ce-multi-unknown", "as it came"),
    // `identity` is no coding. urllib3 takes it for one.
    ("resp-ce-multi-identity", "decoded"),
    // What is cut off is not whole.
    ("resp-ce-gzip-truncated", "an error"),
    ("resp-ce-gzip-cut-mid", "an error"),
];

#[test]
fn coded_responses() {
    use base64::Engine as _;
    let decode =
        |text: &Value| base64::engine::general_purpose::STANDARD.decode(text.as_str().unwrap()).unwrap();
    let Some(file) = vectors("urllib3/response_parse.json") else { return };
    let coded = |vector: &&Value| vector["id"].as_str().unwrap().starts_with("resp-ce-");
    let all: Vec<_> = file["vectors"].as_array().unwrap().iter().filter(coded).collect();
    assert!(all.len() >= 10, "{}", all.len());
    for vector in all {
        let (id, raw, expected) =
            (vector["id"].as_str().unwrap(), decode(&vector["raw_b64"]), &vector["preload"]);
        let reply = raw.clone();
        let server = Server::start(move |_| Reply::raw(reply.clone()));
        let ours = Client::new().get(server.url("/")).unwrap().send().unwrap().bytes();
        let head = raw.windows(4).position(|end| end == b"\r\n\r\n").unwrap();
        match (OTHERWISE.iter().find(|(other, _)| *other == id), &ours) {
            (Some((_, "as it came")), Ok(body)) => assert_eq!(body, &raw[head + 4..], "{id}"),
            (Some((_, "decoded")), Ok(body)) => assert_eq!(body, "hello world", "{id}"),
            (Some((_, "an error")), Err(_)) => {}
            (None, Ok(body)) => assert_eq!(body, &decode(&expected["body_b64"]), "{id}"),
            (None, Err(error)) => assert!(expected["error"].is_string(), "{id}: {error}"),
            (Some(_), _) => panic!("{id}: {ours:?}"),
        }
    }
}
