//! What the attempts of one call have used up.

use super::retry::Retry;
use crate::reason::RetryClass;

/// The retries that a call has made, by class. Every retry makes the next one of it.
#[derive(Clone, Debug, Default)]
pub struct Spent {
    connect: u32,
    read: u32,
    status: u32,
    other: u32,
    in_a_row: u32,
}

impl Spent {
    /// A further attempt is made, as `retry` says.
    #[must_use]
    pub fn retried(mut self, retry: Retry) -> Self {
        let count = match retry.class {
            RetryClass::Connect => &mut self.connect,
            RetryClass::Read => &mut self.read,
            RetryClass::Status => &mut self.status,
            RetryClass::Other => &mut self.other,
        };
        *count = count.saturating_add(1);
        self.in_a_row = self.in_a_row.saturating_add(1);
        self
    }

    /// A redirect was followed: it is another server's turn, or another page's, so waits start small again. What was
    /// spent stays spent.
    #[must_use]
    pub fn redirected(self) -> Self {
        Self { in_a_row: 0, ..self }
    }

    /// How many retries were made.
    pub fn total(&self) -> u32 {
        RetryClass::ALL.iter().fold(0, |sum, class| sum.saturating_add(self.of(*class)))
    }

    /// How many of them were charged to `class`.
    pub fn of(&self, class: RetryClass) -> u32 {
        match class {
            RetryClass::Connect => self.connect,
            RetryClass::Read => self.read,
            RetryClass::Status => self.status,
            RetryClass::Other => self.other,
        }
    }

    /// How many were made since the call began, or since it was redirected.
    pub fn in_a_row(&self) -> u32 {
        self.in_a_row
    }
}
