//! Five warm connections, a connect of 150 ms, and fifty requests of 2 ms at once: a dial policy decides how many
//! connections that leaves open. Nobody waits for a dial, whatever it is.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use httpocean_std::pool::DialPolicy;
use httpocean_std::{Observed, Observer, pool};
use httpocean_testkit::server::{Reply, Request};
use httpocean_tests::{Names, On, Open, at_rest, get, named, on_both_adapters};

on_both_adapters!(a_dial_policy_decides_what_a_spike_leaves_open);

const WARM: usize = 5;
const REQUESTS: usize = 50;
const CONNECT: Duration = Duration::from_millis(150);

/// Counts the requests that waited for so long at least.
struct Patient(Duration, Arc<AtomicUsize>);

impl Observer for Patient {
    fn observe(&self, event: &Observed<'_>) {
        if let Observed::Granted { waited, .. } = event {
            self.1.fetch_add(usize::from(*waited >= self.0), SeqCst);
        }
    }
}

fn answer(request: &Request) -> Reply {
    match request.target.as_str() {
        "/warm" => Reply::generated(100_000),
        _ => Reply::ok("served").pause(Duration::from_millis(2)),
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

fn spike(on: On, dial: DialPolicy) -> Outcome {
    let server = on.serve(answer);
    let (names, patient, sockets) = (Names::here(), Arc::new(AtomicUsize::new(0)), Open::default());
    let delay = if let DialPolicy::Wait(delay) = dial { delay } else { Duration::ZERO };
    let client = on
        .builder()
        .pool(pool::Options { dial, ..pool::Options::default() })
        .names(&names)
        .counted(&sockets)
        .observer(Patient(delay, patient.clone()))
        .build();
    // A response that is not read yet keeps its connection.
    let warm: Vec<_> = (0..WARM).map(|_| client.get(named(&server, "/warm")).send().unwrap()).collect();
    for response in warm {
        response.into_body().read_to_vec(100_000).unwrap();
    }
    assert_eq!(at_rest(&client).idle, WARM);
    names.slow_down(CONNECT);
    patient.store(0, SeqCst);
    let (begin, url) = (Barrier::new(REQUESTS), named(&server, "/"));
    let one = || {
        begin.wait();
        let start = Instant::now();
        assert_eq!(get(&client, &url), "served");
        start.elapsed()
    };
    let mut took: Vec<_> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..REQUESTS).map(|_| scope.spawn(one)).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    took.sort();
    let stats = at_rest(&client);
    let dials = stats.connections_opened - WARM as u64;
    Outcome { dials, most: sockets.peak(), open: stats.open, patient: patient.load(SeqCst), took }
}

fn a_dial_policy_decides_what_a_spike_leaves_open(on: On) {
    let wait = |ms| DialPolicy::Wait(Duration::from_millis(ms));
    for dial in [DialPolicy::Eager, wait(5), wait(20), wait(50)] {
        let Outcome { dials, most, open, patient, took } = spike(on, dial);
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
