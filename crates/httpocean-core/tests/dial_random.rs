//! Whatever the answers of the addresses are and whenever they come, the race keeps its rules.
#![allow(clippy::unwrap_used)]

mod dialing;
mod support;

use std::net::SocketAddr;
use std::time::Duration;

use dialing::{ms, resolving};
use httpocean_core::dial::{Options, Route};
use httpocean_core::{DialStep, Error, ErrorKind, Instant, Io, TransportError};
use proptest::prelude::*;
use support::random::cases;

#[derive(Clone, Debug)]
struct Plan {
    /// Each address: whether it is IPv6, and after how long it answers what, if it does.
    addresses: Vec<(bool, Option<(u64, Answer)>)>,
    connect: Option<u64>,
    connect_each: Option<u64>,
    delay: u64,
    /// How much too long the driver sleeps, again and again.
    oversleeps: Vec<u64>,
}

type Answer = Result<(), TransportError>;

fn plans() -> impl Strategy<Value = Plan> {
    use TransportError::{Refused, TimedOut, Unreachable};
    let answer = prop_oneof![
        1 => Just(Ok(())),
        2 => prop_oneof![Just(Err(Refused)), Just(Err(Unreachable)), Just(Err(TimedOut))],
    ];
    let when = prop_oneof![Just(0), 1u64..1_500];
    let address = (any::<bool>(), prop::option::weighted(0.7, (when, answer)));
    let oversleeps =
        prop_oneof![2 => Just(vec![0]), 1 => prop::collection::vec(prop_oneof![Just(0), 1u64..700], 1..8)];
    (
        prop_oneof![9 => prop::collection::vec(address.clone(), 1..8), 1 => prop::collection::vec(address, 60..70)],
        prop::option::weighted(0.8, 0u64..4_000),
        prop::option::of(1u64..1_000),
        0u64..400,
        oversleeps,
    )
        .prop_map(|(addresses, connect, connect_each, delay, oversleeps)| Plan {
            addresses,
            connect,
            connect_each,
            delay,
            oversleeps,
        })
}

#[derive(Debug)]
struct Attempt {
    addr: SocketAddr,
    begun: Instant,
    /// When its answer comes, if it comes.
    due: Option<(Instant, Answer)>,
    /// When it was answered or abandoned, and why it failed if it did.
    over: Option<(Instant, Option<TransportError>)>,
    abandoned: bool,
}

#[derive(Debug)]
enum End {
    Ready,
    Failed(Error),
    /// Nothing is left that could happen.
    Forever,
}

struct Run {
    attempts: Vec<Attempt>,
    end: End,
    /// When it ended.
    at: Instant,
    /// When the driver should have stepped last.
    asked_for: Instant,
}

/// Numbers say where an address stood.
fn addr(number: usize, is_v6: bool) -> SocketAddr {
    if is_v6 { format!("[::{number}]:80") } else { format!("10.0.0.{number}:80") }.parse().unwrap()
}

fn run(plan: &Plan) -> Run {
    let millis = |limit: Option<u64>| limit.map(Duration::from_millis);
    let mut dial = resolving(Options {
        connect: millis(plan.connect),
        connect_each: millis(plan.connect_each),
        attempt_delay: Duration::from_millis(plan.delay),
        ..Options::default()
    });
    let found = plan.addresses.iter().enumerate().map(|(number, (is_v6, _))| addr(number, *is_v6));
    dial.resolved(Ok(Route::Addresses(found.collect())), ms(0));
    let (mut now, mut asked_for) = (ms(0), ms(0));
    let mut attempts: Vec<Attempt> = Vec::new();
    let mut oversleeps = plan.oversleeps.iter().cycle();
    let end = loop {
        match dial.step(&mut Io::default(), now) {
            DialStep::Connect { attempt, addr } => {
                assert_eq!(usize::from(attempt), attempts.len(), "numbers follow each other");
                let addr = addr.unwrap();
                let number = found_at(addr);
                let due = plan.addresses[number]
                    .1
                    .map(|(after, answer)| (now + Duration::from_millis(after), answer));
                attempts.push(Attempt { addr, begun: now, due, over: None, abandoned: false });
                answer_all(&mut dial, &mut attempts, now, |due| due.is_some_and(|(at, _)| at <= now));
            }
            DialStep::Abandon { attempt } => {
                let attempt = &mut attempts[usize::from(attempt)];
                assert!(attempt.over.is_none(), "abandoned, but over already: {attempt:?}");
                attempt.over = Some((now, Some(TransportError::TimedOut)));
                attempt.abandoned = true;
            }
            DialStep::Wait(want) => {
                assert!(want.until.is_none_or(|until| until > now), "a wait for the past");
                let due = attempts.iter().filter_map(|attempt| attempt.due).map(|(at, _)| at);
                let Some(at) = due.chain(want.until).min() else { break End::Forever };
                asked_for = at.max(now);
                now = asked_for + Duration::from_millis(*oversleeps.next().unwrap());
                answer_all(&mut dial, &mut attempts, now, |due| due.is_some_and(|(at, _)| at <= now));
            }
            DialStep::Ready(_) => break End::Ready,
            DialStep::Failed(error) => break End::Failed(error),
            DialStep::Resolve => panic!("resolved twice"),
        }
    };
    // What comes after the end changes nothing.
    answer_all(&mut dial, &mut attempts, now, |due| due.is_some());
    let later = dial.step(&mut Io::default(), now + Duration::from_secs(100));
    match end {
        End::Ready => assert!(matches!(later, DialStep::Wait(want) if want.until.is_none())),
        End::Failed(_) => assert!(matches!(later, DialStep::Failed(_))),
        End::Forever => {}
    }
    Run { attempts, end, at: now, asked_for }
}

