//! What a server says about when to come back: `Retry-After` (RFC 9110 section 10.2.3).

use core::time::Duration;

use super::date;
use super::outcome::Answer;

/// In 2020; a `Date` that has a year of two digits needs a now to be read, and no more than that.
const SOME_NOW: i64 = 1_577_836_800;

/// How long the server asks to wait: a number of seconds, or until a date. None when it does not say, or says
/// something else than these two: that is ignored. More than one field, which no server should send: the longest
/// wait.
///
/// A date is compared with the `Date` of the response, which the same clock has written, and without one with `wall`,
/// the seconds since 1970 by the clock on this side's wall; without that either it is ignored. A date that has passed
/// is no wait.
///
/// ```
/// use core::time::Duration;
/// use httpocean_core::policy::{Answer, retry_after};
///
/// let response = http::Response::builder()
///     .header("date", "Sun, 06 Nov 1994 08:49:37 GMT")
///     .header("retry-after", "Sun, 06 Nov 1994 08:50:00 GMT")
///     .body(())
///     .unwrap();
/// assert_eq!(retry_after(&Answer::from(&response), None), Some(Duration::from_secs(23)));
/// ```
pub fn retry_after(answer: &Answer<'_>, wall: Option<u64>) -> Option<Duration> {
    answer.values("retry-after").filter_map(|value| wait_of(value, || now_of(answer, wall))).max()
}

fn wait_of(value: &[u8], now: impl FnOnce() -> Option<i64>) -> Option<Duration> {
    let text = core::str::from_utf8(value).ok()?.trim_matches([' ', '\t']);
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit: longer than anybody waits.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let now = now()?;
    let until = date::parse(text, now)?;
    Some(Duration::from_secs(u64::try_from(until.saturating_sub(now)).unwrap_or(0)))
}

fn now_of(answer: &Answer<'_>, wall: Option<u64>) -> Option<i64> {
    let wall = wall.and_then(|wall| i64::try_from(wall).ok());
    let date = answer.values("date").next().and_then(|date| core::str::from_utf8(date).ok());
    date.and_then(|date| date::parse(date, wall.unwrap_or(SOME_NOW))).or(wall)
}
