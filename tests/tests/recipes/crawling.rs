//! A thousand hosts at one nginx.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use httpocean_std::dial::Pins;
use httpocean_tests::lock;
use httpocean_tests::real::{Home, Real, connections};

use crate::recipe::crawl::{Host, crawl, polite};

const HOSTS: usize = 1_000;

#[test]
fn a_thousand_hosts_have_a_connection_each_and_few_at_a_time() {
    let site = "location / { return 200 '$host $uri'; }  location /missing { return 404; }";
    let Some(nginx) = Real::nginx(Home::new(), site) else { return };
    let name = |n: usize| format!("host{n}.invalid");
    let pins =
        (0..HOSTS).try_fold(Pins::default(), |pins, n| pins.pin(&format!("{}:80", name(n)), [nginx.addr()]));
    let client = polite().pins(pins.unwrap()).build();
    let hosts =
        (0..HOSTS).map(|n| Host { name: name(n), paths: vec!["/a".into(), "/missing".into(), "/b".into()] });

    let pages = Mutex::new(BTreeMap::new());
    crawl(&client, hosts.collect(), 8, Duration::from_millis(1), |url, page| {
        let (status, body) = page.unwrap();
        lock(&pages).insert(url.to_owned(), (status, String::from_utf8(body).unwrap()));
        let stats = client.stats();
        assert!(stats.open <= 64, "{stats:?}");
    });

    let pages = pages.into_inner().unwrap();
    assert_eq!(pages.len(), 3 * HOSTS);
    for n in 0..HOSTS {
        let name = name(n);
        assert_eq!(pages[&format!("http://{name}/a")], (200, format!("{name} /a")));
        assert_eq!(pages[&format!("http://{name}/missing")].0, 404);
    }
    assert_eq!(connections(&nginx.nginx_log(3 * HOSTS)).len(), HOSTS);
    assert_eq!(client.stats().connections_opened, HOSTS as u64);
}
