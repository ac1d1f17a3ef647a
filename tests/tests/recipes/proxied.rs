//! By tinyproxy, where it is installed.

use httpocean_testkit::server::{Reply, Server};
use httpocean_tests::real::Real;

use crate::recipe::proxy::by_proxy;

#[test]
fn a_host_goes_by_the_proxy_and_one_of_our_own_does_not() {
    let Some(proxy) = Real::tinyproxy(false) else { return };
    let server = Server::start(|_| Reply::ok("hello"));
    let client = by_proxy(&proxy.url("")).unwrap();
    for (host, goes_by_it) in [("127.0.0.1", true), ("localhost", false)] {
        let url = format!("http://{host}:{}/", server.addr().port());
        assert_eq!(client.get(url).unwrap().send().unwrap().body_mut().read_to_string(10).unwrap(), "hello");
        let last = server.requests().pop().unwrap();
        assert_eq!(last.request.header("via").is_some(), goes_by_it, "{host}");
    }
    assert!(by_proxy("gopher://proxy").is_err());
}