fn found_at(addr: SocketAddr) -> usize {
    match addr.ip() {
        std::net::IpAddr::V4(ip) => usize::from(ip.octets()[3]),
        // Written in decimal digits, read as hexadecimal ones.
        std::net::IpAddr::V6(ip) => format!("{:x}", ip.segments()[7]).parse().unwrap(),
    }
}

/// Gives the answers that are due, also of those that were abandoned.
fn answer_all(
    dial: &mut httpocean_core::Dial,
    attempts: &mut [Attempt],
    now: Instant,
    is_due: impl Fn(Option<(Instant, Answer)>) -> bool,
) {
    let mut won = attempts.iter().any(|attempt| matches!(attempt.over, Some((_, None))));
    for (number, attempt) in attempts.iter_mut().enumerate() {
        if !is_due(attempt.due) {
            continue;
        }
        let Some((_, answer)) = attempt.due.take() else { continue };
        dial.connected(number as u8, answer, now);
        // After a winner nobody's answer counts: the others are going to be abandoned.
        if attempt.over.is_none() && !won {
            won |= answer.is_ok();
            attempt.over = Some((now, answer.err()));
        }
    }
}

/// The order of RFC 8305, said in another way: of each family in turn.
fn order(plan: &Plan) -> Vec<SocketAddr> {
    let all: Vec<SocketAddr> =
        plan.addresses.iter().enumerate().map(|(number, (is_v6, _))| addr(number, *is_v6)).collect();
    let (mut first, mut second): (Vec<_>, Vec<_>) =
        all.iter().partition(|addr| addr.is_ipv6() == all[0].is_ipv6());
    let mut order = Vec::new();
    while !first.is_empty() || !second.is_empty() {
        for family in [&mut first, &mut second] {
            if !family.is_empty() {
                order.push(family.remove(0));
            }
        }
    }
    order.truncate(64);
    order
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn the_race_keeps_its_rules(plan in plans()) {
        let Run { attempts, end, at, asked_for } = run(&plan);
        let tried: Vec<SocketAddr> = attempts.iter().map(|attempt| attempt.addr).collect();
        let order = order(&plan);
        prop_assert_eq!(&tried[..], &order[..tried.len()], "the order");

        let delay = Duration::from_millis(plan.delay.max(10));
        for pair in attempts.windows(2) {
            let gap = pair[1].begun - pair[0].begun;
            let failed = attempts.iter().any(|attempt| {
                attempt.over.is_some_and(|(when, why)| {
                    why.is_some() && pair[0].begun <= when && when <= pair[1].begun
                })
            });
            prop_assert!(gap >= delay || failed, "two attempts {gap:?} apart");
            prop_assert!(gap <= delay || plan.oversleeps != [0], "{gap:?} is too long a pause");
        }

        for (number, attempt) in attempts.iter().enumerate() {
            if let Some((when, Some(_))) = attempt.over {
                let mut later = attempts[number + 1..].iter().map(|attempt| attempt.begun).filter(|begun| *begun >= when);
                let at_once = later.clone().any(|begun| begun == when);
                prop_assert!(later.next().is_none() || at_once || plan.oversleeps != [0], "{attempt:?} and then nothing");
            }
        }

        let winners = attempts.iter().filter(|attempt| matches!(attempt.over, Some((_, None)))).count();
        match &end {
            End::Ready => {
                prop_assert_eq!(winners, 1);
                prop_assert!(attempts.iter().all(|attempt| attempt.over.is_some()), "{attempts:?}");
            }
            End::Failed(error) => {
                prop_assert_eq!(winners, 0);
                let mut told: Vec<_> =
                    error.attempts().iter().map(|failed| (failed.addr.unwrap(), failed.why)).collect();
                let mut known: Vec<_> =
                    attempts.iter().map(|attempt| (attempt.addr, attempt.over.unwrap().1.unwrap())).collect();
                told.sort_by_key(|(addr, _)| *addr);
                known.sort_by_key(|(addr, _)| *addr);
                prop_assert_eq!(told, known, "each address that was tried, with its reason");
                let all_tried = tried.len() == order.len();
                prop_assert!(all_tried || error.kind() == &ErrorKind::Timeout, "{error}");
            }
            End::Forever => prop_assert!(plan.connect.is_none(), "with a limit there is an end"),
        }
        if let Some(limit) = plan.connect {
            prop_assert!(asked_for <= ms(limit), "it should have ended by {limit} ms, and did at {at:?}");
            for attempt in &attempts {
                prop_assert!(attempt.begun < ms(limit), "begun too late: {attempt:?}");
            }
        }
        if let (Some(each), [0]) = (plan.connect_each, &plan.oversleeps[..]) {
            for attempt in &attempts[..attempts.len().min(order.len() - 1)] {
                let (over, _) = attempt.over.unwrap();
                prop_assert!(over - attempt.begun <= Duration::from_millis(each), "{attempt:?}");
            }
        }
    }
}
