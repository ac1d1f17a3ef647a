//! Keys that were made before: making one takes longer than all else that a request to a known host needs.

use core::ops::Range;

use http::Uri;

use crate::key::Key;
use crate::rng::mix;

/// Places at first.
const PLACES: usize = 256;
/// An authority has so many to choose from, next to each other.
const WAYS: usize = 8;

/// The keys of hosts that requests went to lately, so that the next one need not make its key again: what is found
/// here is for [`Call::of_client`](crate::Call::of_client), whose key is to be remembered.
///
/// Keys that somebody else holds, as a pool does that of an idle connection, are forgotten by bad luck only, however many
/// they are; those that nobody holds any more, when there are many. So what is kept is bounded by what is in use. A look
/// costs the same however many there are, and whoever chooses their names: an authority has eight places, and takes the
/// one that was taken the longest ago.
///
/// ```
/// use httpocean_core::{Key, Keys};
///
/// let (mut keys, uri) = (Keys::default(), "http://example.com/".parse().unwrap());
/// assert_eq!(keys.look_up(&uri), None);
/// let key = Key::of(&uri).unwrap();
/// keys.remember(&key);
/// assert_eq!(keys.look_up(&uri), Some(&key));
/// ```
#[derive(Debug)]
pub struct Keys {
    places: Box<[Option<Key>]>,
    taken: usize,
}

impl Keys {
    /// The last key that was remembered of that authority, of whichever scheme and options.
    pub fn look_up(&self, uri: &Uri) -> Option<&Key> {
        let authority = uri.authority()?.as_str();
        let places = &self.places[ways(authority, self.places.len())];
        places.iter().flatten().find(|key| key.authority() == authority)
    }

    /// Instead of what was remembered of that authority before.
    pub fn remember(&mut self, key: &Key) {
        if self.taken > self.places.len() / 2 {
            self.make_room();
        }
        self.put(key.clone());
    }

    /// The newest is in front, whoever has no place any more is forgotten.
    fn put(&mut self, key: Key) {
        let ways = ways(key.authority(), self.places.len());
        let places = &mut self.places[ways];
        let same =
            |place: &Option<Key>| place.as_ref().is_none_or(|known| known.authority() == key.authority());
        let at = places.iter().position(same).unwrap_or(WAYS - 1);
        self.taken += usize::from(places[at].is_none());
        places[..=at].rotate_right(1);
        places[0] = Some(key);
    }

    /// Each time at least half as many were remembered since the last time as are kept.
    fn make_room(&mut self) {
        let keys = core::mem::take(&mut self.places).into_iter().flatten();
        let held: Vec<Key> = keys.filter(Key::is_held_elsewhere).collect();
        *self = Self::with_places((3 * held.len()).next_multiple_of(WAYS).max(PLACES));
        // The oldest first, to be the last again.
        held.into_iter().rev().for_each(|key| self.put(key));
    }

    fn with_places(places: usize) -> Self {
        Self { places: vec![None; places].into_boxed_slice(), taken: 0 }
    }
}

impl Default for Keys {
    fn default() -> Self {
        Self::with_places(PLACES)
    }
}

/// Hosts that meet in one place only take turns there: it need not be a secret who meets whom.
fn ways(authority: &str, places: usize) -> Range<usize> {
    let words = authority.as_bytes().chunks_exact(8);
    let rest = words.remainder().iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    let seed = mix(rest ^ authority.len() as u64);
    let word = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().unwrap_or_default());
    let hash = words.fold(seed, |hash, bytes| mix(hash ^ word(bytes)));
    let start = hash as usize % (places / WAYS) * WAYS;
    start..start + WAYS
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn uris(count: usize) -> Vec<Uri> {
        (0..count).map(|n| format!("http://a{n}.example:8080/").parse().unwrap()).collect()
    }

    #[test]
    fn what_nobody_holds_is_forgotten_when_there_is_much() {
        let mut keys = Keys::default();
        let uris = uris(100 * PLACES);
        for uri in &uris {
            assert_eq!(keys.look_up(uri), None);
            keys.remember(&Key::of(uri).unwrap());
            assert_eq!(keys.look_up(uri), Key::of(uri).ok().as_ref());
        }
        assert_eq!(keys.places.len(), PLACES);
        let left = uris.iter().filter(|uri| keys.look_up(uri).is_some()).count();
        assert!((1..=PLACES).contains(&left), "{left}");
        assert_eq!(left, keys.places.iter().flatten().count());
    }

    #[test]
    fn what_is_held_is_remembered_however_much_it_is() {
        let mut keys = Keys::default();
        let uris = uris(20_000);
        let mut held = Vec::new();
        for uri in &uris {
            held.push(Key::of(uri).unwrap());
            keys.remember(held.last().unwrap());
        }
        let known = uris.iter().zip(&held).filter(|(uri, key)| keys.look_up(uri) == Some(key)).count();
        assert!(known > 19_000, "{known}");
        assert!(keys.places.len() <= 3 * held.len(), "{}", keys.places.len());
        drop(held);
        (0..2 * keys.places.len()).for_each(|n| {
            keys.remember(&Key::of(&format!("http://b{n}.example/").parse().unwrap()).unwrap());
        });
        assert_eq!(keys.places.len(), PLACES, "and forgotten when it is not");
    }

    #[test]
    fn the_last_key_of_an_authority_takes_the_place_of_the_one_before() {
        let (mut keys, uri) = (Keys::default(), "http://a.example/".parse().unwrap());
        for partition in 0..10 {
            let key = Key::of(&uri).unwrap().in_partition(partition);
            keys.remember(&key);
            assert_eq!(keys.look_up(&uri), Some(&key));
        }
        assert_eq!(keys.places.iter().flatten().count(), 1);
    }

    #[test]
    fn who_has_no_place_takes_the_oldest_ones() {
        let mut keys = Keys::default();
        let of_one_place = |uri: &Uri| ways(uri.authority().unwrap().as_str(), PLACES).start == 0;
        let uris: Vec<Uri> = uris(10_000).into_iter().filter(of_one_place).take(WAYS + 1).collect();
        for uri in &uris {
            keys.remember(&Key::of(uri).unwrap());
        }
        let known: Vec<bool> = uris.iter().map(|uri| keys.look_up(uri).is_some()).collect();
        assert!(!known[0] && known[1..].iter().all(|known| *known), "{known:?}");
    }

    #[test]
    fn many_hosts_are_spread_over_the_places() {
        let ways: BTreeSet<_> =
            (0..PLACES).map(|n| ways(&format!("10.0.0.{n}:8080"), PLACES).start).collect();
        assert!(ways.len() > PLACES / WAYS * 3 / 4, "{}", ways.len());
    }
}
