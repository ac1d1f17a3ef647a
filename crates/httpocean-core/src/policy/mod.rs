//! What to do about what happened: pure functions, and the options that they obey.
//!
//! [`redirect::follow`] says what follows a redirect. [`judge`] says whether a request gets another attempt, and after which wait. The rest is what it looks at:
//! [`Retries`] is what the user wants, [`Attempt`] what happened, [`Spent`] what earlier attempts took, [`Moment`]
//! the time, [`Place`] the call's place in the [`Budget`] of its client.

mod backoff;
mod budget;
mod common;
mod date;
mod outcome;
pub mod redirect;
pub(crate) mod replay;
mod retries;
mod retry;
mod retry_after;
mod spent;

pub use backoff::{Backoff, Seed};
pub use budget::{Budget, Place};
pub use common::Common;
pub use outcome::{Answer, Attempt, Outcome};
pub use retries::{Exhausted, Methods, Opinion, Retries, When};
pub use retry::{Moment, Retry, judge};
pub use retry_after::retry_after;
pub use spent::Spent;
