//! Any bytes as `Retry-After` and `Date`.

use core::time::Duration;

use http::{HeaderValue, Response};
use httpocean_core::policy::{self, Answer};

use crate::bytes::Bytes;

/// No wait but one that the server asked for: so many seconds, or until a date that no later clock makes later.
pub fn retry_after(bytes: &[u8]) {
    let mut choices = Bytes::new(bytes);
    let walls = [0, 784_111_777, 1_577_836_800, 1_792_000_000, u64::MAX, 253_402_300_799];
    let (wall, later) = (choices.pick(&walls), u64::from(choices.byte()));
    let (date, value) = (choices.text(), choices.rest());
    let (Ok(date), Ok(field)) = (HeaderValue::from_bytes(date), HeaderValue::from_bytes(value)) else {
        return;
    };
    let response = |date: Option<HeaderValue>| {
        let mut response = Response::new(());
        response.headers_mut().insert("retry-after", field.clone());
        date.map(|date| response.headers_mut().insert("date", date));
        response
    };
    let wait = |date, wall| policy::retry_after(&Answer::from(&response(date)), wall);
    let _ = wait(Some(date), None);
    let (without, now) = (wait(None, None), wait(None, Some(wall)));
    let text = value.trim_ascii();
    if !text.is_empty() && text.iter().all(u8::is_ascii_digit) {
        let seconds = core::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
        assert_eq!(without, Some(Duration::from_secs(seconds.unwrap_or(u64::MAX))));
        assert_eq!(without, now);
        return;
    }
    assert_eq!(without, None, "a date, and nothing to compare it with");
    // What a year of two digits means depends on the time.
    if let (Some(now), false) = (now, value.contains(&b'-')) {
        let then = wait(None, Some(wall.saturating_add(later))).expect("it was a date before");
        assert_eq!(then, now.saturating_sub(Duration::from_secs(later)), "{value:?}");
        assert!(now.as_secs() <= 253_402_300_800, "beyond the year 9999");
    }
}
