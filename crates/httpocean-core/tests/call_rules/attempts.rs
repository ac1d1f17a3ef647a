//! Further attempts: where they do no harm, counted, explained, and not too soon (I30 to I32, I35).

use std::time::Duration;

use httpocean_core::{Hop, HopReason};
use proptest::{prop_assert, prop_assert_eq};

use crate::always;
use crate::scene::{BACKOFF, RETRY_AFTER_MAX, Reply, Scene, WAITS, ms};

/// I30: after a byte of the request was sent it is made again only if that does no harm, and only with its body.
#[test]
fn i30_safe_replay() {
    always(90, |scene, played| {
        let (mut at_stake, mut redirected) = (false, false);
        for (_, hop, before) in &played.hops {
            let tried = &played.tried[before - 1];
            redirected |= hop.why == HopReason::Redirect;
            // A redirect may have made a GET without a body of it.
            if redirected {
                break;
            }
            at_stake |= !tried.sent.is_empty();
            prop_assert!(tried.sent.is_empty() || scene.may_be_made_twice(), "{hop:?}");
            let touched = played.tried[..*before].iter().any(|tried| tried.touched);
            prop_assert!(scene.body.1 || !touched, "without its body: {hop:?}");
            if hop.why == HopReason::StaleConnection {
                prop_assert!(tried.fed == 0 || tried.sent.is_empty(), "after an answer: {hop:?}");
            }
        }
        Ok(at_stake)
    });
}

/// I31: only a connection that has rested can be stale; never twice in a row, and the next is to be fresh.
#[test]
fn i31_fresh_never_stale_retries() {
    always(12, |_, played| {
        let mut last = None;
        for (_, hop, before) in &played.hops {
            if hop.why == HopReason::StaleConnection {
                let facts = played.tried[before - 1].facts;
                prop_assert!(facts.is_some_and(|facts| facts.may_be_stale()), "{facts:?}");
                prop_assert!(last != Some(HopReason::StaleConnection), "twice in a row");
                prop_assert!(hop.after.is_zero());
                if let Some(next) = played.tried.get(*before) {
                    prop_assert!(next.fresh, "the next attempt takes any connection");
                }
            }
            last = Some(hop.why);
        }
        let stale = played.hops.iter().filter(|(_, hop, _)| hop.why == HopReason::StaleConnection).count();
        prop_assert!(2 * stale <= played.hops.len() + 1);
        Ok(stale > 0)
    });
}

/// I32: attempts are within their bounds, each is remembered with its reason, and the first cause is kept.
#[test]
fn i32_counted_and_explained() {
    always(60, |scene, played| {
        let retries = played.hops.iter().filter(|(_, hop, _)| hop.why.is_retry()).count();
        let redirects = played.hops.iter().filter(|(_, hop, _)| hop.why == HopReason::Redirect).count();
        prop_assert!(retries <= scene.retries as usize && redirects <= scene.redirects as usize);
        prop_assert!(played.tried.len() <= played.hops.len() + 1);
        let told: Vec<_> = played.hops.iter().map(|(_, hop, _)| (hop.why, hop.status, hop.after)).collect();
        let known =
            |hops: &[Hop]| hops.iter().map(|hop| (hop.why, hop.status, hop.after)).collect::<Vec<_>>();
        let Some((_, Some(error))) = &played.end else {
            prop_assert_eq!(known(&played.history), told);
            return Ok(retries + redirects > 1);
        };
        prop_assert_eq!(known(error.history()), told);
        let first = played.hops.iter().find_map(|(_, hop, _)| hop.error.as_ref());
        if let (Some(first), Some(kept)) = (first, error.first()) {
            prop_assert_eq!(first.kind(), kept.kind(), "another cause");
        }
        prop_assert!(
            error.first().is_some() || first.is_none() || error.not_retried().is_none(),
            "{error:?}"
        );
        Ok(retries + redirects > 1)
    });
}

/// What a server asks for, if it is asked sensibly.
fn asked(scene: &Scene, nth: usize) -> Option<Duration> {
    let Reply::Busy(value) = scene.attempts[nth % scene.attempts.len()].reply else { return None };
    let meant = WAITS.iter().find(|(known, _)| *known == value)?.1;
    meant.map(ms)
}

/// I35: a `Retry-After` that makes sense is waited for, within a bound; one that does not is no reason to come again.
#[test]
fn i35_retry_after() {
    always(20, |scene, played| {
        let mut at_stake = false;
        let mut in_a_row = 0;
        for (_, hop, before) in &played.hops {
            in_a_row = if hop.why.is_retry() { in_a_row + 1 } else { 0 };
            if !matches!(hop.why, HopReason::Status | HopReason::RetryAfter) {
                continue;
            }
            at_stake = true;
            let Some(wait) = asked(scene, before - 1) else {
                prop_assert!(false, "nobody asked for {hop:?}");
                continue;
            };
            let own = BACKOFF * 2u32.pow(in_a_row - 1);
            let expected = if wait.is_zero() { own } else { wait.min(RETRY_AFTER_MAX) };
            prop_assert_eq!(hop.after, expected, "asked for {:?}", wait);
        }
        Ok(at_stake)
    });
}
