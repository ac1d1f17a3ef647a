//! Responses: early ones, whole ones, unwanted ones, endless ones (I36 to I39).

use httpocean_core::pool::Fate;
use httpocean_core::{ErrorKind, Instant, Phase};
use proptest::{prop_assert, prop_assert_eq};

use crate::always;
use crate::play::{Played, Tried};
use crate::scene::{End, HEAD_BYTES, INTERIMS, Scene, ms};

/// The last attempt, if it was on a connection and its response is not one that led on.
fn last(played: &Played) -> Option<&Tried> {
    let hopped = played.hops.last().is_some_and(|(_, _, before)| *before == played.tried.len());
    played.tried.last().filter(|last| last.facts.is_some() && !hopped)
}

/// The call ended for a reason of its user's, or because its time was over.
fn is_excused(scene: &Scene, played: &Played) -> bool {
    let (end, _) = played.end.as_ref().unwrap();
    let over = scene.total.is_some_and(|total| *end >= Instant::ZERO + ms(total));
    over || played.gave_up.is_some()
}

/// I36: a response that is whole is delivered, though the request is not, and though it can't be written any more. Its
/// connection is used again only if the request was written.
#[test]
fn i36_early_response() {
    always(7, |scene, played| {
        for tried in &played.tried {
            let reusable = matches!(tried.fate, Some(Fate::Reusable { .. }));
            prop_assert!(!reusable || tried.request_is_whole() && !tried.write_failed, "kept half-written");
        }
        let whole = |last: &&Tried| last.response_is_whole() && last.answer.acceptable;
        let Some(last) = last(played).filter(whole) else { return Ok(false) };
        let early = !last.request_is_whole() || last.write_failed;
        if early && !is_excused(scene, played) {
            let (_, error) = played.end.as_ref().unwrap();
            let refused = error.as_ref().is_some_and(|error| is_about_the_answer(error.kind()));
            prop_assert!(error.is_none() || refused, "the response was whole: {error:?}");
            prop_assert!(refused || last.heads == [last.answer.status]);
        }
        Ok(early && last.heads == [last.answer.status])
    });
}

/// A response that was heard, understood, and is an error by what it says.
fn is_about_the_answer(kind: &ErrorKind) -> bool {
    matches!(kind, ErrorKind::Redirect(_) | ErrorKind::Status(_))
}

/// I37: whole if, and only if, it is; and never another byte than those that were sent.
#[test]
fn i37_truth_of_completeness() {
    always(300, |scene, played| {
        for tried in &played.tried {
            prop_assert!(tried.answer.body.starts_with(&tried.data), "bytes that nobody sent");
        }
        let (_, error) = played.end.as_ref().unwrap();
        let Some(last) = last(played).filter(|_| played.gave_up.is_none()) else { return Ok(false) };
        if error.is_none() {
            prop_assert!(last.response_is_whole(), "it was not whole");
            prop_assert_eq!(&last.data, &last.answer.body);
        }
        let is_fine = last.response_is_whole() && last.answer.acceptable;
        if let Some(error) = error.as_ref().filter(|_| is_fine && !is_excused(scene, played)) {
            prop_assert!(is_about_the_answer(error.kind()), "it was whole: {error:?}");
        }
        Ok(last.fed > 0)
    });
}

/// I38: who wants no more waits for so many bytes and so long at most; more is not kept.
#[test]
fn i38_bounded_drain() {
    always(6, |scene, played| {
        let Some((since, true)) = played.gave_up else { return Ok(false) };
        let (end, error) = played.end.as_ref().unwrap();
        prop_assert!(error.is_none(), "the user has what was wanted: {error:?}");
        let (bytes, time) = scene.drain;
        prop_assert!(*end <= since + ms(time), "from {since:?} to {end:?}");
        let kept = matches!(played.tried.last().unwrap().fate, Some(Fate::Reusable { .. }));
        let left = played.unwanted as u64;
        // Of what is framed in chunks, not all is body.
        prop_assert!(!kept || left <= 2 * bytes + 40, "{left} bytes were drained");
        Ok(true)
    });
}

/// I38: an answer in between is drained within the same bounds.
#[test]
fn i38_a_drain_before_a_hop_is_bounded() {
    always(15, |scene, played| {
        let mut since = None;
        for (at, want) in &played.waits {
            if want.phase == Phase::Drain {
                let first = *since.get_or_insert(*at);
                prop_assert!(*at < first + ms(scene.drain.1).max(ms(1)), "still at {at:?}");
                prop_assert!(want.until.is_some_and(|until| until <= first + ms(scene.drain.1)), "{want:?}");
            } else {
                since = None;
            }
        }
        Ok(played.waits.iter().any(|(_, want)| want.phase == Phase::Drain))
    });
}

/// I39: heads, interim responses, and what is held of either, are bounded.
#[test]
fn i39_bounded_heads() {
    always(40, |scene, played| {
        let piece = scene.attempts.iter().map(|attempt| attempt.pieces.0.min(4_000)).max().unwrap();
        prop_assert!(played.held <= HEAD_BYTES + piece, "{} bytes are held", played.held);
        for tried in &played.tried {
            prop_assert!(tried.interims <= INTERIMS, "{} interim responses", tried.interims);
            prop_assert!(tried.answer.wire.len() < 800 || tried.heads.is_empty(), "an endless head");
        }
        let (_, error) = played.end.as_ref().unwrap();
        let too_large =
            |kind: &ErrorKind| matches!(kind, ErrorKind::Protocol(error) if error.class() == "too-large");
        Ok(error.as_ref().is_some_and(|error| too_large(error.kind())))
    });
}

/// I22: a connection whose peer has ended or broken is never kept.
#[test]
fn i22_nothing_that_has_ended_is_kept() {
    always(80, |_, played| {
        for tried in &played.tried {
            let ended = tried.ended.is_some_and(|end| end != End::StaysOpen);
            prop_assert!(!(ended && matches!(tried.fate, Some(Fate::Reusable { .. }))), "kept after its end");
        }
        Ok(played.tried.iter().any(|tried| tried.ended.is_some()))
    });
}
