//! However a request of httpocean-std is put together, another origin is told no secret of it, and nobody who prints
//! it is (T16, T26).
//!
//! Alone with that adapter: the other one takes a request of the `http` crate, and nothing else.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use http::{HeaderMap, HeaderName, HeaderValue, Request};
use httpocean_core::policy::redirect::Redirects;
use httpocean_std::{Body, Client, Config, RequestBuilder};
use httpocean_testkit::server::{Received, Reply, Request as Asked, Server};

const SECRETS: [&str; 4] = ["authorization", "cookie", "proxy-authorization", "x-api-key"];

/// One that redirects to the next, and that one; `x-api-key` is listed by the client or by the request.
struct Pair {
    from: Server,
    to: Server,
}

impl Pair {
    fn new() -> Self {
        let to = Server::start(|_| Reply::ok("there"));
        let location = to.url("/there");
        let from = Server::start(move |asked: &Asked| match asked.target.as_str() {
            "/first" => Reply::status(307, "Elsewhere").header("location", "/second"),
            _ => Reply::status(307, "Elsewhere").header("location", location.as_bytes()),
        });
        Self { from, to }
    }

    fn url(&self) -> String {
        self.from.url("/first")
    }

    /// How many fields are secret, and how many are not, in each of the requests.
    fn told(&self) -> Vec<(usize, usize)> {
        let count = |received: Received| {
            let has = |name: &&str| received.request.header(name).is_some();
            (
                SECRETS.iter().filter(|name| has(name)).count(),
                ["accept"].iter().filter(|name| has(name)).count(),
            )
        };
        self.from.requests().into_iter().chain(self.to.requests()).map(count).collect()
    }
}

fn fields() -> HeaderMap {
    let secrets = SECRETS.map(|name| (HeaderName::from_static(name), HeaderValue::from_static("hunter2")));
    let public = (HeaderName::from_static("accept"), HeaderValue::from_static("*/*"));
    secrets.into_iter().chain([public]).collect()
}

fn one_by_one(mut request: RequestBuilder) -> RequestBuilder {
    for (name, value) in fields() {
        request = request.header(name.unwrap(), value);
    }
    request
}

fn listed() -> Redirects {
    Redirects { sensitive: vec![HeaderName::from_static("x-api-key")], ..Redirects::default() }
}

type Way = fn(&Client, &str);

#[test]
fn every_way_to_send_a_request() {
    let ways: [(&str, Way); 9] = [
        ("get", |client, url| drop(one_by_one(client.get(url).unwrap()).send().unwrap())),
        ("head", |client, url| drop(one_by_one(client.head(url).unwrap()).send().unwrap())),
        ("post", |client, url| drop(one_by_one(client.post(url).unwrap()).body("content").send().unwrap())),
        ("put", |client, url| drop(one_by_one(client.put(url).unwrap()).body("content").send().unwrap())),
        ("delete", |client, url| drop(one_by_one(client.delete(url).unwrap()).send().unwrap())),
        ("a map", |client, url| drop(client.get(url).unwrap().headers(fields()).send().unwrap())),
        ("redirects", |client, url| {
            drop(client.get(url).unwrap().redirects(listed()).headers(fields()).send().unwrap());
        }),
        ("config", |client, url| {
            let config = Config { redirects: listed(), ..Config::default() };
            drop(client.get(url).unwrap().config(config).headers(fields()).send().unwrap());
        }),
        ("a request of http", |client, url| {
            let mut request = Request::get(url).body(Body::empty()).unwrap();
            *request.headers_mut() = fields();
            drop(client.send(request).unwrap());
        }),
    ];
    for (what, send) in ways {
        let pair = Pair::new();
        let by_itself = ["redirects", "config"].contains(&what);
        let redirects = if by_itself { Redirects::default() } else { listed() };
        let client = Client::builder().config(Config { redirects, ..Config::default() }).build();
        send(&client, &pair.url());
        assert_eq!(pair.told(), [(4, 1), (4, 1), (0, 1)], "{what}");
    }
}

#[test]
fn what_prints_a_request_prints_no_secret() {
    let request = Client::new().get("http://user:hunter2@a.test/path?key=hunter2").unwrap();
    let printed = format!("{:?}", one_by_one(request));
    for part in ["a.test", "/path", "authorization", "x-api-key"] {
        assert!(printed.contains(part), "{part}: {printed}");
    }
    assert!(!printed.contains("hunter2"), "{printed}");
}

#[test]
fn what_is_no_url_is_told_without_what_may_be_a_password() {
    for url in
        ["http://user:hunter2 @a.test/", "http://user:hunter2@a.test:x/\n", "http://u:hunt/hunter2@a b/"]
    {
        let error = Client::new().get(url).unwrap_err();
        let told = format!("{error} {error:?}");
        assert!(!told.contains("hunter2") && told.starts_with("...@a"), "{told}");
    }
}
