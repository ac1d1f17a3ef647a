//! Responses: status, version, reason, fields, body, and whether the next request may go on their connection.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use httpocean_core::Limits;
use httpocean_testkit::fuzzing::{End, How, Peer};
use httpocean_testkit::reference::exchange::{Ending, Question};
use httpocean_tests::vectors::each;
use serde_json::{Value, json};

#[test]
fn response_parse() {
    each("urllib3/response_parse.json", |_, vector| {
        let bytes = bytes(vector);
        let ending = if vector["server_closes_after"] == true { Ending::Fin } else { Ending::Open };
        let question = Question { method: vector["method"].as_str().unwrap(), upgrade: false };
        let heard = Peer { question, limits: Limits::default(), parts: vec![&bytes], ending }.play(How::Lent);
        let expected = &vector["preload"];
        let reuse = match &heard.end {
            End::Whole { reuse, .. } => *reuse,
            End::Open | End::Upgraded(_) => false,
            End::Failed(_) if expected.get("error").is_some() => return Ok(()),
            End::Failed(error) => return Err(format!("expected {expected}, ours {error}")),
        };
        let head = heard.head.unwrap();
        let text = |bytes: &[u8]| bytes.iter().map(|&byte| char::from(byte)).collect::<String>();
        let fields: Vec<_> = head.fields.iter().map(|(name, value)| json!([name, text(value)])).collect();
        let ours = json!({
            "status": head.status,
            "version": if head.http10 { 10 } else { 11 },
            "reason": text(&head.reason),
            "headers": fields,
            "body_b64": BASE64_STANDARD.encode(&heard.body),
            // What comes after the response is looked at when the connection is used next.
            "reusable": reuse,
        });
        let reusable = expected["connection_reusable_now"] == true;
        let mut expected = expected.clone();
        expected.as_object_mut().unwrap().retain(|name, _| !name.starts_with("connection_"));
        expected["reusable"] = json!(reusable);
        if expected == ours { Ok(()) } else { Err(format!("expected {expected}, ours {ours}")) }
    });
}

/// What is large is described.
fn bytes(vector: &Value) -> Vec<u8> {
    const HEAD: &str = "HTTP/1.1 200 OK\r\n";
    match vector["raw_description"].as_str() {
        None => BASE64_STANDARD.decode(vector["raw_b64"].as_str().unwrap()).unwrap(),
        Some("hdr-long-70000") => {
            format!("{HEAD}X: {}\r\nContent-Length: 0\r\n\r\n", "y".repeat(70_000)).into()
        }
        Some("status-long-70000") => format!("HTTP/1.1 200 {}\r\n\r\n", "y".repeat(70_000)).into(),
        Some("chunked-long-size-line") => {
            format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n5;{}\r\nhello\r\n0\r\n\r\n", "x".repeat(70_000))
                .into()
        }
        Some(other) => panic!("a new description: {other}"),
    }
}
