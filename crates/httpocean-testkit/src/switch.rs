//! How a server or a link ends: one switch wakes every thread that it started.

use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

/// Locks, also after a handler panicked: what the tests want to see is the state, not the poison.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Turned off once. Threads that pause wake up, threads that read or write find their socket shut down, and so
/// nobody has to poll.
#[derive(Debug, Default)]
pub(crate) struct Switch {
    state: Mutex<State>,
    turned_off: Condvar,
    slot_freed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    off: bool,
    slots: usize,
    /// Weak, because a socket is closed (and a reset sent) only when its last owner lets go.
    streams: Vec<Weak<TcpStream>>,
}

impl Switch {
    pub(crate) fn is_off(&self) -> bool {
        lock(&self.state).off
    }

    pub(crate) fn turn_off(&self) {
        let streams = {
            let mut state = lock(&self.state);
            state.off = true;
            std::mem::take(&mut state.streams)
        };
        self.turned_off.notify_all();
        self.slot_freed.notify_all();
        for stream in streams.iter().filter_map(Weak::upgrade) {
            shut_down(&stream);
        }
    }

    /// Waits so long; `false` when the switch was turned off meanwhile.
    pub(crate) fn pause(&self, length: Duration) -> bool {
        let state = lock(&self.state);
        let (state, _) = self
            .turned_off
            .wait_timeout_while(state, length, |state| !state.off)
            .unwrap_or_else(PoisonError::into_inner);
        !state.off
    }

    /// From now on the stream is shut down together with everything else.
    pub(crate) fn watch(&self, stream: TcpStream) -> Arc<TcpStream> {
        let stream = Arc::new(stream);
        let mut state = lock(&self.state);
        if state.off {
            shut_down(&stream);
        } else {
            state.streams.retain(|other| other.strong_count() > 0);
            state.streams.push(Arc::downgrade(&stream));
        }
        drop(state);
        stream
    }

    /// Waits until fewer than `max` slots are taken and takes one; `None` when the switch is off.
    pub(crate) fn take_slot(self: &Arc<Self>, max: usize) -> Option<Slot> {
        let state = lock(&self.state);
        let mut state = self
            .slot_freed
            .wait_while(state, |state| !state.off && state.slots >= max)
            .unwrap_or_else(PoisonError::into_inner);
        if state.off {
            return None;
        }
        state.slots += 1;
        Some(Slot { switch: Arc::clone(self) })
    }
}

/// The right to run one connection.
#[derive(Debug)]
pub(crate) struct Slot {
    switch: Arc<Switch>,
}

impl Drop for Slot {
    fn drop(&mut self) {
        lock(&self.switch.state).slots -= 1;
        self.switch.slot_freed.notify_all();
    }
}

/// A socket that the peer closed already refuses this, which is as good.
fn shut_down(stream: &TcpStream) {
    let _ = stream.shutdown(Shutdown::Both);
}
