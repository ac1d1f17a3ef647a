//! A name is looked up once at a time, and its addresses are kept for as long as somebody says.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use httpocean_std::ErrorKind;
use httpocean_testkit::server::{Reply, Server};
use httpocean_tests::{Names, On, at_rest, get, named, on_both_adapters, wait_until};

on_both_adapters!(
    "addresses":
    a_spike_to_one_host_is_one_look_up,
    a_failure_is_told_to_all_who_waited_and_not_kept,
    each_dial_looks_up_anew_unless_somebody_says_otherwise,
    addresses_are_kept_for_as_long_as_somebody_says,
);

fn a_spike_to_one_host_is_one_look_up(on: On) {
    let server = Server::start(|_| Reply::ok("fine"));
    let gate = Names::here();
    gate.shut();
    let client = on.builder().names(&gate).build();
    std::thread::scope(|scope| {
        let waiting: Vec<_> = (0..8).map(|_| scope.spawn(|| get(&client, &named(&server, "/")))).collect();
        wait_until("all are being connected", || client.stats().dialing == 8 && gate.held() == 1);
        gate.open();
        waiting.into_iter().for_each(|thread| assert_eq!(thread.join().unwrap(), "fine"));
    });
    at_rest(&client);
    // A thread that came too late to wait asked once more, behind the first.
    assert_eq!(gate.most_held(), 1);
}

fn a_failure_is_told_to_all_who_waited_and_not_kept(on: On) {
    let server = Server::start(|_| Reply::ok("fine"));
    // Whether a thread waits already nobody sees: one that is late asks anew.
    let told = (0..50).any(|_| {
        let gate = Names::pinned([]);
        gate.shut();
        let client = on.builder().names(&gate).names_for(Duration::from_secs(60)).build();
        let fail = || client.get(named(&server, "/")).send().map(drop).unwrap_err();
        std::thread::scope(|scope| {
            let waiting: Vec<_> = (0..3).map(|_| scope.spawn(fail)).collect();
            wait_until("all are being connected", || client.stats().dialing == 3 && gate.held() == 1);
            gate.open();
            for thread in waiting {
                let error = thread.join().unwrap();
                assert!(matches!(error.kind(), ErrorKind::Resolve(_)), "{error}");
            }
        });
        let asked = gate.asked();
        fail();
        assert_eq!((gate.asked(), gate.most_held()), (asked + 1, 1), "it is not kept");
        asked == 1
    });
    assert!(told, "some asked for themselves, each time");
}

fn each_dial_looks_up_anew_unless_somebody_says_otherwise(on: On) {
    let server = Server::start(|_| Reply::ok("fine").close());
    let names = Names::here();
    let client = on.builder().names(&names).build();
    for times in 1..=3 {
        get(&client, &named(&server, "/"));
        assert_eq!(names.asked(), times);
    }
}

fn addresses_are_kept_for_as_long_as_somebody_says(on: On) {
    let server = Server::start(|_| Reply::ok("fine").close());
    let names = Names::here();
    let client = on.builder().names(&names).names_for(Duration::from_secs(60)).build();
    for _ in 0..3 {
        get(&client, &named(&server, "/"));
    }
    assert_eq!((names.asked(), at_rest(&client).connections_opened), (1, 3));

    let short = on.builder().names(&names).names_for(Duration::from_millis(1)).build();
    for _ in 0..2 {
        get(&short, &named(&server, "/"));
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(names.asked(), 3);
}
