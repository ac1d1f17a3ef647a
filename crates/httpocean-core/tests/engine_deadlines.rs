//! Every deadline is exact, and names what was going on.
#![allow(clippy::unwrap_used)]

mod engine_world;

use engine_world::{DialScript, Habits, Net, Reply, World, at, bytes, ms, once, request};
use httpocean_core::pool::Options;
use httpocean_core::{BodyPlan, CloseReason, Config, ErrorKind, Instant, Phase, call, dial};

fn calls(call: call::Options) -> Config {
    Config { call, ..Config::default() }
}

fn dials(dial: dial::Options) -> Config {
    Config { dial, ..Config::default() }
}

fn total(limit: u64) -> Config {
    calls(call::Options { total: Some(ms(limit)), ..call::Options::default() })
}

fn one(config: Config, net: Net) -> (Instant, Phase) {
    let mut world = World::new(Options::default(), config, net);
    let call = world.get_at(at(0), "a.test");
    world.run();
    let error = world.failure(call);
    assert_eq!(error.kind(), &ErrorKind::Timeout);
    (world.ended_at(call), error.phase())
}

fn silent() -> Net {
    Net::default().serves(|_, _, _| Reply::default())
}

fn slow_dial(connect: u64) -> Net {
    Net::default().dials(move |_, _| DialScript::takes(ms(connect)))
}

#[test]
fn the_total_deadline_names_the_dial_that_it_hit() {
    assert_eq!(one(total(100), slow_dial(500)), (at(100), Phase::Connect));
}

#[test]
fn the_total_deadline_names_the_pool_if_others_have_all_there_is() {
    let config = total(100);
    let slow = Net::default().serves(|_, _, _| Reply::ok(ms(80)));
    let mut world = World::new(Options { max_per_key: 1, ..Options::default() }, config, slow);
    let first = world.get_at(at(0), "a.test");
    let second = world.get_at(at(0), "a.test");
    let third = world.get_at(at(50), "a.test");
    world.run();
    assert_eq!(world.ended_at(first), at(90));
    assert_eq!((world.ended_at(second), world.failure(second).phase()), (at(100), Phase::RecvHead));
    // The second's connection was closed in the middle: a dial for the third began then.
    assert_eq!((world.ended_at(third), world.failure(third).phase()), (at(150), Phase::RecvHead));
    let mut world = World::new(
        Options { max_per_key: 1, ..Options::default() },
        total(100),
        Net::default().serves(|_, _, _| Reply::ok(ms(300))),
    );
    world.get_at(at(0), "a.test");
    let waits = world.get_at(at(0), "a.test");
    world.run();
    assert_eq!((world.ended_at(waits), world.failure(waits).phase()), (at(100), Phase::PoolWait));
}

#[test]
fn the_total_deadline_names_each_phase_of_an_exchange() {
    assert_eq!(one(total(100), silent()), (at(100), Phase::RecvHead));
    let trickle = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nx";
    let body = Net::default().serves(move |_, _, _| Reply::after(ms(1), trickle));
    assert_eq!(one(total(100), body), (at(100), Phase::RecvBody));
}

#[test]
fn the_wait_for_others_has_a_deadline_and_a_dial_does_not_count() {
    let config = calls(call::Options { pool_wait: Some(ms(20)), ..call::Options::default() });
    let slow = slow_dial(100).serves(|_, _, _| Reply::ok(ms(300)));
    let mut world = World::new(Options { max_per_key: 1, ..Options::default() }, config, slow);
    let dials = world.get_at(at(0), "a.test");
    let waits = world.get_at(at(30), "a.test");
    world.run();
    assert_eq!(world.ended_at(dials), at(400));
    assert_eq!((world.ended_at(waits), world.failure(waits).phase()), (at(50), Phase::PoolWait));
    assert_eq!(world.failure(waits).kind(), &ErrorKind::Timeout);
}

