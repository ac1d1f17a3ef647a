//! What all calls of a client share.

use super::backoff::Seed;
use super::budget::{Budget, Place};

/// What all calls of a client share, whatever options each of them brings. A clone shares it too.
///
/// ```
/// use httpocean_core::policy::{Budget, Common, Seed};
///
/// let common = Common { budget: Budget::new(5, 10), seed: Seed::new(1), ..Common::default() };
/// assert_eq!(common.budget.active(), 0);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Common {
    /// The bound on calls that are retrying. Default 20 calls or 20 percent of the active ones.
    pub budget: Budget,
    /// The randomness of waits. Clients should have different ones.
    pub seed: Seed,
    /// The time on the wall at zero of the driver's time, in seconds since 1970, if it is known: what a date in
    /// `Retry-After` is compared with if the response has no `Date` of its own.
    pub epoch: Option<u64>,
    /// Whether calls say [`Passing`](crate::CallStep::Passing): the head of each response that is not the answer, for who
    /// learns from those too, such as a jar of cookies. Default no.
    pub shows_passing: bool,
}

impl Common {
    /// A call of the client starts. It is active until its place is dropped.
    pub fn enter(&self) -> Place {
        self.budget.enter_with(self.seed.clone())
    }
}
