//! The scripted server, seen by plain TCP clients.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bodies;
mod client;
mod closes;
mod connections;
mod greetings;
mod idle;
mod recorded;
mod replies;
mod stop;
mod upgrade;