#[test]
fn the_first_byte_and_the_next_have_deadlines() {
    let config = calls(call::Options { first_byte: Some(ms(70)), ..call::Options::default() });
    assert_eq!(one(config, silent()), (at(80), Phase::RecvHead));
    let config = calls(call::Options { idle: Some(ms(30)), ..call::Options::default() });
    let trickle = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabcde";
    let net = Net::default()
        .serves(move |_, _, _| Reply::after(ms(0), trickle).split(41, ms(1)).then(ms(25), bytes("more")));
    assert_eq!(one(config, net), (at(65), Phase::RecvBody));
}

#[test]
fn a_slow_reader_does_not_time_out_the_peer() {
    let config = calls(call::Options { idle: Some(ms(30)), ..call::Options::default() });
    let response = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n0123456789";
    let net = Net::default().serves(move |_, _, _| Reply::after(ms(1), response).split(43, ms(20)));
    let mut world = World::new(Options::default(), config, net);
    let habits = Habits { reads: ms(500), ..Habits::default() };
    let call = world.start_at(at(0), request("GET", "a.test", &[]), BodyPlan::empty(), habits);
    world.run();
    assert!(world.is_whole(call));
    assert_eq!((world.users[&call].body.as_slice(), world.ended_at(call)), (&b"0123456789"[..], at(1011)));
}

#[test]
fn a_body_waits_for_100_until_its_deadline() {
    let config = calls(call::Options {
        await_continue: ms(40),
        first_byte: Some(ms(500)),
        ..call::Options::default()
    });
    let mut world = World::new(Options::default(), config, Net::default());
    let habits = Habits { body: vec![b"abc".to_vec()], ..Habits::default() };
    let post = request("POST", "a.test", &[("expect", "100-continue")]);
    let call = world.start_at(at(0), post, once(Some(3)), habits);
    world.run();
    assert_eq!((world.is_whole(call), world.ended_at(call)), (true, at(52)));
}

#[test]
fn a_look_up_has_a_deadline() {
    let net = Net::default().dials(|_, _| DialScript { resolve: None, ..DialScript::takes(ms(1)) });
    let config = dials(dial::Options { resolve: Some(ms(35)), ..dial::Options::default() });
    assert_eq!(one(config, net), (at(35), Phase::Resolve));
}

#[test]
fn each_address_and_all_together_have_a_deadline() {
    let options =
        dial::Options { connect: Some(ms(50)), connect_each: Some(ms(20)), ..dial::Options::default() };
    let net = Net::default().dials(|_, _| DialScript::addresses(vec![None, None, None]));
    let mut world = World::new(Options::default(), dials(options.clone()), net);
    let call = world.get_at(at(0), "a.test");
    world.run();
    assert_eq!((world.ended_at(call), world.failure(call).phase()), (at(50), Phase::Connect));
    assert_eq!(world.reasons(), [CloseReason::NotMade]);

    let net = Net::default()
        .dials(|_, _| DialScript::addresses(vec![Some((ms(25), Ok(()))), Some((ms(9), Ok(())))]));
    let mut world = World::new(Options::default(), dials(options), net);
    let call = world.get_at(at(0), "a.test");
    world.run();
    assert_eq!((world.is_whole(call), world.ended_at(call)), (true, at(31)));
}

#[test]
fn a_deadline_that_is_over_at_the_start_fails_at_once() {
    assert_eq!(one(total(0), Net::default()), (at(0), Phase::Start));
}

#[test]
fn the_earlier_of_two_deadlines_counts_also_if_it_comes_up_later() {
    let total = Some(ms(10_000));
    let config = calls(call::Options { total, first_byte: Some(ms(70)), ..call::Options::default() });
    assert_eq!(one(config, silent()), (at(80), Phase::RecvHead));
}

#[test]
fn a_deadline_goes_with_its_call() {
    let switch = "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n";
    let net = Net::default().serves(move |_, _, _| Reply::after(ms(2), switch));
    let mut world = World::new(Options::default(), total(100), net);
    let get = request("GET", "a.test", &[("upgrade", "x"), ("connection", "upgrade")]);
    let call = world.start_at(at(0), get, BodyPlan::empty(), Habits::default());
    world.run_until(at(20));
    assert_eq!((world.ended_at(call), world.engine.counts().timers), (at(12), 0));
    world.run();
}
