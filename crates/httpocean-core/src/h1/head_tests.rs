use super::arrival::Arrival;
use super::head::{Head, HeadIndex, HeadScan};
use crate::buf::RecvBuf;
use crate::error::ProtocolError;
use crate::limits::Limits;

/// What a head reads as, whole and byte by byte, which must be the same.
fn scan(bytes: &[u8], limits: &Limits) -> Result<Option<Seen>, ProtocolError> {
    let whole = scan_in_steps(bytes, bytes.len().max(1), limits);
    assert_eq!(whole, scan_in_steps(bytes, 1, limits), "{:?}", bytes.escape_ascii().to_string());
    whole
}

#[derive(Debug, PartialEq)]
struct Seen {
    len: usize,
    status: u16,
    http10: bool,
    reason: Vec<u8>,
    fields: Vec<(String, Vec<u8>)>,
}

fn scan_in_steps(bytes: &[u8], step: usize, limits: &Limits) -> Result<Option<Seen>, ProtocolError> {
    let (mut rx, mut index, mut scan) = (RecvBuf::default(), HeadIndex::default(), HeadScan::default());
    for part in bytes.chunks(step) {
        rx.append(part);
        let Some(len) = scan.scan(&mut rx, &mut index, limits)? else { continue };
        let head = Head::new(&rx.bytes()[..len], &index);
        let fields = head.fields().map(|(name, value)| (name.to_owned(), value.to_vec())).collect();
        return Ok(Some(Seen {
            len,
            status: head.status().as_u16(),
            http10: head.version() == http::Version::HTTP_10,
            reason: head.reason().to_vec(),
            fields,
        }));
    }
    Ok(None)
}

fn good(bytes: &[u8]) -> Seen {
    scan(bytes, &Limits::default()).expect("a good head").expect("a whole head")
}

fn class(bytes: &[u8]) -> &'static str {
    scan(bytes, &Limits::default()).expect_err("a bad head").class()
}

#[test]
fn a_head_is_a_status_a_reason_and_fields_in_order() {
    let head = b"HTTP/1.1 203 Not  Quite\r\nDate: now\r\na-B:\t x y \t\r\nempty:\r\ndate: later\r\n\r\n";
    let seen = good(&[head.as_slice(), b"body"].concat());
    assert_eq!((seen.len, seen.status, seen.http10), (head.len(), 203, false));
    assert_eq!(seen.reason, b"Not  Quite");
    let fields: Vec<_> = seen.fields.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
    let expected: [(&str, &[u8]); 4] =
        [("Date", b"now"), ("a-B", b"x y"), ("empty", b""), ("date", b"later")];
    assert_eq!(fields, expected);
}

#[test]
fn versions_and_reasons_that_are_tolerated() {
    assert!(good(b"HTTP/1.0 200 OK\r\n\r\n").http10);
    assert!(!good(b"HTTP/1.7 200 OK\r\n\r\n").http10);
    assert_eq!(good(b"HTTP/1.1 204\r\n\r\n").reason, b"");
    assert_eq!(good(b"HTTP/1.1 204 \r\nA: b\r\n\r\n").reason, b"");
    assert_eq!(good(b"HTTP/1.1 799 \xE4h\t!\r\n\r\n").reason, b"\xE4h\t!");
    assert_eq!(good(b"HTTP/1.1 799 \xE4h\t!\r\n\r\n").status, 799);
}

#[test]
fn what_is_not_a_status_line() {
    for line in [
        "HTTP/2.0 200 OK\r\n",
        "HTTP/1.12 200 OK\r\n",
        "HTTP/1 200 OK\r\n",
        "http/1.1 200 OK\r\n",
        "HTTP/1.1  200 OK\r\n",
        "HTTP/1.1\t200 OK\r\n",
        "HTTP/1.1 20 OK\r\n",
        "HTTP/1.1 2000 OK\r\n",
        "HTTP/1.1 099 OK\r\n",
        "HTTP/1.1 2x0 OK\r\n",
        "HTTP/1.1 200\tOK\r\n",
        "HTTP/1.1 200 O\rK\r\n",
        "HTTP/1.1 200 O\0K\r\n",
        "HTTP/1.1 200 OK\n",
        "HTTP/1.1 +20 OK\r\n",
        "\r\nHTTP/1.1 200 OK\r\n",
        "\nHTTP/1.1 200 OK\r\n",
        " HTTP/1.1 200 OK\r\n",
        "HTTP/1.1\r\n",
        "HTTP/1.\r\n",
        "hello\r\n",
    ] {
        assert_eq!(class(format!("{line}\r\n").as_bytes()), "bad-status-line", "{line:?}");
    }
}

