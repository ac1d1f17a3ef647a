//! The built command against scripted servers.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod batch_answers;
mod batch_body_kinds;
mod batch_concurrency;
mod batch_connections;
mod batch_errors;
mod batch_interactive;
mod batch_options;
mod batch_timeouts;
mod bench;
mod bench_threads;
mod command;
mod demo;
mod demo_elsewhere;
mod get_bodies;
mod get_content;
mod get_errors;
mod get_pool;
mod get_requests;
mod get_session;
mod mio;
mod proxies;
mod replay;
mod saves;
mod secrets;
mod timeline;
mod tls;
mod usage;
