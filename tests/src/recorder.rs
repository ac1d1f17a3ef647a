//! An observer that writes down what it is told.

use std::sync::{Arc, Mutex};

use httpocean_std::{Observed, Observer};

use crate::lock;

/// One line for each event: its name, the number of its connection if it has one, and its reason if it has one.
#[derive(Clone, Debug, Default)]
pub struct Recorder(Arc<Mutex<Vec<String>>>);

impl Recorder {
    /// All so far.
    pub fn lines(&self) -> Vec<String> {
        lock(&self.0).clone()
    }

    /// Of those so far, the ones that begin with `start`.
    pub fn starting(&self, start: &str) -> Vec<String> {
        self.lines().into_iter().filter(|line| line.starts_with(start)).collect()
    }
}

impl Observer for Recorder {
    fn observe(&self, event: &Observed<'_>) {
        let line = match event {
            Observed::Started { method, .. } => format!("started {method}"),
            Observed::Ended { .. } => "ended".to_owned(),
            // Which of them are told depends on who is faster.
            Observed::Phase { .. } => return,
            Observed::Dialing { .. } => "dialing".to_owned(),
            Observed::Dialed { .. } => "dialed".to_owned(),
            Observed::DialFailed { error, .. } => format!("dial failed: {}", error.kind()),
            Observed::Granted { connection, idle_for, .. } => {
                let idle = if idle_for.is_some() { "idle" } else { "not idle" };
                format!("granted {} after {} uses, {idle}", connection.number, connection.reused)
            }
            Observed::Failed { error, .. } => format!("failed: {}", error.kind()),
            Observed::Stale { connection, why, .. } => format!("stale {}: {}", connection.number, why.word()),
            Observed::Response { method, status, connection, .. } => {
                format!("response {} to {method} on {}", status.as_u16(), connection.number)
            }
            Observed::Hop { hop, .. } => format!("hop: {:?}", hop.why),
            Observed::Parked { connection, .. } => format!("parked {}", connection.number),
            Observed::Closed { number, why, .. } => format!("closed {number}: {}", why.word()),
            other => format!("{other:?}"),
        };
        lock(&self.0).push(line);
    }
}
