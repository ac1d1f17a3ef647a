//! How a server or a link ends: one switch wakes every thread that it started.

use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

/// Locks, also after a handler panicked: what the tests want to see is the state, not the poison.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a thread may be waiting for, and how it is made to stop waiting.
pub(crate) trait Stop {
    fn stop(&self);
}

impl Stop for TcpStream {
    fn stop(&self) {
        // A socket that the peer closed already refuses this, which is as good.
        let _ = self.shutdown(Shutdown::Both);
    }
}

/// Turned off once. Threads that pause wake up, threads that wait for a socket find it shut down, and so nobody
/// has to poll.
#[derive(Debug, Default)]
pub(crate) struct Switch {
    /// Set under the state's lock, so that no waiting thread misses it; read without, in every busy loop: one
    /// that went on until it is stopped below would starve the thread that stops the others.
    off: AtomicBool,
    state: Mutex<State>,
    turned_off: Condvar,
    slot_freed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    slots: usize,
    /// Weak, because a socket is closed (and a reset sent) only when its last owner lets go.
    watched: Vec<Weak<dyn Stop + Send + Sync>>,
}

impl Switch {
    pub(crate) fn is_off(&self) -> bool {
        self.off.load(Ordering::SeqCst)
    }

    pub(crate) fn turn_off(&self) {
        let watched = {
            let mut state = lock(&self.state);
            self.off.store(true, Ordering::SeqCst);
            std::mem::take(&mut state.watched)
        };
        self.turned_off.notify_all();
        self.slot_freed.notify_all();
        for waited_for in watched.iter().filter_map(Weak::upgrade) {
            waited_for.stop();
        }
    }

    /// Waits so long; `false` when the switch was turned off meanwhile.
    pub(crate) fn pause(&self, length: Duration) -> bool {
        let state = lock(&self.state);
        let waited = self.turned_off.wait_timeout_while(state, length, |_| !self.is_off());
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        !self.is_off()
    }

    /// From now on this is stopped together with everything else.
    pub(crate) fn watch<T: Stop + Send + Sync + 'static>(&self, waited_for: T) -> Arc<T> {
        let waited_for = Arc::new(waited_for);
        let weak: Weak<T> = Arc::downgrade(&waited_for);
        let mut state = lock(&self.state);
        if self.is_off() {
            waited_for.stop();
        } else {
            state.watched.retain(|other| other.strong_count() > 0);
            state.watched.push(weak);
        }
        drop(state);
        waited_for
    }

    /// Waits until fewer than `max` slots are taken and takes one; `None` when the switch is off.
    pub(crate) fn take_slot(self: &Arc<Self>, max: usize) -> Option<Slot> {
        let state = lock(&self.state);
        let mut state = self
            .slot_freed
            .wait_while(state, |state| !self.is_off() && state.slots >= max)
            .unwrap_or_else(PoisonError::into_inner);
        if self.is_off() {
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
