//! Each decision of the client as a line on stderr.

use std::cell::RefCell;
use std::io;

use httpocean_std::{Connection, Event, Key, Observer};

use crate::connector::Journal;
use crate::output::{Paint, milliseconds, note};

thread_local! {
    /// What this thread is about to ask for. A connection is granted on the thread that asked for it.
    static REQUEST_LINE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Says each decision with its reason.
pub(super) struct Narrator {
    journal: Journal,
    paint: Paint,
}

impl Narrator {
    pub(super) fn new(journal: Journal) -> Self {
        Self { journal, paint: Paint::on(&io::stderr()) }
    }

    /// The next request of this thread.
    pub(super) fn announce(line: String) {
        REQUEST_LINE.set(line);
    }

    fn decided(&self, line: impl std::fmt::Display) {
        note(self.paint.dim(format_args!("* {line}")));
    }

    fn granted(
        &self,
        key: &Key,
        connection: &Connection,
        idle_for: Option<std::time::Duration>,
        waited: std::time::Duration,
    ) {
        let number = connection.number;
        let made = connection.local.and_then(|local| self.journal.take(local));
        let ends = match (connection.local, connection.peer) {
            (Some(local), Some(peer)) => format!(" ({local} -> {peer})"),
            _ => String::new(),
        };
        match (connection.reused, made) {
            (0, Some(made)) => {
                self.decided(format_args!(
                    "connection {number} to {key} made in {}{ends}",
                    milliseconds(made)
                ));
            }
            (0, None) => self.decided(format_args!("connection {number} to {key} made{ends}")),
            (_, _) => match idle_for {
                Some(idle) => {
                    self.decided(format_args!("reused connection {number} (idle {})", milliseconds(idle)))
                }
                None => self.decided(format_args!("reused connection {number} (it just came free)")),
            },
        }
        if waited.as_micros() >= 100 {
            self.decided(format_args!("waited {}", milliseconds(waited)));
        }
        REQUEST_LINE.with_borrow(|line| note(format_args!("> {line}")));
    }
}

impl Observer for Narrator {
    fn observe(&self, event: &Event<'_>) {
        match event {
            Event::Dialing { key } => self.decided(format_args!("connecting to {key}")),
            // Told when it is granted: only then it has its number.
            Event::Dialed { .. } => {}
            Event::DialFailed { key, error } => {
                self.decided(format_args!("no connection to {key}: {error}"));
            }
            Event::Granted { key, connection, idle_for, waited } => {
                self.granted(key, connection, *idle_for, *waited);
            }
            Event::Refused { why, .. } => self.decided(format_args!("got no connection: {}", why.explain())),
            Event::Stale { connection, why, .. } => {
                let number = connection.number;
                self.decided(format_args!("did not reuse connection {number}: {}", why.explain()));
            }
            Event::Response { status, .. } => note(format_args!("< {status}")),
            Event::Hop { hop, .. } => self.decided(format_args!("asked again: {}", hop.why.explain())),
            Event::Parked { connection, .. } => {
                self.decided(format_args!("kept connection {} for the next request", connection.number));
            }
            Event::Closed { number: 0, key, why } => {
                self.decided(format_args!("closed a connection to {key}: {}", why.explain()));
            }
            Event::Closed { number, why, .. } => {
                self.decided(format_args!("closed connection {number}: {}", why.explain()));
            }
            _ => {}
        }
    }
}
