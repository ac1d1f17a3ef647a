//! One connection at a time, one end, in time (I1 to I7, I34, I40).

use httpocean_core::ErrorKind;
use proptest::{prop_assert, prop_assert_eq};

use crate::always;
use crate::play::play;
use crate::scene::ms;

#[test]
fn i1_one_connection_at_a_time() {
    always(120, |_, played| {
        let mut asked = false;
        for (_, word) in &played.words {
            prop_assert!(!(asked && *word == "acquire"), "it asks while it has one");
            asked |= *word == "acquire";
            asked &= !["release", "hop"].contains(word);
        }
        Ok(played.attached > 1)
    });
}

#[test]
fn i2_every_connection_is_given_back_once() {
    always(800, |_, played| {
        prop_assert_eq!(played.attached, played.released);
        let given_back = played.tried.iter().filter(|tried| tried.fate.is_some()).count();
        prop_assert_eq!(given_back, played.released);
        Ok(played.attached > 0)
    });
}

#[test]
fn i3_one_end() {
    always(1_000, |_, played| {
        let lasts = played.words.iter().filter(|(_, word)| ["end", "failed"].contains(word));
        prop_assert_eq!(lasts.count(), 1);
        Ok(played.end.is_some())
    });
}

#[test]
fn i4_nothing_after_the_end() {
    always(1_000, |_, played| {
        let last = played.words.last().unwrap().1;
        prop_assert!(["end", "failed"].contains(&last), "{last}");
        Ok(true)
    });
}

#[test]
fn i7_the_same_scene_the_same_words() {
    always(1_000, |scene, played| {
        let again = play(scene);
        prop_assert_eq!(
            (&played.words, &played.waits, &played.hops),
            (&again.words, &again.waits, &again.hops)
        );
        Ok(true)
    });
}

/// I34: every wait ends by the deadline, and so does the call; no hop is decided that would begin after it.
#[test]
fn i34_one_deadline() {
    always(12, |scene, played| {
        let Some(total) = scene.total else { return Ok(false) };
        let deadline = httpocean_core::Instant::ZERO + ms(total);
        for (at, want) in &played.waits {
            prop_assert!(want.until.is_some_and(|until| until <= deadline), "at {at:?}: {want:?}");
        }
        for (at, hop, _) in &played.hops {
            prop_assert!(
                *at + hop.after < deadline || hop.after.is_zero() && *at < deadline,
                "{hop:?} at {at:?}"
            );
        }
        let (end, error) = played.end.as_ref().unwrap();
        prop_assert!(*end <= deadline, "it ends at {end:?}");
        let by_it = error.as_ref().is_some_and(|error| *error.kind() == ErrorKind::Timeout);
        Ok(by_it && *end == deadline)
    });
}

/// I40: what comes after a connection was given back is said at once; nothing has to come of the old one.
#[test]
fn i40_nothing_waits_for_a_close() {
    always(800, |_, played| {
        let releases = played.words.windows(2).filter(|pair| pair[0].1 == "release");
        let mut any = false;
        for pair in releases {
            any = true;
            prop_assert!(pair[1].1 != "wait" && pair[0].0 == pair[1].0, "{pair:?}");
        }
        Ok(any)
    });
}
