//! Content of real servers: nginx that compresses, python that compresses and echoes, httpbin.
//!
//! Alone with httpocean-std, which decodes by itself; what the other adapter's user writes is in its example.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fmt::Write as _;

use httpocean_std::{Body, Client, Form, Part};
use httpocean_tests::real::{Home, Real, connections};
use serde_json::{Value, json};

/// Some 400 KB that can be compressed.
fn text() -> String {
    (0..20_000).fold(String::new(), |mut text, n| {
        writeln!(text, "line {n}, {}", n * n % 977).unwrap();
        text
    })
}

/// All that nginx does with a page, which it sends in `coding` to who asks for it.
fn decodes(nginx: &Real, coding: &str) {
    let (client, text) = (Client::new(), text());
    let get = || client.get(nginx.url("/page")).unwrap();
    for _ in 0..2 {
        let response = get().send().unwrap();
        // Not coded would be as long as the text.
        assert!(
            !response.headers().contains_key("content-length") && response.headers().contains_key("vary")
        );
        assert!(response.text().unwrap() == text);
    }
    let raw = get().raw().header("accept-encoding", coding).send().unwrap();
    assert_eq!(raw.headers()["content-encoding"], coding);
    let wire = raw.bytes().unwrap();
    assert!(wire.len() * 3 < text.len(), "{} of {}", wire.len(), text.len());
    let plain = get().raw().send().unwrap();
    assert_eq!(plain.headers()["content-length"], text.len().to_string());
    assert!(plain.text().unwrap() == text);
    // A part is one of the page itself.
    let part = get().header("range", "bytes=10-19").send().unwrap();
    assert_eq!((part.status().as_u16(), part.text().unwrap().as_str()), (206, &text[10..20]));
    let head = client.head(nginx.url("/page")).unwrap().send().unwrap();
    assert_eq!(head.headers()["content-encoding"], coding);
    assert_eq!(head.bytes().unwrap(), "");
    let missing = client.get(nginx.url("/missing")).unwrap().send().unwrap();
    assert_eq!(missing.error_for_status().unwrap_err().status().unwrap(), 404);
    assert_eq!(connections(&nginx.nginx_log(7)).len(), 1);
}

#[test]
fn nginx_with_gzip() {
    let home = Home::new().page("page", text());
    let site = "gzip on; gzip_types text/plain; gzip_vary on; gzip_proxied any;";
    let Some(nginx) = Real::nginx(home, site) else { return };
    decodes(&nginx, "gzip");
}

#[test]
fn nginx_with_br() {
    let home = Home::new().page("page", text());
    let site = "brotli on; brotli_types text/plain; brotli_min_length 20; gzip_vary on;";
    let Some(nginx) = Real::nginx_with_brotli(home, site) else { return };
    decodes(&nginx, "br");
}

/// Compresses by what the target says, and tells what it was sent.
const PYTHON: &str = "
import email, email.policy, gzip, http.server, json, urllib.parse, zlib
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def answer(self, coding, body):
        self.send_response(200)
        if coding: self.send_header('Content-Encoding', coding)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self):
        text = b''.join(b'line %d\\n' % n for n in range(5000))
        raw = zlib.compressobj(wbits=-15)
        members = b''.join(gzip.compress(text[at:at + 1000]) for at in range(0, len(text), 1000))
        self.answer(*{
            '/gzip': ('gzip', gzip.compress(text)),
            '/members': ('x-gzip', members),
            '/deflate': ('deflate', zlib.compress(text)),
            '/raw': ('deflate', raw.compress(text) + raw.flush()),
            '/twice': ('deflate, gzip', gzip.compress(zlib.compress(text))),
        }[self.path])
    def do_POST(self):
        of, body = self.headers['Content-Type'], self.rfile.read(int(self.headers['Content-Length']))
        if of == 'application/json':
            told = json.loads(body)
        elif of == 'application/x-www-form-urlencoded':
            told = dict(urllib.parse.parse_qsl(body.decode(), strict_parsing=True))
        else:
            head = b'Content-Type: ' + of.encode() + b'\\r\\n\\r\\n'
            form = email.message_from_bytes(head + body, policy=email.policy.HTTP)
            told = {
                part.get_param('name', header='content-disposition'):
                    [part.get_filename(), part.get('content-type'), part.get_payload(decode=True).decode('latin-1')]
                for part in form.iter_parts()
            }
        self.answer('gzip', gzip.compress(json.dumps(told).encode()))
    def log_message(self, *args): pass
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
print('port', server.server_port, flush=True)
server.serve_forever()
";

