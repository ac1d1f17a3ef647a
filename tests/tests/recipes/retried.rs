//! A server that is in trouble for a moment, and one that stays so.

use httpocean_tests::real::Real;

use crate::recipe::retry::{persistent, report};

const HANDLER: &str = "(request, response) => {
    server.asked = (server.asked || 0) + 1;
    const busy = request.url === '/down' || server.asked % 3 !== 0;
    response.writeHead(busy ? 503 : 200);
    response.end(busy ? 'busy' : 'here you are');
}";

#[test]
fn a_moment_of_trouble_is_waited_out_and_told() {
    let Some(node) = Real::node(HANDLER, "") else { return };
    let (page, hops) = report(&persistent(), &node.url("/")).unwrap();
    assert_eq!(page, "here you are");
    assert_eq!(hops.len(), 2, "{hops:?}");
    assert!(hops[0].starts_with("Some(503): "), "{hops:?}");
}

#[test]
fn what_stays_down_is_asked_six_times() {
    let Some(node) = Real::node(HANDLER, "") else { return };
    let (page, hops) = report(&persistent(), &node.url("/down")).unwrap();
    assert_eq!((page.as_str(), hops.len()), ("busy", 5));
}
