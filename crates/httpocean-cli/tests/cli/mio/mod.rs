//! The tests of the other adapter: the same ones.
#![allow(clippy::duplicate_mod, reason = "what holds for one adapter holds for both")]

mod command;
mod script;

#[path = "../batch_answers.rs"]
mod batch_answers;
#[path = "../batch_body_kinds.rs"]
mod batch_body_kinds;
#[path = "../batch_concurrency.rs"]
mod batch_concurrency;
#[path = "../batch_connections.rs"]
mod batch_connections;
#[path = "../batch_errors.rs"]
mod batch_errors;
#[path = "../batch_interactive.rs"]
mod batch_interactive;
#[path = "../batch_options.rs"]
mod batch_options;
#[path = "../batch_timeouts.rs"]
mod batch_timeouts;
#[path = "../bench.rs"]
mod bench;
#[path = "../demo.rs"]
mod demo;
mod equal;
#[path = "../get_bodies.rs"]
mod get_bodies;
#[path = "../get_content.rs"]
mod get_content;
#[path = "../get_errors.rs"]
mod get_errors;
#[path = "../get_requests.rs"]
mod get_requests;
#[path = "../get_session.rs"]
mod get_session;
#[path = "../secrets.rs"]
mod secrets;
