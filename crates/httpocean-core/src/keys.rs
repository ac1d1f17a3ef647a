//! Keys that were made before: making one takes longer than all else that a request to a known host needs.

use http::Uri;

use crate::key::Key;
use crate::rng::mix;

/// So many are remembered; a power of two.
const PLACES: usize = 256;

/// The keys of hosts that requests went to lately, so that the next one need not make its key again: what is found
/// here is for [`Call::of_client`](crate::Call::of_client), whose key is to be remembered.
///
/// Each authority has one place, and takes it from whoever had it before: what a look costs, and what is held, does not
/// depend on how many hosts there are.
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
pub struct Keys(Box<[Option<Key>]>);

impl Keys {
    /// The last key that was remembered of that authority, of whichever scheme and options.
    pub fn look_up(&self, uri: &Uri) -> Option<&Key> {
        let authority = uri.authority()?.as_str();
        self.0[place(authority)].as_ref().filter(|key| key.authority() == authority)
    }

    /// Until another takes its place.
    pub fn remember(&mut self, key: &Key) {
        self.0[place(key.authority())] = Some(key.clone());
    }
}

impl Default for Keys {
    fn default() -> Self {
        Self(vec![None; PLACES].into_boxed_slice())
    }
}

/// Hosts that meet in one place only take turns there: it need not be a secret who meets whom.
fn place(authority: &str) -> usize {
    let words = authority.as_bytes().chunks_exact(8);
    let rest = words.remainder().iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    let seed = mix(rest ^ authority.len() as u64);
    let word = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().unwrap_or_default());
    words.fold(seed, |hash, bytes| mix(hash ^ word(bytes))) as usize % PLACES
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_key_is_remembered_until_another_takes_its_place() {
        let mut keys = Keys::default();
        let uris: Vec<Uri> =
            (0..2 * PLACES).map(|n| format!("http://a{n}.example:8080/").parse().unwrap()).collect();
        for uri in &uris {
            assert_eq!(keys.look_up(uri), None);
            keys.remember(&Key::of(uri).unwrap());
            assert_eq!(keys.look_up(uri), Key::of(uri).ok().as_ref());
        }
        let left = uris.iter().filter(|uri| keys.look_up(uri).is_some()).count();
        assert!((1..=PLACES).contains(&left), "{left}");
    }

    #[test]
    fn many_hosts_are_spread_over_the_places() {
        let places: BTreeSet<_> = (0..PLACES).map(|n| place(&format!("10.0.0.{n}:8080"))).collect();
        assert!(places.len() > PLACES / 2, "{}", places.len());
    }
}
