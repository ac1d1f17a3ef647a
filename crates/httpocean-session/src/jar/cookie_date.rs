//! Dates in cookies, read as RFC 6265 section 5.1.1 says: in almost any order, by what each word looks like.

/// The seconds from 1970 to that date; of a date before, 0.
pub(super) fn seconds(bytes: &[u8]) -> Option<u64> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    for word in bytes.split(|byte| is_delimiter(*byte)).filter(|word| !word.is_empty()) {
        if time.is_none() && hours(word).is_some() {
            time = hours(word);
        } else if day.is_none() && number(word, 1..=2).is_some() {
            day = number(word, 1..=2);
        } else if month.is_none() && month_of(word).is_some() {
            month = month_of(word);
        } else if year.is_none() && number(word, 2..=4).is_some() {
            year = number(word, 2..=4);
        }
    }
    let (hour, minute, second) = time?;
    let year = match year? {
        year @ 70..=99 => year + 1900,
        year @ 0..=69 => year + 2000,
        year => year,
    };
    let (day, month) = (day?, month?);
    let is_one = (1..=31).contains(&day) && year >= 1601 && hour <= 23 && minute <= 59 && second <= 59;
    let exists = is_one && day <= days_in(month, year);
    let days = exists.then(|| days_since_1970(year.into(), month.into(), day.into()))?;
    let seconds = days * 86_400 + i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
    Some(u64::try_from(seconds).unwrap_or(0))
}

fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'\t' | 0x20..=0x2f | 0x3b..=0x40 | 0x5b..=0x60 | 0x7b..=0x7e)
}

/// So many digits at the front, with something else behind them or nothing.
fn number(word: &[u8], digits: core::ops::RangeInclusive<usize>) -> Option<u32> {
    let len = word.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let value = |digits: &[u8]| digits.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    digits.contains(&len).then(|| value(&word[..len]))
}

fn hours(word: &[u8]) -> Option<(u32, u32, u32)> {
    let mut parts = word.splitn(3, |byte| *byte == b':');
    let mut next = |is_last: bool| {
        let part = parts.next()?;
        let is_whole = part.iter().all(u8::is_ascii_digit);
        number(part, 1..=2).filter(|_| is_last || is_whole)
    };
    Some((next(false)?, next(false)?, next(true)?))
}

fn month_of(word: &[u8]) -> Option<u32> {
    const MONTHS: [&[u8]; 12] =
        [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];
    let start = word.get(..3)?.to_ascii_lowercase();
    (1..).zip(MONTHS).find(|(_, month)| *month == start).map(|(number, _)| number)
}

fn days_in(month: u32, year: u32) -> u32 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + u32::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Counted in years that begin in March, so that the leap day is their last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_in_the_usual_forms() {
        for (text, at) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(784_111_777)),
            ("Sun Nov  6 08:49:37 1994", Some(784_111_777)),
            ("Wed, 13-Jan-2021 22:23:01 GMT", Some(1_610_576_581)),
            ("06 nov 1994 8:49:37", Some(784_111_777)),
            ("1994 6 November 08:49:37", Some(784_111_777)),
            ("Tue, 29 Feb 2028 12:00:00 GMT", Some(1_835_438_400)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", Some(253_402_300_799)),
            ("Wed, 01 Jan 1601 00:00:00 GMT", Some(0)),
            ("01 Jan 69 00:00:00", Some(3_124_224_000)),
        ] {
            assert_eq!(seconds(text.as_bytes()), at, "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "0",
            "Thu, 01 Jan 1600 00:00:00 GMT",
            "30 Feb 2024 00:00:00",
            "29 Feb 2023 00:00:00",
            "32 Jan 2024 00:00:00",
            "00 Jan 2024 00:00:00",
            "01 Foo 2024 00:00:00",
            "01 Jan 2024 24:00:00",
            "01 Jan 2024 00:60:00",
            "01 Jan 2024 00:00",
            "01 Jan 00:00:00",
            "Jan 2024 00:00:00",
            "01 Jan 20244 00:00:00",
            "01 Jan 2024 000:00:00",
        ] {
            assert_eq!(seconds(text.as_bytes()), None, "{text}");
        }
    }
}