#[test]
fn python_s_codings() {
    let Some(python) = Real::python(Home::new(), &["-c", PYTHON]) else { return };
    let client = Client::new();
    let text: String = (0..5000).fold(String::new(), |text, n| text + &format!("line {n}\n"));
    for path in ["/gzip", "/members", "/deflate", "/raw", "/twice"] {
        assert!(client.get(python.url(path)).unwrap().send().unwrap().text().unwrap() == text, "{path}");
    }
    assert_eq!(client.stats().connections_opened, 1);
}

/// Python's own reading of what is sent.
#[test]
fn python_s_reading_of_forms() {
    let Some(python) = Real::python(Home::new(), &["-c", PYTHON]) else { return };
    let client = Client::new();
    let post = || client.post(python.url("/")).unwrap();
    let value = json!({ "text": "ü\n\"", "list": [1, 2.5, null] });
    assert_eq!(post().json(&value).send().unwrap().json::<Value>().unwrap(), value);
    let form = post().form(&[("a", "1 & 2"), ("ü", "=%\r\n")]).send().unwrap().json::<Value>().unwrap();
    assert_eq!(form, json!({ "a": "1 & 2", "ü": "=%\r\n" }));
    let file = Part::new(Body::from(vec![0xff, b'\r', b'\n', 0])).file_name("a b.png");
    let multipart = Form::new().text("a", "--x\r\n").part("f", file);
    let told = post().multipart(multipart).send().unwrap().json::<Value>().unwrap();
    let expected = json!({ "a": [null, null, "--x\r\n"], "f": ["a b.png", "image/png", "\u{ff}\r\n\0"] });
    assert_eq!(told, expected);
}

#[test]
fn httpbin_s_reading() {
    let Some(httpbin) = Real::httpbin() else { return };
    let client = Client::new();
    let get = |path: &str| client.get(httpbin.url(path)).unwrap();
    let told = |path: &str| get(path).send().unwrap().error_for_status().unwrap().json::<Value>().unwrap();
    assert_eq!(told("/gzip")["gzipped"], true);
    assert_eq!(told("/deflate")["deflated"], true);
    assert_eq!(told("/brotli")["brotli"], true);
    let query = get("/get").query(&[("q", "two words"), ("ü", "&")]).send().unwrap().json::<Value>().unwrap();
    assert_eq!(query["args"], json!({ "q": "two words", "ü": "&" }));
    assert_eq!(query["headers"]["Accept-Encoding"], "gzip,deflate,br,zstd");
    let post = || client.post(httpbin.url("/post")).unwrap();
    let json = post().json(&[1, 2]).send().unwrap().json::<Value>().unwrap();
    assert_eq!(json["json"], json!([1, 2]));
    let form = post().form(&[("a", "ü&")]).send().unwrap().json::<Value>().unwrap();
    assert_eq!(form["form"], json!({ "a": "ü&" }));
    let multipart = Form::new().text("a", "1").part("f", Part::new("content").file_name("f.txt"));
    let told = post().multipart(multipart).send().unwrap().json::<Value>().unwrap();
    assert_eq!((&told["form"], &told["files"]), (&json!({ "a": "1" }), &json!({ "f": "content" })));
    let teapot = get("/status/418").send().unwrap().error_for_status().unwrap_err();
    assert_eq!(teapot.status().unwrap(), 418);
    assert_eq!(get("/encoding/utf8").send().unwrap().text().unwrap().matches('∮').count(), 1);
}
