//! A host can be pinned to addresses of the user's choice; what is sent stays the same.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use httpocean_std::Config;
use httpocean_std::dial::Pins;
use httpocean_testkit::server::{Reply, Server};
use httpocean_tests::{On, get, on_both_adapters};

on_both_adapters!(
    "addresses":
    a_pinned_host_is_asked_under_its_own_name,
    a_redirect_to_a_pinned_host_goes_there_as_well,
);

fn pinned(on: On, pins: Pins) -> httpocean_tests::Client {
    let mut config = Config::default();
    config.dial.pins = pins;
    on.builder().config(config).build()
}

fn a_pinned_host_is_asked_under_its_own_name(on: On) {
    let server = Server::start(|_| Reply::ok("pinned"));
    // Nobody could look that name up.
    let client = pinned(on, Pins::default().pin("shop.invalid:80", [server.addr()]).unwrap());
    assert_eq!(get(&client, "http://shop.invalid/cart"), "pinned");
    assert_eq!(get(&client, "http://shop.invalid/cart"), "pinned");
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    for received in requests {
        assert_eq!(received.request.header("host"), Some(&b"shop.invalid"[..]));
        assert_eq!(received.request.target, "/cart");
    }
    assert_eq!(client.stats().connections_opened, 1);
}

fn a_redirect_to_a_pinned_host_goes_there_as_well(on: On) {
    let there = Server::start(|_| Reply::ok("there"));
    let here = Server::start(|_| Reply::status(302, "Found").header("location", "http://there.invalid:81/"));
    let pins = Pins::default().pin("there.invalid:81", [there.addr()]).unwrap();
    assert_eq!(get(&pinned(on, pins), &here.url("/")), "there");
    assert_eq!(there.requests()[0].request.header("host"), Some(&b"there.invalid:81"[..]));
}
