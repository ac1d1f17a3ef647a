//! Five warm connections, a connect of 150 ms, and fifty requests of 2 ms at once: a dial policy decides how many
//! connections that leaves open. Nobody waits for a dial, whatever it is.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a test that cannot go on fails")]

mod support;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use httpocean_mio::pool::DialPolicy;
use httpocean_mio::{BodyPlan, CallId, Event, Key, Loop, Observed, Observer, Options, Resolve, pool};
use httpocean_testkit::server::{Reply, Request, Server};
use support::{get, turn_until};

const WARM: usize = 5;
const REQUESTS: usize = 50;
const CONNECT: Duration = Duration::from_millis(150);

/// Finds one address, and takes its time once it is told to: a dial takes as long.
struct Slow(SocketAddr, AtomicBool);

impl Resolve for Slow {
    fn resolve(&self, _: &Key) -> std::io::Result<Vec<SocketAddr>> {
        if self.1.load(SeqCst) {
            std::thread::sleep(CONNECT);
        }
        Ok(vec![self.0])
    }
}

/// Counts the requests that waited for so long at least.
struct Patient(Duration, AtomicUsize);

impl Observer for Patient {
    fn observe(&self, event: &Observed<'_>) {
        if let Observed::Granted { waited, .. } = event {
            self.1.fetch_add(usize::from(*waited >= self.0), SeqCst);
        }
    }
}

/// What the spike came to.
struct Outcome {
    dials: u64,
    /// Open or being opened, at once.
    most: usize,
    open: usize,
    /// Requests that waited as long as the policy says, or longer.
    patient: usize,
    /// Of each request, in order of length.
    took: Vec<Duration>,
}

fn start(looped: &mut Loop) -> CallId {
    looped.client().start(get("http://spike.test/"), BodyPlan::empty()).unwrap()
}

/// A call that is paused keeps its connection: each of them needs one of its own.
fn warm_up(looped: &mut Loop) {
    let calls: Vec<_> = (0..WARM).map(|_| start(looped)).collect();
    let mut heads = 0;
    while heads < WARM {
        let (call, event) = looped.next_event().unwrap().unwrap();
        if matches!(event, Event::Head(_)) {
            heads += 1;
            looped.client().pause(call);
        }
    }
    for call in calls {
        looped.client().resume(call);
    }
    assert!(turn_until(looped, |looped| looped.client().stats().idle == WARM));
}

fn spike(dial: DialPolicy) -> Outcome {
    let answer = |_: &Request| Reply::ok("served").pause(Duration::from_millis(2));
    let server = Server::start(answer);
    let resolver = Arc::new(Slow(server.addr(), AtomicBool::new(false)));
    let delay = if let DialPolicy::Wait(delay) = dial { delay } else { Duration::ZERO };
    let patient = Arc::new(Patient(delay, AtomicUsize::new(0)));
    let options = Options {
        pool: pool::Options { dial, ..pool::Options::default() },
        resolver: resolver.clone(),
        resolver_threads: 16,
        observer: Some(patient.clone()),
        ..Options::default()
    };
    let mut looped = Loop::new(options).unwrap();
    warm_up(&mut looped);
    resolver.1.store(true, SeqCst);
    patient.1.store(0, SeqCst);
    let begun: BTreeMap<_, _> = (0..REQUESTS).map(|_| (start(&mut looped), Instant::now())).collect();
    let (mut took, mut most) = (Vec::new(), WARM);
    while let Some((call, event)) = looped.next_event().unwrap() {
        match event {
            Event::End { .. } => took.push(begun[&call].elapsed()),
            Event::Failed(error) => panic!("{error}"),
            _ => {}
        }
        most = most.max(looped.client().stats().open);
    }
    took.sort();
    let rested = turn_until(&mut looped, |looped| {
        let stats = looped.client().stats();
        stats.dialing == 0 && stats.open == stats.idle
    });
    let stats = looped.client().stats();
    assert!(rested, "{stats:?}");
    let dials = stats.connections_opened - WARM as u64;
    Outcome { dials, most, open: stats.open, patient: patient.1.load(SeqCst), took }
}

#[test]
fn a_dial_policy_decides_what_a_spike_leaves_open() {
    let wait = |ms| DialPolicy::Wait(Duration::from_millis(ms));
    for dial in [DialPolicy::Eager, wait(5), wait(20), wait(50)] {
        let Outcome { dials, most, open, patient, took } = spike(dial);
        assert_eq!(took.len(), REQUESTS);
        let (median, slowest) = (took[REQUESTS / 2], took[REQUESTS - 1]);
        println!(
            "{dial:?}: {dials} dials, {most} open at most, {open} after; median {median:?}, {slowest:?}"
        );
        let options = pool::Options::default();
        assert!(dials as usize <= options.max_dials_per_key, "{dials} dials");
        assert!(most <= WARM + dials as usize && open <= options.max_idle_per_key, "{most}, {open}");
        if dial == DialPolicy::Eager {
            assert!(dials > 0, "forty-five found no connection");
        } else {
            assert!(dials as usize <= patient, "{dials} dials for {patient} requests that waited so long");
        }
    }
}
