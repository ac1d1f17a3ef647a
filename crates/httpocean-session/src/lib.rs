//! What a client adds to its requests by where they go, and what it learns from the responses: default fields,
//! credentials, cookies.
//!
//! A request of a user is one thing, and the attempts that it leads to are others: a redirect goes to another origin,
//! which may have cookies and a password of its own, and must not see those of the first. The core keeps the user's own
//! secrets from other origins. What is here is asked anew at each attempt, and says what *that* origin may have:
//!
//! ```
//! use std::sync::Arc;
//! use httpocean_core::{BodyPlan, Call, Config, Instant};
//! use httpocean_session::{Credentials, Session};
//!
//! let credentials = Credentials::new().basic("https://api.example", "ann", "s3cret").unwrap();
//! let session = Session::new().credentials(credentials);
//! let to = |url: &str| {
//!     let request = http::Request::get(url).body(()).unwrap();
//!     Call::new(request, BodyPlan::empty(), &Arc::new(Config::default()), Instant::ZERO).unwrap()
//! };
//!
//! assert_eq!(session.fields_for(&to("https://api.example/me"), 0)["authorization"], "Basic YW5uOnMzY3JldA==");
//! assert!(session.fields_for(&to("https://api.example:444/"), 0).is_empty());
//! assert!(session.fields_for(&to("http://api.example/"), 0).is_empty());
//! ```
//!
//! A driver asks [`Session::fields_for`] when a call is made and after each
//! [`Hop`](httpocean_core::CallStep::Hop), and hands on what that says with
//! [`Call::set_attempt_fields`](httpocean_core::Call::set_attempt_fields); it shows every head to [`Session::learn`], of
//! the answer and of responses in [`Passing`](httpocean_core::CallStep::Passing). Nothing here does IO or knows the time:
//! that is an argument, in seconds since 1970.

mod credentials;
#[cfg(feature = "cookies")]
mod jar;
mod netrc;
mod session;

pub use credentials::Credentials;
#[cfg(feature = "cookies")]
pub use jar::{Jar, JarLimits, NoJar};
pub use netrc::{Entry, Netrc, NoNetrc};
pub use session::Session;