#[test]
fn other_protocols_are_refused_at_once() {
    for bytes in [b"\x15\x03\x03\0\x02\x02".as_slice(), b"\0\0\x06\x04\0", b"HTTP/3", b"HTX"] {
        assert_eq!(class(bytes), "bad-status-line");
    }
    assert_eq!(scan(b"HTTP/1.1 2x", &Limits::default()), Ok(None), "a line is judged when it is whole");
}

#[test]
fn what_is_not_a_field() {
    for line in [
        "A: b\n",
        "A: b\rc\r\n",
        "A\r: b\r\n",
        "A: \0\r\n",
        "A: \x7F\r\n",
        "A : b\r\n",
        "A\t: b\r\n",
        ": b\r\n",
        "A b\r\n",
        "A\r\n",
        "A(: b\r\n",
        "\u{e4}: b\r\n",
        " A: b\r\n",
        "\tA: b\r\n",
        " \r\n",
        "\n",
        "A: b\r\r\n",
        "\r\r\n",
    ] {
        assert_eq!(class(format!("HTTP/1.1 200 OK\r\n{line}\r\n").as_bytes()), "bad-header", "{line:?}");
    }
}

#[test]
fn each_fault_has_a_sentence_of_its_own() {
    let status_line = [
        ("\r", "an empty line in place of a status line"),
        ("\n", "an empty line in place of a status line"),
        ("x", "no HTTP version at its start"),
        ("HTTPS", "no HTTP version at its start"),
        ("HTTP/2", "a version other than HTTP/1.x"),
        ("HTTP/11", "a version other than HTTP/1.x"),
        ("HTTP/1.\r\n", "too short to be one"),
        ("HTTP/1.x 200 OK\r\n", "no version of one digit and a space at its start"),
        ("HTTP/1.1\t200 OK\r\n", "no version of one digit and a space at its start"),
        ("HTTP/1.1 2x0 OK\r\n", "no status code from 100 to 999"),
        ("HTTP/1.1 099 OK\r\n", "no status code from 100 to 999"),
        ("HTTP/1.1 200 O\0K\r\n", "a control byte in its reason phrase"),
        ("HTTP/1.1 200\tOK\r\n", "a status code that is not followed by a space"),
        ("HTTP/1.1 200 OK\n", "a bare LF at its end"),
    ];
    for (line, what) in status_line {
        let error = scan(line.as_bytes(), &Limits::default()).expect_err("a bad line");
        assert_eq!(error, ProtocolError::BadStatusLine(what), "{line:?}");
    }
    let fields = [
        ("A: b\n", "a bare LF at the end of a line"),
        (" A: b\r\n", "white space before the first field"),
        ("Upgrade: b\r\n c\r\n", "a folded line in a field that frames the message"),
        (": b\r\n", "a field without a name"),
        ("A\r\n", "a field line without a colon"),
        ("A : b\r\n", "white space behind a field name"),
        ("A\t: b\r\n", "white space behind a field name"),
        ("A\r: b\r\n", "a bare CR in a field name"),
        ("A(: b\r\n", "a byte that no field name may hold"),
        ("A: b\rc\r\n", "a bare CR in a field value"),
        ("A: b\0c\r\n", "a NUL in a field value"),
        ("A: b\x7Fc\r\n", "a control byte in a field value"),
    ];
    for (line, what) in fields {
        let head = format!("HTTP/1.1 200 OK\r\n{line}\r\n");
        let error = scan(head.as_bytes(), &Limits::default()).expect_err("a bad line");
        assert_eq!(error, ProtocolError::BadHeader(what), "{line:?}");
    }
}

#[test]
fn a_folded_value_is_joined_by_one_space() {
    let seen = good(b"HTTP/1.1 200 OK\r\nX: a \r\n  b\t\r\n \r\n\tc d\r\nY:\r\n z\r\nLast: 1\r\n\r\n");
    let values: Vec<_> = seen.fields.iter().map(|(_, value)| value.as_slice()).collect();
    assert_eq!(values, [b"a b c d".as_slice(), b"z", b"1"]);
}

#[test]
fn a_field_that_frames_may_not_be_folded() {
    for name in ["Content-Length", "transfer-encoding", "Connection", "KEEP-ALIVE", "Upgrade"] {
        assert_eq!(class(format!("HTTP/1.1 200 OK\r\n{name}: 5\r\n  \r\n\r\n").as_bytes()), "bad-header");
    }
}

#[test]
fn limits_cut_at_the_same_byte_however_the_head_comes() {
    let head = b"HTTP/1.1 200 OK\r\nA: bcd\r\nE: f\r\n\r\n";
    let limits = |head_bytes, headers| Limits { head_bytes, headers, ..Limits::default() };
    assert!(scan(head, &limits(head.len(), 2)).is_ok_and(|seen| seen.is_some()));
    assert_eq!(scan(head, &limits(head.len() - 1, 2)).map_err(|error| error.class()), Err("too-large"));
    assert_eq!(scan(head, &limits(head.len(), 1)).map_err(|error| error.class()), Err("too-large"));
    assert_eq!(scan(&head[..20], &limits(19, 2)).map_err(|error| error.class()), Err("too-large"));
    assert_eq!(scan(&head[..20], &limits(20, 2)), Ok(None));
}

