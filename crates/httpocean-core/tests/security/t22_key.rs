//! T22: two requests share a connection only if all that makes a connection what it is is the same for both.

use std::sync::Arc;

use httpocean_core::dial::{self, AddressFilter};
use httpocean_core::{BodyPlan, Call, Config, Instant, Key, Pool, PoolCommand, pool};

use crate::common::conn;

/// One request in its variants: each differs from the first in one thing alone.
fn variants() -> Vec<(&'static str, &'static str, Config)> {
    let config = Config::default;
    vec![
        ("the same", "http://a.test/", config()),
        ("scheme", "https://a.test:80/", config()),
        ("host", "http://b.test/", config()),
        ("subdomain", "http://www.a.test/", config()),
        ("port", "http://a.test:81/", config()),
        ("partition", "http://a.test/", Config { partition: 1, ..config() }),
        ("another partition", "http://a.test/", Config { partition: 2, ..config() }),
        ("local address", "http://a.test/", Config { local: "127.0.0.2".parse().ok(), ..config() }),
        ("local address of 6", "http://a.test/", Config { local: "::1".parse().ok(), ..config() }),
    ]
}

fn key(url: &str, config: Config) -> Key {
    let request = http::Request::get(url).body(()).unwrap();
    Call::new(request, BodyPlan::empty(), &Arc::new(config), Instant::ZERO).unwrap().key().clone()
}

#[test]
fn t22_whatever_differs_makes_another_key() {
    for (i, (what, url, config)) in variants().into_iter().enumerate() {
        let one = key(url, config.clone());
        assert_eq!(one, key(url, config), "{what}");
        for (other_what, url, config) in variants().into_iter().skip(i + 1) {
            assert_ne!(one, key(url, config), "{what}, {other_what}");
        }
    }
}

#[test]
fn t22_an_idle_connection_serves_its_own_key_alone() {
    let now = Instant::ZERO;
    for (idle_what, url, config) in variants() {
        let mut pool = Pool::<_, ()>::new(pool::Options::default());
        pool.acquire(&key(url, config), pool::Demand::default(), now);
        let Some(PoolCommand::Dial { lease }) = pool.poll(now) else { panic!("{idle_what}") };
        pool.dialed(lease, conn(), now);
        let Some(PoolCommand::Grant { lease, parked, .. }) = pool.poll(now) else { panic!("{idle_what}") };
        pool.release(lease, parked, pool::Fate::REUSABLE, now);
        for (what, url, config) in variants() {
            let waiter = pool.acquire(&key(url, config), pool::Demand::default(), now);
            match pool.poll(now) {
                Some(PoolCommand::Grant { lease, parked, .. }) if what == idle_what => {
                    pool.release(lease, parked, pool::Fate::REUSABLE, now);
                }
                Some(PoolCommand::Dial { lease }) if what != idle_what => {
                    pool.dial_failed(lease, (), now);
                    assert!(
                        matches!(pool.poll(now), Some(PoolCommand::Refuse { waiter: of, .. }) if of == waiter)
                    );
                }
                other => panic!("{what} of {idle_what}: {other:?}"),
            }
        }
    }
}

#[test]
fn t22_a_key_says_what_is_in_it() {
    let local = "127.0.0.2".parse().ok();
    let own = key("https://a.test:80/", Config { local, partition: 7, ..Config::default() });
    assert_eq!((own.scheme().as_str(), own.host(), own.port()), ("https", "a.test", 80));
    assert_eq!((own.local(), own.partition()), (local, 7));
    assert_eq!(format!("{own:?}, {own}"), "Key(https://a.test:80), https://a.test:80");
}

/// A dial is made for whoever comes first. So what is not in the key, and says how one is made, can't differ.
#[test]
fn t22_what_a_connection_may_be_connected_to_is_the_same_for_all_who_share_it() {
    let strict = || dial::Options {
        filter: AddressFilter::new(|addr| !addr.ip().is_loopback()),
        ..Default::default()
    };
    let with = |dial| Arc::new(Config { dial, ..Config::default() });
    let (open, ours) = (with(dial::Options::default()), with(strict()));
    let brings = |own: &Arc<Config>| {
        let mut extensions = http::Extensions::new();
        extensions.insert(own.clone());
        extensions
    };
    assert!(open.of_request(&brings(&ours)).is_err(), "it would not be heeded");
    assert!(ours.of_request(&brings(&with(strict()))).is_err(), "another function");
    assert!(Arc::ptr_eq(ours.of_request(&brings(&ours)).unwrap(), &ours));
    assert!(
        Arc::ptr_eq(ours.of_request(&brings(&open)).unwrap(), &open),
        "the client's is heeded all the same"
    );
    assert!(Arc::ptr_eq(ours.of_request(&http::Extensions::new()).unwrap(), &ours));
}

/// A half-made connection is nobody's (T23): only what was dialed is granted.
#[test]
fn t23_what_is_still_being_made_is_not_handed_out() {
    let (now, key) = (Instant::ZERO, key("http://a.test/", Config::default()));
    let mut pool = Pool::<_, ()>::new(pool::Options::default());
    pool.acquire(&key, pool::Demand::default(), now);
    let Some(PoolCommand::Dial { lease }) = pool.poll(now) else { panic!("no dial") };
    pool.acquire(&key, pool::Demand::default(), now);
    let Some(PoolCommand::Dial { lease: other }) = pool.poll(now) else { panic!("no second dial") };
    assert!(pool.poll(now).is_none() && pool.counts().idle == 0);
    pool.dial_failed(other, (), now);
    assert!(matches!(pool.poll(now), Some(PoolCommand::Refuse { .. })));
    assert!(pool.poll(now).is_none());
    pool.dialed(lease, conn(), now);
    assert!(matches!(pool.poll(now), Some(PoolCommand::Grant { .. })));
}
