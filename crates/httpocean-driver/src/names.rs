//! Names that are looked up: each once at a time, and the answer kept for a while.

use std::collections::HashMap;
use std::time::Duration;

use httpocean_core::{Instant, Key};

/// So many answers are kept; of more, the one that ends first goes.
const MOST: usize = 256;

/// Who waits for which look-up, and what earlier ones came to, by what was to be connected to.
///
/// Whoever waits is told of a failure, too; it is not kept. `V` is an answer, `W` is who waits.
///
/// ```
/// use std::time::Duration;
/// use httpocean_core::{Instant, Key};
/// use httpocean_driver::{Look, Names};
///
/// let key = Key::of(&"http://a.example".parse().unwrap()).unwrap();
/// let mut names: Names<&str, u32> = Names::new(Duration::from_secs(5));
/// assert_eq!(names.look(&key, 1, Instant::ZERO), Look::Ask);
/// assert_eq!(names.look(&key, 2, Instant::ZERO), Look::Wait);
/// assert_eq!(names.answered(&key, Some("192.0.2.1"), Instant::ZERO), [1, 2]);
/// assert_eq!(names.look(&key, 3, Instant::from_micros(4_999_999)), Look::Known("192.0.2.1"));
/// assert_eq!(names.look(&key, 3, Instant::from_micros(5_000_000)), Look::Ask);
/// ```
#[derive(Debug)]
pub struct Names<V, W> {
    keep: Duration,
    asked: HashMap<Key, Vec<W>>,
    known: HashMap<Key, (V, Instant)>,
}

/// What to do for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look<V> {
    /// Nothing: here it is.
    Known(V),
    /// Look it up, and say what came of it by [`Names::answered`].
    Ask,
    /// Wait: somebody has asked.
    Wait,
}

impl<V: Clone, W: PartialEq> Names<V, W> {
    /// Answers are kept for so long; for no time at all by zero.
    pub fn new(keep: Duration) -> Self {
        Self { keep, asked: HashMap::new(), known: HashMap::new() }
    }

    /// `who` wants to know where to connect for `key`.
    pub fn look(&mut self, key: &Key, who: W, now: Instant) -> Look<V> {
        match self.known.get(key) {
            Some((value, until)) if *until > now => return Look::Known(value.clone()),
            Some(_) => _ = self.known.remove(key),
            None => {}
        }
        match self.asked.get_mut(key) {
            Some(waiting) => {
                waiting.push(who);
                Look::Wait
            }
            None => {
                self.asked.insert(key.clone(), vec![who]);
                Look::Ask
            }
        }
    }

    /// A look-up has ended, by an answer or without: all who are to be told.
    pub fn answered(&mut self, key: &Key, found: Option<V>, now: Instant) -> Vec<W> {
        if let Some(value) = found.filter(|_| !self.keep.is_zero()) {
            self.known.retain(|_, (_, until)| *until > now);
            if self.known.len() >= MOST {
                let first =
                    self.known.iter().min_by_key(|(_, (_, until))| *until).map(|(key, _)| key.clone());
                first.and_then(|key| self.known.remove(&key));
            }
            self.known.insert(key.clone(), (value, now + self.keep));
        }
        self.asked.remove(key).unwrap_or_default()
    }

    /// `who` does not wait any more. What nobody waits for by that: its look-up, if it has not begun, need not be made, and
    /// is then [`answered`](Self::answered) with nothing.
    pub fn forget(&mut self, who: &W) -> Option<Key> {
        let (key, waiting) = self.asked.iter_mut().find(|(_, waiting)| waiting.contains(who))?;
        waiting.retain(|other| other != who);
        waiting.is_empty().then(|| key.clone())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn key(n: usize) -> Key {
        Key::of(&format!("http://{n}.example").parse().unwrap()).unwrap()
    }

    fn at(micros: u64) -> Instant {
        Instant::from_micros(micros)
    }

    #[test]
    fn a_failure_is_told_to_all_who_wait_and_not_kept() {
        let mut names: Names<u8, u32> = Names::new(Duration::from_secs(1));
        assert_eq!((names.look(&key(1), 1, at(0)), names.look(&key(1), 2, at(0))), (Look::Ask, Look::Wait));
        assert_eq!(names.answered(&key(1), None, at(1)), [1, 2]);
        assert_eq!(names.look(&key(1), 3, at(1)), Look::Ask);
    }

    #[test]
    fn with_no_time_to_keep_look_ups_are_shared_all_the_same() {
        let mut names: Names<u8, u32> = Names::new(Duration::ZERO);
        assert_eq!((names.look(&key(1), 1, at(0)), names.look(&key(1), 2, at(0))), (Look::Ask, Look::Wait));
        assert_eq!(names.answered(&key(1), Some(9), at(0)), [1, 2]);
        assert_eq!(names.look(&key(1), 3, at(0)), Look::Ask);
    }

    #[test]
    fn no_more_is_kept_than_so_much() {
        let mut names: Names<usize, u32> = Names::new(Duration::from_secs(1));
        for n in 0..=MOST {
            assert_eq!(names.look(&key(n), 1, at(n as u64)), Look::Ask);
            names.answered(&key(n), Some(n), at(n as u64));
        }
        assert_eq!(names.known.len(), MOST);
        let now = at(MOST as u64);
        assert_eq!(names.look(&key(MOST), 1, now), Look::Known(MOST));
        assert_eq!(names.look(&key(0), 1, now), Look::Ask, "the first to end went");
    }

    #[test]
    fn what_nobody_waits_for_is_said() {
        let mut names: Names<u8, u32> = Names::new(Duration::ZERO);
        let _ = (names.look(&key(1), 1, at(0)), names.look(&key(1), 2, at(0)));
        assert_eq!(names.forget(&1), None);
        assert_eq!(names.forget(&2), Some(key(1)));
        assert_eq!(names.forget(&2), None);
        assert_eq!(names.answered(&key(1), None, at(0)), [0; 0]);
        assert_eq!(names.look(&key(1), 3, at(0)), Look::Ask);
    }
}
