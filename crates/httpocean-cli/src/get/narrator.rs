//! Each decision of the client as a line on stderr.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use httpocean_std::http::Uri;
use httpocean_std::{Connection, Hop, HopReason, Key, Observed, Observer};

use crate::output::{Paint, milliseconds, note};

/// Says each decision with its reason.
pub(super) struct Narrator {
    /// How long connections took to make that were not granted yet, by their addresses on this side.
    made: Mutex<BTreeMap<SocketAddr, Duration>>,
    paint: Paint,
}

impl Narrator {
    pub(super) fn new() -> Self {
        Self { made: Mutex::default(), paint: Paint::on(&io::stderr()) }
    }

    fn made(&self) -> std::sync::MutexGuard<'_, BTreeMap<SocketAddr, Duration>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn decided(&self, line: impl std::fmt::Display) {
        note(self.paint.dim(format_args!("* {line}")));
    }

    fn granted(&self, key: &Key, connection: &Connection, idle_for: Option<Duration>, waited: Duration) {
        let number = connection.number;
        let made = connection.local.and_then(|local| self.made().remove(&local));
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
    }
}

impl Narrator {
    fn hop(&self, uri: &Uri, hop: &Hop) {
        if let Some(status) = hop.status {
            note(format_args!("< {status}"));
        }
        let why = hop.why.explain();
        match (hop.why, &hop.error) {
            (HopReason::Redirect, _) => self.decided(format_args!("redirected to {uri}")),
            (_, Some(error)) => self.decided(format_args!("asked again: {why}: {error}")),
            (_, None) => self.decided(format_args!("asked again: {why}")),
        }
        if !hop.after.is_zero() {
            self.decided(format_args!("waiting {} before", milliseconds(hop.after)));
        }
    }
}

impl Observer for Narrator {
    fn observe(&self, event: &Observed<'_>) {
        match event {
            Observed::Dialing { key, .. } => match key.proxy() {
                Some(proxy) => self.decided(format_args!("connecting to {key} by {proxy}")),
                None => self.decided(format_args!("connecting to {key}")),
            },
            // Told when it is granted: only then it has its number.
            Observed::Dialed { local, took, .. } => self.made().extend(local.map(|local| (local, *took))),
            Observed::DialFailed { key, error, .. } => {
                self.decided(format_args!("no connection to {key}: {error}"));
            }
            Observed::Granted { method, uri, key, connection, idle_for, waited, .. } => {
                self.granted(key, connection, *idle_for, *waited);
                let target = uri.path_and_query().map_or("/", |target| target.as_str());
                note(format_args!("> {method} {target} HTTP/1.1"));
            }
            Observed::Stale { connection, why, .. } => {
                let number = connection.number;
                self.decided(format_args!("did not reuse connection {number}: {}", why.explain()));
            }
            Observed::Response { status, .. } => note(format_args!("< {status}")),
            Observed::Hop { uri, hop, .. } => self.hop(uri, hop),
            Observed::Parked { connection, .. } => {
                self.decided(format_args!("kept connection {} for the next request", connection.number));
            }
            Observed::Closed { number: 0, key, why, .. } => {
                self.decided(format_args!("closed a connection to {key}: {}", why.explain()));
            }
            Observed::Closed { number, why, .. } => {
                self.decided(format_args!("closed connection {number}: {}", why.explain()));
            }
            // Whoever asked for it says so; the rest is for pictures.
            Observed::Failed { .. } | _ => {}
        }
    }
}
