//! A body goes along where the method stays, whole; where it does not, nothing of it goes, and none of the fields that
//! describe it (T19).
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod secrets;

use httpocean_core::policy::redirect::NotFollowed;
use httpocean_std::{ErrorKind, Sent};
use httpocean_tests::{Body, On, Sites, on_both_adapters};
use secrets::*;

on_both_adapters!("origins": all_of_it_or_nothing, what_can_be_read_once_goes_to_one_origin);

const DESCRIBING: [(&str, &str); 9] = [
    ("content-type", "text/plain"),
    ("content-encoding", "identity"),
    ("content-language", "en"),
    ("content-location", "/of-the-body"),
    ("content-md5", "x"),
    ("content-anything", "x"),
    ("digest", "x"),
    ("repr-digest", "x"),
    ("last-modified", "yesterday"),
];

fn all_of_it_or_nothing(on: On) {
    let names = ["a.test:80", "b.test:80"];
    let mut combinations = 0;
    for method in METHODS {
        for status in STATUSES {
            for chunked in [false, true] {
                for location in ["/1", "http://b.test/1"] {
                    let sites = Sites::named(&names);
                    let client = client(on, &sites, true);
                    sites.redirect(status, [location]);
                    let mut request = client.request(method.clone(), "http://a.test/0");
                    for (name, value) in DESCRIBING {
                        request = request.header(name, value);
                    }
                    if chunked {
                        request = request.header("transfer-encoding", "chunked");
                    }
                    request.body("content").send().unwrap().body_mut().read_to_vec(100).unwrap();

                    let becomes_get = match status {
                        301 | 302 => method == "POST",
                        303 => method != "HEAD" && method != "GET",
                        _ => false,
                    };
                    let dropped = becomes_get || status == 303;
                    let site = if location == "/1" { names[0] } else { names[1] };
                    let received = sites.server(site).unwrap().requests().pop().unwrap();
                    let what = format!("{method} {status} {chunked} {location}");
                    let wanted = if becomes_get { "GET" } else { method.as_str() };
                    assert_eq!(received.request.method, wanted, "{what}");
                    assert_eq!(received.body, if dropped { &b""[..] } else { b"content" }, "{what}");
                    let framing = ["content-length", "transfer-encoding"];
                    let has = |name: &str| received.request.header(name).is_some();
                    assert_eq!(framing.map(has), [!dropped && !chunked, !dropped && chunked], "{what}");
                    for (name, _) in DESCRIBING {
                        assert_eq!(has(name), !dropped, "{name}: {what}");
                    }
                    // What it left on the connection would be the next request's beginning.
                    client.get(format!("http://{}/", site.trim_end_matches(":80"))).send().unwrap();
                    assert_eq!(sites.take().len(), 3, "{what}");
                    combinations += 1;
                }
            }
        }
    }
    println!("{combinations} combinations of method, status, framing and target");
}

fn what_can_be_read_once_goes_to_one_origin(on: On) {
    for status in [307, 308] {
        let sites = Sites::named(&["a.test:80", "b.test:80"]);
        let client = client(on, &sites, true);
        sites.redirect(status, ["http://b.test/1"]);
        let body = Body::from_reader(&b"content"[..]);
        let error = client.put("http://a.test/0").body(body).send().unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Redirect(NotFollowed::BodyNotReplayable));
        assert_eq!((error.sent(), error.status().unwrap().as_u16()), (Sent::All, status));
        assert_eq!(sites.server("b.test:80").unwrap().stats().accepted, 0);
    }
}
