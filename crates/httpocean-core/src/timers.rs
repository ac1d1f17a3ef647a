//! The deadlines of many things in one heap. Each thing keeps a note of its own timer; what is in the heap and in no
//! note means nothing any more. A deadline that is put off leaves its timer as it is: early, but not late. Before a
//! driver goes to sleep the top is put right, and nothing else.

use core::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::time::Instant;

/// A deadline, and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timer<K> {
    pub(crate) at: Instant,
    pub(crate) of: K,
}

impl<K: Ord> Ord for Timer<K> {
    /// The earliest is the greatest: a heap has its greatest on top.
    fn cmp(&self, other: &Self) -> Ordering {
        other.at.cmp(&self.at).then_with(|| other.of.cmp(&self.of))
    }
}

impl<K: Ord> PartialOrd for Timer<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// At most one timer a thing that counts.
#[derive(Debug)]
pub(crate) struct Timers<K> {
    heap: BinaryHeap<Timer<K>>,
    armed: usize,
}

impl<K: Ord> Default for Timers<K> {
    fn default() -> Self {
        Self { heap: BinaryHeap::new(), armed: 0 }
    }
}

impl<K: Copy + Ord> Timers<K> {
    /// When to look again; not late, but maybe early.
    pub(crate) fn earliest(&self) -> Option<Instant> {
        self.first().map(|timer| timer.at)
    }

    /// The earliest, whether or not it counts.
    pub(crate) fn first(&self) -> Option<Timer<K>> {
        self.heap.peek().copied()
    }

    /// Takes the earliest out. Its note is somebody else's to put right.
    pub(crate) fn drop_first(&mut self) {
        self.heap.pop();
    }

    /// How many count.
    pub(crate) fn armed(&self) -> usize {
        self.armed
    }

    /// How many lie in the heap.
    pub(crate) fn len(&self) -> usize {
        self.heap.len()
    }

    /// Looks at a thing again at `at`, unless its note says that it is looked at before.
    pub(crate) fn arm(&mut self, note: &mut Option<Instant>, at: Instant, of: K) {
        if note.is_some_and(|before| before <= at) {
            return;
        }
        self.armed += usize::from(note.is_none());
        *note = Some(at);
        if self.heap.len() == self.heap.capacity() {
            // As an arena grows: there may be as many.
            self.heap.reserve_exact(self.heap.len() / 8 + 4);
        }
        self.heap.push(Timer { at, of });
    }

    pub(crate) fn disarm(&mut self, note: &mut Option<Instant>) {
        self.armed -= usize::from(note.take().is_some());
    }

    /// The next timer whose time has come. It counts only if the thing's note says so.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<Timer<K>> {
        if self.heap.peek()?.at > now { None } else { self.heap.pop() }
    }

    /// Whether most of the heap means nothing: then it is time for [`retain`](Self::retain). Each cleaning halves
    /// the heap at least, so it costs no more than the timers that were set.
    pub(crate) fn is_crowded(&self) -> bool {
        self.heap.len() > 2 * self.armed + 64
    }

    /// Keeps what the things' notes say.
    pub(crate) fn retain(&mut self, note: impl Fn(K) -> Option<Instant>) {
        self.heap.retain(|timer| note(timer.of) == Some(timer.at));
    }
}
