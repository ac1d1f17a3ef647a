//! A large file from nginx. Alone here, because the memory of a whole process is looked at.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use http::header;
use httpocean_tests::real::{Blocks, Home, Real, connections, peak_memory};
use httpocean_tests::{On, on_both_adapters};

on_both_adapters!("real": a_hundred_megabytes_come_through_little_memory,);

fn a_hundred_megabytes_come_through_little_memory(on: On) {
    const SIZE: u64 = 100 * 1024 * 1024;
    let home = Home::new();
    Blocks::new(SIZE).write_to(&home.www("large")).unwrap();
    let Some(nginx) = Real::nginx(home, "") else { return };
    let client = on.client();
    for _ in 0..2 {
        let mut response = client.get(nginx.url("/large")).send().unwrap();
        assert_eq!(response.headers()[header::CONTENT_LENGTH], SIZE.to_string());
        Blocks::new(SIZE).compare(response.body_mut());
    }
    assert_eq!(client.stats().connections_opened, 1);
    assert_eq!(connections(&nginx.nginx_log(2)).len(), 1);
    if let Some(peak) = peak_memory() {
        assert!(peak < SIZE / 2, "{peak} bytes of memory at the peak");
    }
}
