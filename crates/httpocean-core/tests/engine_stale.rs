//! Ids of what is gone: counted, and nothing else, at every step of everything.
#![allow(clippy::unwrap_used)]

mod engine_world;

use engine_world::{Act, DialScript, Habits, Net, Reply, World, at, bytes, ms, once, request};
use httpocean_core::{BodyPlan, CallId, TransportError};

#[test]
fn dead_ids_do_nothing_at_any_step() {
    let net = Net::default()
        .serves(|_, _, n| match n {
            1 => Reply::after(ms(1), "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 1\r\n\r\nx"),
            _ => Reply::ok(ms(2)).on_head(ms(1), bytes("HTTP/1.1 100 Continue\r\n\r\n")),
        })
        .dials(|_, n| match n {
            2 => DialScript::fails(ms(5), TransportError::Refused),
            _ => DialScript::takes(ms(5)),
        });
    let mut world = World::simple(net);
    world.haunted = true;
    for n in 0..12 {
        let habits = Habits { body: vec![b"abc".to_vec()], reads: ms(n % 3), ..Habits::default() };
        let post = request("POST", "a.test", &[("expect", "100-continue")]);
        world.start_at(at(n * 4), post, once(Some(3)), habits.clone());
        let get = request("GET", "b.test", &[]);
        let other = world.start_at(at(n * 4), get, BodyPlan::empty(), habits);
        if n % 4 == 1 {
            world.act_at(at(n * 4 + 3), other, Act::Cancel);
        }
    }
    world.run();
    assert!(world.dead_conns.len() > 3, "connections died meanwhile");
}

#[test]
fn a_call_s_id_survives_the_trip_through_a_number() {
    let mut world = World::simple(Net::default());
    let call = world.get_at(at(0), "a.test");
    world.run();
    let id = world.ids[&call];
    assert_eq!(CallId::from_bits(id.to_bits()), id);
}
