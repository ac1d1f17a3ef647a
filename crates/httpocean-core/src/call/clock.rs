//! The clocks of one exchange: which runs is decided by what the exchange waits for.

use crate::error::Phase;
use crate::exchange::Waits;
use crate::io::Io;
use crate::time::Instant;

use super::Options;

/// At most one clock runs, and only while the call says `Wait`. It starts anew when something moved.
#[derive(Debug, Default)]
pub(super) struct Clock {
    running: Option<Running>,
}

#[derive(Debug, Clone, Copy)]
struct Running {
    waits: Waits,
    /// The total of the buffer that is waited for when it was started: progress changes it.
    mark: u64,
    since: Instant,
}

impl Clock {
    /// Something else than `Wait` was said: what follows is not the peer's time.
    pub(super) fn stop(&mut self) {
        self.running = None;
    }

    /// When the wait for `waits` ends, if it has an end.
    pub(super) fn deadline(
        &mut self,
        waits: Waits,
        io: &Io,
        options: &Options,
        now: Instant,
    ) -> Option<Instant> {
        let before = self.running.take();
        let limit = match waits {
            Waits::SendHead | Waits::SendBody => options.send,
            Waits::Await100 => Some(options.await_continue),
            Waits::FirstByte => options.first_byte,
            Waits::RestOfHead | Waits::Body => options.idle,
            Waits::User => None,
        }?;
        let mark = match waits {
            Waits::SendHead | Waits::SendBody => io.tx.total_sent(),
            Waits::Await100 | Waits::FirstByte | Waits::RestOfHead | Waits::Body | Waits::User => {
                io.input().total_received()
            }
        };
        let since = match before {
            Some(running) if running.waits == waits && running.mark == mark => running.since,
            Some(_) | None => now,
        };
        self.running = Some(Running { waits, mark, since });
        Some(since + limit)
    }
}

pub(super) fn phase_of(waits: Waits) -> Phase {
    match waits {
        Waits::SendHead => Phase::SendHead,
        Waits::SendBody | Waits::User => Phase::SendBody,
        Waits::Await100 => Phase::Await100,
        Waits::FirstByte | Waits::RestOfHead => Phase::RecvHead,
        Waits::Body => Phase::RecvBody,
    }
}
