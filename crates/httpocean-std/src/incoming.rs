//! The body of a response, on its way.

use std::sync::Arc;

use http::{HeaderMap, Response};
use httpocean_core::{Call, Channel, Hop, Instant, Key, Want};
use httpocean_driver::Error;

use crate::body::Body;
use crate::flow::{Flow, Seen, Told};
use crate::shared::Shared;
use crate::transport::Transport;
use crate::wire::READ;

/// A response whose head was handed out. It holds its connection until the body's end.
pub(crate) struct Incoming {
    flow: Flow,
    state: State,
    /// What it is decoded by on its way to the user, if it is.
    #[cfg(feature = "_codings")]
    undoing: Option<Box<crate::decoding::Undoing>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// For its head.
    Awaiting,
    Reading,
    /// It broke off: whoever reads on is told again, and never sees an end.
    Failed,
    Over,
    Upgraded,
}

impl Incoming {
    /// Of a call that was made at `now`, if it could be made.
    pub(crate) fn begin(
        shared: &Arc<Shared>,
        call: Result<Call, httpocean_core::Error>,
        source: Body,
        now: Instant,
    ) -> Result<Box<Self>, httpocean_core::Error> {
        let mut incoming = Box::new(Self {
            flow: Flow::new(shared, call?, source, now),
            state: State::Awaiting,
            #[cfg(feature = "_codings")]
            undoing: None,
        });
        incoming.flow.start();
        Ok(incoming)
    }

    /// Waits for the head. A response without a body gives its connection back at once.
    pub(crate) fn take_head(&mut self) -> Result<Response<()>, Error> {
        let head = self.flow.run_to_head()?;
        self.state = State::Reading;
        self.settle()?;
        Ok(head)
    }

    pub(crate) fn key(&self) -> &Key {
        self.flow.call().key()
    }

    pub(crate) fn told(&self) -> &Told {
        self.flow.told()
    }

    pub(crate) fn hops(&self) -> &[Hop] {
        self.flow.call().history()
    }

    pub(crate) fn url(&self) -> String {
        self.flow.call().url()
    }

    /// What is left of the body, where that is known.
    pub(crate) fn left(&self) -> Option<u64> {
        #[cfg(feature = "_codings")]
        if self.undoing.is_some() {
            return None;
        }
        self.flow.call().body_left()
    }

    pub(crate) fn read_some(&mut self, out: &mut [u8]) -> Result<usize, Error> {
        #[cfg(feature = "_codings")]
        if self.undoing.is_some() {
            return self.read_decoded(out);
        }
        self.read_wire(out)
    }

    /// Whether there is a body, and some of it is still to be read.
    #[cfg(feature = "_codings")]
    pub(crate) fn has_body(&self) -> bool {
        self.state == State::Reading
    }

    #[cfg(feature = "_codings")]
    pub(crate) fn decode_by(&mut self, undoing: crate::decoding::Undoing) {
        self.undoing = Some(Box::new(undoing));
    }

    /// Nobody wants the rest: the connection need not wait for whoever has read up to here.
    #[cfg(feature = "_codings")]
    pub(crate) fn give_up(&mut self) {
        if self.state == State::Reading {
            self.state = State::Over;
            self.flow.abandon();
        }
    }

    #[cfg(feature = "_codings")]
    #[cold]
    fn read_decoded(&mut self, out: &mut [u8]) -> Result<usize, Error> {
        let Some(mut undoing) = self.undoing.take() else { return Ok(0) };
        let read = undoing.read(self, out);
        self.undoing = Some(undoing);
        read
    }

    /// What came, as it came. A part of [`read_some`](Self::read_some), which costs no call more for it.
    #[inline(always)]
    pub(crate) fn read_wire(&mut self, out: &mut [u8]) -> Result<usize, Error> {
        if out.is_empty() || self.state == State::Over {
            return Ok(0);
        }
        self.flow.look_at_clock();
        while matches!(self.state, State::Reading | State::Failed) {
            let mut n = self.flow.read_buffered(out);
            if n == 0 {
                match self.turn()? {
                    Seen::Wait(want) => match self.direct(want, out.len()) {
                        0 => self.flow.wait(want)?,
                        direct => n = self.flow.read_direct(out, direct, want),
                    },
                    Seen::Data(len) => n = self.copy(len, out),
                    Seen::Head(_) | Seen::End | Seen::Upgraded => {}
                }
            }
            if n > 0 {
                self.settle()?;
                return Ok(n);
            }
        }
        Ok(0)
    }

    pub(crate) fn take_trailers(&mut self) -> Option<HeaderMap> {
        self.flow.call_mut().trailers()
    }

    pub(crate) fn finish(&mut self) -> Result<bool, Error> {
        if self.state == State::Reading {
            self.state = State::Over;
            return self.flow.drain();
        }
        Ok(self.told().parked == Some(true))
    }

    pub(crate) fn take_stream(&mut self) -> Option<(Box<dyn Transport>, Channel)> {
        if self.state != State::Upgraded {
            return None;
        }
        self.state = State::Over;
        self.flow.take_stream()
    }

    pub(crate) fn rejected(&mut self, error: httpocean_core::Error) -> Error {
        self.flow.rejected(error)
    }

    /// Gives the connection back as soon as the body is over, not only when the user asks once more.
    fn settle(&mut self) -> Result<(), Error> {
        while self.state == State::Reading && self.flow.call().body_is_over() {
            self.turn()?;
        }
        Ok(())
    }

    /// How much may be read around our own buffer. None while some of the request is still to be written, which
    /// the peer may wait for, and none into little room: who reads byte by byte would pay a system call for each.
    fn direct(&mut self, want: Want, room: usize) -> u64 {
        if want.write || room < READ { 0 } else { self.flow.direct() }
    }

    fn turn(&mut self) -> Result<Seen, Error> {
        let seen = self.flow.turn();
        match &seen {
            Ok(Seen::End) => self.state = State::Over,
            Err(_) => self.state = State::Failed,
            Ok(Seen::Upgraded) => self.state = State::Upgraded,
            Ok(Seen::Head(_) | Seen::Wait(_) | Seen::Data(_)) => {}
        }
        seen
    }

    /// Bytes that were lent by a step are gone with the next: what does not fit would be lost, and nothing that
    /// was not there for [`Flow::read_buffered`] is there for the step after it.
    fn copy(&self, len: usize, out: &mut [u8]) -> usize {
        let data = self.flow.io().data(len);
        debug_assert!(data.len() <= out.len(), "a step found more than a read before it");
        let n = data.len().min(out.len());
        out[..n].copy_from_slice(&data[..n]);
        n
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // A transport that panicked is not asked again: a second panic would end the process.
        if self.state == State::Reading && !std::thread::panicking() {
            self.flow.abandon();
        }
    }
}
