//! Keys that are busy, and those beside them (I16).

use std::cell::RefCell;
use std::rc::Rc;

use httpocean_core::{Config, pool};
use httpocean_testkit::sim::{Host, Reply, Sim, Visit};

use crate::ms;

/// I16: however many requests of other keys wait, one of another key is served after so many of theirs.
#[test]
fn i16_a_busy_key_does_not_starve_another() {
    for places in 1..4 {
        for turns in 0..4 {
            for busy in 1..4 {
                let passed = served_before_a_newcomer(places, turns, busy);
                let bound = (busy + 1) * (turns as usize + 1) * 2 + places;
                assert!(
                    passed <= bound,
                    "{passed} of {busy} keys, {bound} allowed: {places} places, {turns} turns"
                );
            }
        }
    }
}

/// `busy` keys have 40 requests each waiting; how many of these are heard of between a newcomer's start and its turn.
fn served_before_a_newcomer(places: usize, turns: u32, busy: usize) -> usize {
    let options = pool::Options { max_total: places, turns, ..pool::Options::default() };
    let mut sim = Sim::with(1, options, Config::default());
    let heard = Rc::new(RefCell::new(Vec::new()));
    for name in ["a.test", "b.test", "c.test", "new.test"] {
        let heard = heard.clone();
        sim.host(
            name,
            Host::new(move |request| {
                heard.borrow_mut().push(request.host.clone());
                Reply::ok("hi").after(ms(10))
            }),
        );
    }
    for name in &["a.test", "b.test", "c.test"][..busy] {
        for _ in 0..40 {
            sim.start(Visit::get(&format!("http://{name}/")));
        }
    }
    sim.sleep(ms(35));
    let before = heard.borrow().len();
    let newcomer = sim.start(Visit::get("http://new.test/"));
    sim.run();
    assert!(sim.answer(newcomer).is_whole());
    let turn = heard.borrow().iter().position(|host| host == "new.test").unwrap();
    assert!(turn < heard.borrow().len() - 1, "others are still waiting then");
    turn - before
}
