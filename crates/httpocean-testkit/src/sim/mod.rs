//! A virtual network and virtual time for a whole client: an hour of backoff takes a millisecond.
//!
//! ```text
//!     your code ─▶ Sim ──start, act──▶ Engine ──tasks──▶ driver ──lookup, connect, write──▶ Network ─▶ Server
//!      fetch, sleep │                                      │  sleeps exactly as long as it is told    (script, or
//!                   └────── Ledger: watches every command, every byte, every answer ◀───────┘           random)
//! ```
//!
//! - A [`Host`] is a server by script: a closure that answers. A [`Peer`] rolls dice: honest, or hostile. Your own
//!   [`Server`] can be anything: look-ups, connects, answers and silence are its to decide.
//! - [`Weather`] splits, delays and stalls bytes; the clock [jumps](Sim::jump_in).
//! - The driver is a *faithful* one: it does what it is told, sleeps exactly until the deadline that it was given, and
//!   does nothing else.
//! - A ledger is always on. It keeps books of its own, from commands, bytes and answers, and holds the client to its
//!   invariants; see [`Violation`]. A run that breaks one panics with its number, the seed and what happened last.
//! - One seed decides everything: the same seed goes the same way, on every machine and in every build
//!   ([`Sim::digest`]).
//!
//! # Your own code
//! Code that fetches and sleeps by way of something that it is handed can be handed a [`Sim`]:
//!
//! ```
//! use core::time::Duration;
//! use httpocean_testkit::sim::{Host, Reply, Sim, Visit};
//!
//! /// What your code needs of the world.
//! trait World {
//!     fn fetch(&mut self, url: &str) -> (u16, Option<u64>);
//!     fn sleep(&mut self, duration: Duration);
//! }
//!
//! /// Your code: it asks until there is an answer, and heeds `Retry-After`.
//! fn until_ready(world: &mut impl World, url: &str) -> u32 {
//!     let mut tries = 1;
//!     while let (503, Some(seconds)) = world.fetch(url) {
//!         world.sleep(Duration::from_secs(seconds));
//!         tries += 1;
//!     }
//!     tries
//! }
//!
//! impl World for Sim {
//!     fn fetch(&mut self, url: &str) -> (u16, Option<u64>) {
//!         let answer = Sim::fetch(self, Visit::get(url));
//!         let wait = answer.field("retry-after").and_then(|value| value.parse().ok());
//!         (answer.status.unwrap_or(0), wait)
//!     }
//!
//!     fn sleep(&mut self, duration: Duration) {
//!         Sim::sleep(self, duration);
//!     }
//! }
//!
//! let mut sim = Sim::new(1);
//! sim.host("api.test", Host::new(|request| match request.of_host {
//!     0 => Reply::status(503).field("retry-after", "3600"),
//!     _ => Reply::ok("ready"),
//! }));
//! assert_eq!(until_ready(&mut sim, "http://api.test/job"), 2);
//! assert_eq!(sim.now().as_micros() / 1_000_000, 3_600, "an hour, in no time");
//! ```
//!
//! # The client's own retries
//! ```
//! use core::time::Duration;
//! use httpocean_core::{Config, policy::Retries, pool};
//! use httpocean_testkit::sim::{Host, Reply, Sim, Visit};
//!
//! let retries = Retries { retry_after_max: Duration::from_secs(7_200), ..Retries::new(3) };
//! let config = Config { retries, ..Config::default() };
//! let mut sim = Sim::with(1, pool::Options::default(), config);
//! sim.host("api.test", Host::new(|request| match request.of_host {
//!     0 => Reply::status(503).field("retry-after", "3600"),
//!     _ => Reply::ok("ready"),
//! }));
//! let answer = sim.fetch(Visit::get("http://api.test/job"));
//! assert_eq!((answer.status, answer.hops), (Some(200), 1));
//! assert!(answer.took() >= Duration::from_secs(3_600));
//! ```
//!
//! # Random worlds
//! A [`Scene`] is a world that a seed decides; a [`Campaign`] runs many. A world that breaks a rule is made as small
//! as it goes, and printed with its seed and its trace. The tests run eight thousand requests; a long night is
//! ```text
//! HTTPOCEAN_SIM_REQUESTS=1000000 cargo test --release -p httpocean-testkit --test sim_campaign -- --nocapture
//! ```
//! and `HTTPOCEAN_SIM_SEED=7` begins with that seed. It prints requests, faults by kind, and violations.
//!
//! # Other drivers
//! The [`Network`] knows nothing of engines: a driver of your own, made of [`Pool`](httpocean_core::Pool) and
//! [`Call`](httpocean_core::Call), can be run on it, without the ledger.

mod agenda;
mod campaign;
mod dice;
mod driver;
mod encode;
mod faults;
mod host;
mod ledger;
mod log;
mod network;
mod peer;
mod reply;
mod scene;
#[expect(clippy::module_inception, reason = "what it is about")]
mod sim;
mod socket;
mod users;
mod visit;
mod wire;

pub use campaign::{Campaign, Failure};
pub use dice::Dice;
pub use faults::{Fault, Faults};
pub use host::{Connect, Host, Lookup, Received, Server};
pub use ledger::{Judged, Violation};
pub use log::Line;
pub use network::{Happening, Network, SocketId, Weather};
pub use peer::Peer;
pub use reply::{Piece, Reply};
pub use scene::{Outcome, Scene};
pub use sim::{Habits, Sim};
pub use visit::{Act, Answer, Visit};
