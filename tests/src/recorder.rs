//! An observer that writes down what it is told.

use std::sync::{Arc, Mutex};

use httpocean_std::{Event, Observer};

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
    fn observe(&self, event: &Event<'_>) {
        let line = match event {
            Event::Dialing { .. } => "dialing".to_owned(),
            Event::Dialed { .. } => "dialed".to_owned(),
            Event::DialFailed { error, .. } => format!("dial failed: {}", error.kind()),
            Event::Granted { connection, idle_for, .. } => {
                let idle = if idle_for.is_some() { "idle" } else { "not idle" };
                format!("granted {} after {} uses, {idle}", connection.number, connection.reused)
            }
            Event::Refused { why, .. } => format!("refused: {why:?}"),
            Event::Stale { connection, why, .. } => format!("stale {}: {}", connection.number, why.word()),
            Event::Response { method, status, connection, .. } => {
                format!("response {} to {method} on {}", status.as_u16(), connection.number)
            }
            Event::Hop { hop, .. } => format!("hop: {:?}", hop.why),
            Event::Parked { connection, .. } => format!("parked {}", connection.number),
            Event::Closed { number, why, .. } => format!("closed {number}: {}", why.word()),
            other => format!("{other:?}"),
        };
        lock(&self.0).push(line);
    }
}