#[test]
fn more_fields_than_the_short_way_takes() {
    let mut bytes = b"HTTP/1.1 200 OK\r\n".to_vec();
    for number in 0..128 {
        bytes.extend_from_slice(format!("N{number}: {number}\r\n").as_bytes());
    }
    let one_more = [&bytes[..], b"N: x\r\n\r\n"].concat();
    bytes.extend_from_slice(b"\r\n");
    assert_eq!(good(&bytes).fields.len(), 128);
    assert_eq!(class(&one_more), "too-large");
}

#[test]
fn as_many_fields_as_a_map_can_hold_whatever_the_limit() {
    let limits = Limits { headers: usize::MAX, head_bytes: usize::MAX, ..Limits::default() };
    let head = |fields| format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(fields));
    let most = scan_in_steps(head(16 * 1024).as_bytes(), usize::MAX, &limits).expect("a good head");
    assert_eq!(most.expect("a whole head").fields.len(), 16 * 1024);
    let error = scan_in_steps(head(16 * 1024 + 1).as_bytes(), usize::MAX, &limits).expect_err("a field more");
    assert_eq!(error.class(), "too-large");
}

#[test]
fn names_that_http_cannot_hold_are_refused() {
    let head = |len: usize| [b"HTTP/1.1 200 OK\r\n", "n".repeat(len).as_bytes(), b": v\r\n\r\n"].concat();
    assert_eq!(good(&head(65535)).fields.len(), 1);
    assert_eq!(class(&head(65536)), "too-large");
}

#[test]
fn a_response_keeps_all_fields() {
    let bytes = b"HTTP/1.0 404 Gone Fishing\r\nSet-Cookie: a=1\r\nVia: x\r\nset-cookie: b=\xFC\r\nE:\r\n\r\n";
    let (mut rx, mut index) = (RecvBuf::default(), HeadIndex::default());
    rx.append(bytes);
    let len =
        HeadScan::default().scan(&mut rx, &mut index, &Limits::default()).expect("good").expect("whole");
    let head = Head::new(&rx.bytes()[..len], &index);
    assert_eq!(head.field("SET-COOKIE"), Some(b"a=1".as_slice()));
    assert_eq!(head.field("cookie"), None);
    let response = head.to_response();
    assert_eq!((response.status().as_u16(), response.version()), (404, http::Version::HTTP_10));
    let cookies: Vec<_> =
        response.headers().get_all("set-cookie").iter().map(|value| value.as_bytes()).collect();
    assert_eq!(cookies, [b"a=1".as_slice(), b"b=\xFC"]);
    assert_eq!(response.headers().len(), 4);
}

#[test]
fn a_view_that_is_too_short_has_no_fields_and_does_not_panic() {
    let (mut rx, mut index) = (RecvBuf::default(), HeadIndex::default());
    rx.append(b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n");
    HeadScan::default().scan(&mut rx, &mut index, &Limits::default()).expect("good");
    let head = Head::new(&rx.bytes()[..5], &index);
    assert_eq!((head.reason(), head.field("a"), head.fields().count()), (b"".as_slice(), None, 1));
    assert!(head.to_response().headers().is_empty());
}

#[test]
fn a_response_knows_in_which_order_its_fields_came() {
    let order = |bytes: &[u8], remove: Option<&str>| {
        let (mut rx, mut index) = (RecvBuf::default(), HeadIndex::default());
        rx.append(bytes);
        let len =
            HeadScan::default().scan(&mut rx, &mut index, &Limits::default()).expect("good").expect("whole");
        let mut response = Head::new(&rx.bytes()[..len], &index).to_response();
        let told = response.extensions().get::<Arrival>().is_some();
        if let Some(name) = remove {
            response.headers_mut().remove(name);
            response.headers_mut().insert("own", http::HeaderValue::from_static("6"));
        }
        let fields = Arrival::fields(&response);
        let fields = fields.map(|(name, value)| format!("{name}={}", value.to_str().expect("text")));
        (told, fields.collect::<Vec<_>>().join(" "))
    };
    let scattered = b"HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\na: 3\r\nC: 4\r\nB: 5\r\n\r\n";
    assert_eq!(order(scattered, None), (true, "a=1 b=2 a=3 c=4 b=5".to_owned()));
    assert_eq!(order(scattered, Some("a")), (true, "b=2 c=4 b=5 own=6".to_owned()));
    let together = b"HTTP/1.1 200 OK\r\nB: 1\r\nA: 2\r\na: 3\r\n\r\n";
    assert_eq!(order(together, None), (false, "b=1 a=2 a=3".to_owned()));
}
