//! The scripted server, seen by plain TCP clients, and by one with a layer.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bodies;
mod client;
mod closes;
mod connections;
mod greetings;
mod idle;
mod layered;
mod recorded;
mod replies;
mod stop;
mod upgrade;
