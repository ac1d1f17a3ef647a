//! What becomes of one call is nothing to the others (I17 to I20).

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use httpocean_core::{
    BodyPlan, CallId, Config, ConnId, Engine, ErrorKind, Event, Instant, Task, TransportError, call, pool,
};
use httpocean_testkit::sim::{Act, Connect, Host, Reply, Sim, Visit};

use crate::ms;

/// I17: one of six gives up at some time; the others are served as they would be, in the same order.
#[test]
fn i17_cancel_is_a_no_op_for_others() {
    for victim in 0..6 {
        let calm = order_of_the_others(victim, None);
        assert_eq!(calm.len(), 5);
        for millis in 0..60 {
            let order = order_of_the_others(victim, Some(millis));
            assert_eq!(order, calm, "{victim} gives up after {millis} ms");
        }
    }
}

fn order_of_the_others(victim: usize, gives_up: Option<u64>) -> Vec<String> {
    let options = pool::Options { max_per_key: 2, ..pool::Options::default() };
    let mut sim = Sim::with(1, options, Config::default());
    let heard = Rc::new(RefCell::new(Vec::new()));
    let log = heard.clone();
    let host = Host::new(move |request| {
        log.borrow_mut().push(request.target.clone());
        Reply::ok(vec![b'x'; 200]).after(ms(5)).dribble(40, ms(2))
    });
    sim.host("a.test", host.connects_in(ms(3)));
    let calls: Vec<_> =
        (0..6).map(|n| sim.start_in(ms(n), Visit::get(&format!("http://a.test/{n}")))).collect();
    if let Some(millis) = gives_up {
        sim.act_in(ms(millis), calls[victim], Act::Cancel);
    }
    sim.run();
    let others = calls.iter().enumerate().filter(|(n, _)| *n != victim);
    for (n, call) in others {
        assert!(sim.answer(*call).is_whole(), "{n}: {:?}", sim.answer(*call));
    }
    let victim = format!("/{victim}");
    heard.borrow().iter().filter(|target| **target != victim).cloned().collect()
}

/// I18: those who gave up leave nothing in the queue, though nobody gets to the front of it.
#[test]
fn i18_the_queue_holds_no_more_than_twice_what_lives() {
    let options = pool::Options { max_per_key: 2, ..pool::Options::default() };
    let mut engine = Engine::new(options, Arc::default());
    let first = begin(&mut engine, &Arc::default());
    let rest = engine.counts();
    for _ in 0..10_000 {
        let call = begin(&mut engine, &Arc::default());
        engine.cancel(call, NOW);
        while engine.next_task(NOW).is_some() {}
        let counts = engine.counts();
        assert!(counts.words <= rest.words + 64 && counts.timers <= 64, "{counts:?}");
        assert_eq!((counts.waiting, engine.calls()), (1, 1));
    }
    assert!(engine.call(first).is_some());
}

/// I19: of several who wait as many fail as dials did, and only those whose dials they were.
#[test]
fn i19_failure_isolation() {
    for users in 1..6 {
        for fails in 0..4 {
            let connect = |result| Connect { after: Some(ms(5)), result };
            let refused = (0..fails).map(|_| connect(Err(TransportError::Refused)));
            let host = Host::new(|_| Reply::ok("hi").after(ms(2)));
            let mut sim =
                Sim::with(1, pool::Options { max_dials_per_key: 1, ..Default::default() }, Config::default());
            sim.host("a.test", host.connects(refused.chain([connect(Ok(()))])));
            let calls: Vec<_> = (0..users).map(|_| sim.start(Visit::get("http://a.test/"))).collect();
            sim.run();
            let failed: Vec<_> = calls.iter().map(|call| !sim.answer(*call).is_whole()).collect();
            let expected: Vec<_> = (0..users).map(|n| n < fails).collect();
            assert_eq!(failed, expected, "{users} wait, {fails} dials fail");
        }
    }
}

const NOW: Instant = Instant::from_micros(1_000);

fn begin(engine: &mut Engine, config: &Arc<Config>) -> CallId {
    let mut request = http::Request::get("http://a.test/").body(()).unwrap();
    request.extensions_mut().insert(config.clone());
    engine.start(request, BodyPlan::empty(), NOW).unwrap()
}

fn failure(task: Option<Task>) -> Option<(CallId, ErrorKind)> {
    if let Some(Task::Event { call, event: Event::Failed(error) }) = task {
        return Some((call, error.kind().clone()));
    }
    None
}

/// All that fail from now on.
fn failures(engine: &mut Engine, now: Instant) -> Vec<(CallId, ErrorKind)> {
    let mut all = Vec::new();
    while let Some(task) = engine.next_task(now) {
        all.extend(failure(Some(task)));
    }
    all
}

/// I20: two are over at one moment, and the first asks again before the second is told.
#[test]
fn i20_who_comes_in_reaction_to_a_deadline_is_not_swept_away() {
    let mut engine = Engine::new(pool::Options::default(), Arc::default());
    let options = call::Options { total: Some(ms(5)), ..call::Options::default() };
    let brief = Arc::new(Config { call: options, ..Config::default() });
    let calls = [begin(&mut engine, &brief), begin(&mut engine, &brief)];
    assert_eq!(failures(&mut engine, NOW), []);
    let later = NOW + ms(5);
    let first = std::iter::from_fn(|| engine.next_task(later)).find_map(|task| failure(Some(task)));
    assert_eq!(first, Some((calls[0], ErrorKind::Timeout)));
    let again = begin(&mut engine, &Arc::default());
    assert_eq!(failures(&mut engine, later), [(calls[1], ErrorKind::Timeout)]);
    assert!(engine.call(again).is_some());
}

/// I20: the same with dials that fail.
#[test]
fn i20_who_comes_in_reaction_to_a_failed_dial_is_not_swept_away() {
    let mut engine = Engine::new(pool::Options::default(), Arc::default());
    let calls = [begin(&mut engine, &Arc::default()), begin(&mut engine, &Arc::default())];
    let mut dials: Vec<ConnId> = Vec::new();
    while let Some(task) = engine.next_task(NOW) {
        if let Task::Resolve(conn) = task {
            dials.push(conn);
        }
    }
    for dial in &dials {
        engine.resolved(*dial, Err(TransportError::NotFound), NOW);
    }
    let first = std::iter::from_fn(|| engine.next_task(NOW)).find_map(|task| failure(Some(task)));
    let kind = ErrorKind::Resolve(TransportError::NotFound);
    assert_eq!((dials.len(), first), (2, Some((calls[0], kind.clone()))));
    let again = begin(&mut engine, &Arc::default());
    assert_eq!(failures(&mut engine, NOW), [(calls[1], kind)]);
    assert!(engine.call(again).is_some());
}
