//! Threads that share a client: how often they meet does not grow with how many they are, and nobody is woken for nothing.
#![allow(clippy::unwrap_used, unreachable_pub)]

use std::sync::Barrier;
use std::time::Duration;

use httpocean_std::{Client, Contention, pool};
use httpocean_testkit::server::{Reply, Server};

const REQUESTS: usize = 20;

/// So many threads make [`REQUESTS`] requests each by one client that has so many connections and may not have more: what
/// that took of what they share.
fn shared_by(threads: usize, connections: usize) -> Contention {
    let server = Server::start(|_| Reply::ok("hello"));
    let url = server.url("/");
    let pool = pool::Options {
        max_per_key: connections,
        max_idle_per_key: connections,
        max_dials: connections,
        max_dials_per_key: connections,
        idle: Duration::from_secs(3_600),
        ..pool::Options::default()
    };
    let client = Client::builder().pool(pool).build();
    warm(&client, &url, connections);
    let before = client.contention();
    let at_once = Barrier::new(threads);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                at_once.wait();
                for _ in 0..REQUESTS {
                    let mut response = client.get(&url).unwrap().send().unwrap();
                    assert_eq!(response.body_mut().read_to_string(10).unwrap(), "hello");
                }
            });
        }
    });
    assert_eq!(client.stats().connections_opened, connections as u64, "nothing was dialed in the meantime");
    let after = client.contention();
    Contention {
        locks: after.locks - before.locks,
        waits: after.waits - before.waits,
        sleeps: after.sleeps - before.sleeps,
        wakes: after.wakes - before.wakes,
    }
}

/// Makes so many connections, and leaves them idle.
fn warm(client: &Client, url: &str, connections: usize) {
    let (all, done) = (Barrier::new(connections), Barrier::new(connections));
    std::thread::scope(|scope| {
        for _ in 0..connections {
            scope.spawn(|| {
                let response = client.get(url).unwrap().send().unwrap();
                all.wait();
                assert!(response.into_body().finish().unwrap());
                done.wait();
            });
        }
    });
    assert_eq!(client.stats().idle, connections);
}

/// The key, the connection, the end of it. Threads that dialed before go to sleep, or end, in the meantime.
#[track_caller]
fn assert_three_each(met: Contention, threads: usize, dialed: usize) {
    let (least, dialers) = (3 * threads * REQUESTS, 3 * dialed);
    let expected = least as u64..=(least + dialers) as u64;
    assert!(expected.contains(&met.locks), "{threads} threads, {dialed} connections: {met:?}");
}

#[test]
fn a_request_takes_three_locks_however_many_threads_there_are() {
    for threads in [1, 8, 64] {
        let met = shared_by(threads, threads);
        assert_three_each(met, threads, threads);
        assert_eq!((met.sleeps, met.wakes), (0, 0), "{threads} threads: there is a connection for each");
        assert!(met.waits <= met.locks && (threads > 1 || met.waits == 0), "{threads} threads: {met:?}");
    }
}

#[test]
fn who_waits_for_a_connection_is_woken_once_by_the_one_that_comes_free() {
    for (threads, connections) in [(8, 2), (64, 8)] {
        let met = shared_by(threads, connections);
        let requests = (threads * REQUESTS) as u64;
        // They began at once, so all but as many as there are connections had to wait at least once.
        assert!(met.sleeps >= (threads - connections) as u64 && met.sleeps <= requests, "{met:?}");
        assert!(met.wakes <= met.sleeps, "{threads} threads, {connections} connections: {met:?}");
        assert_three_each(met, threads, connections);
    }
}
