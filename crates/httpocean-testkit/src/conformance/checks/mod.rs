//! One scenario a file.

use super::scene::{Checking, Scene};

mod ahead;
mod backpressure;
mod body_ends;
mod cancel;
mod closes;
mod cut;
mod dead_ids;
mod deadlines;
mod dropped_bodies;
mod early_answer;
mod failed_connects;
mod half_close;
mod handshakes;
mod hops;
mod idle_ends;
mod keep_alive;
mod late_binding;
mod limits;
mod panics;
mod probe;
mod races;
mod reset;
mod slow_pieces;
mod slow_user;
mod spurious;
mod stalls;
mod unasked;
mod uploads;
mod waiting;

pub(super) type Check = fn(&Scene) -> Checking;

/// What many others need comes first, so that the first that fails tells most.
pub(super) const CHECKS: &[(&str, Check)] = &[
    ("keep_alive", keep_alive::check),
    ("handshakes", handshakes::check),
    ("deadlines", deadlines::check),
    ("stalls", stalls::check),
    ("waiting", waiting::check),
    ("limits", limits::check),
    ("failed_connects", failed_connects::check),
    ("late_binding", late_binding::check),
    ("races", races::check),
    ("uploads", uploads::check),
    ("slow_pieces", slow_pieces::check),
    ("early_answer", early_answer::check),
    ("body_ends", body_ends::check),
    ("cut", cut::check),
    ("reset", reset::check),
    ("backpressure", backpressure::check),
    ("slow_user", slow_user::check),
    ("cancel", cancel::check),
    ("dropped_bodies", dropped_bodies::check),
    ("panics", panics::check),
    ("hops", hops::check),
    ("closes", closes::check),
    ("probe", probe::check),
    ("ahead", ahead::check),
    ("unasked", unasked::check),
    ("half_close", half_close::check),
    ("idle_ends", idle_ends::check),
    ("spurious", spurious::check),
    ("dead_ids", dead_ids::check),
];
