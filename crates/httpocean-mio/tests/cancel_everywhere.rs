//! An upload is given up after every step of its life, over real sockets: it ends once, nobody else notices, and
//! no place is lost.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;
mod world;

use std::collections::BTreeMap;

use httpocean_mio::pool::Surplus;
use world::{Act, At, Scene, World};

/// How many steps of each kind were the last before it was given up.
type Table = BTreeMap<At, usize>;

/// Runs that find it ended one after the other before it is believed: a run may be a step longer than another.
const MISSES: usize = 3;

/// Gives the victim up after 0 steps, after 1, and so on until it has ended before that.
fn at_every_step(scene: &Scene, act: Act, table: &mut Table) {
    // To cancel a drain is to begin where there is one.
    let mut misses = if act == Act::CancelTheDrain { None } else { Some(0) };
    for steps in 0.. {
        assert!(steps < 500, "it has no end");
        let mut world = World::new(scene);
        let found = world.run(act, steps);
        world.check(act, found);
        match found {
            Some(at) => {
                *table.entry(at).or_default() += 1;
                misses = Some(0);
            }
            None => misses = misses.map(|misses| misses + 1),
        }
        if misses == Some(MISSES) {
            return;
        }
    }
}

/// In each of these scenes, and there were runs for `first` and all that comes after it.
fn everywhere(scenes: &[Scene], first: At) {
    let mut table = Table::new();
    for scene in scenes {
        for surplus in [Surplus::Keep, Surplus::Cancel] {
            let scene = Scene { surplus, ..scene.clone() };
            for act in [Act::Cancel, Act::Discard, Act::CancelTheDrain] {
                at_every_step(&scene, act, &mut table);
            }
        }
    }
    println!("given up at:");
    for (at, n) in &table {
        println!("{n:6} {at:?}");
    }
    let later = [At::BetweenGrantAndUse, At::Sending, At::AwaitingTheHead, At::InTheBody, At::InTheDrain];
    for at in [first].into_iter().chain(later) {
        assert!(table.contains_key(&at), "never {at:?}");
    }
}

fn scene(before: usize, room: usize, expect: bool) -> Scene {
    Scene { before, room, expect, first: None, surplus: Surplus::Keep }
}

#[test]
fn the_first_of_its_host() {
    let (_full, addr) = support::full_listener();
    everywhere(&[scene(0, 2, false), Scene { first: Some(addr), ..scene(0, 2, true) }], At::Dialing);
}

#[test]
fn one_with_a_dial_under_way_for_another() {
    everywhere(&[scene(1, 2, false)], At::BeforeTheGrant);
}

#[test]
fn one_that_waits_for_a_connection_in_use() {
    everywhere(&[scene(2, 1, false), scene(2, 2, true)], At::BeforeTheGrant);
}
