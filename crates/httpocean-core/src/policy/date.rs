//! The dates of HTTP (RFC 9110 section 5.6.7), as seconds since 1970. Ours, because a crate that reads them hands out
//! the system's time, which the core has not, and because a year of two digits depends on what year it is now.

const DAY: i64 = 86_400;
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// The date in any of the three forms; none when it is not exactly one of them. `now` decides what a year of two
/// digits means: at most 50 years from now.
pub(super) fn parse(text: &str, now: i64) -> Option<i64> {
    match text.split_once(", ") {
        Some((day, rest)) if DAYS.contains(&day) => rfc850(rest, now),
        Some((day, rest)) if is_short_day(day) => imf_fixdate(rest),
        Some(_) => None,
        None => asctime(text),
    }
}

/// `06 Nov 1994 08:49:37 GMT`
fn imf_fixdate(text: &str) -> Option<i64> {
    let [day, month, year, time, zone] = parts(text, ' ')?;
    let date = Date { year: digits(year, 4)?, month: month_of(month)?, day: digits(day, 2)? };
    (zone == "GMT").then_some(())?;
    Some(date.seconds()? + time_of(time)?)
}

/// `06-Nov-94 08:49:37 GMT`
fn rfc850(text: &str, now: i64) -> Option<i64> {
    let [date, time, zone] = parts(text, ' ')?;
    let [day, month, year] = parts(date, '-')?;
    (zone == "GMT").then_some(())?;
    let (year, month, day) = (digits(year, 2)?, month_of(month)?, digits(day, 2)?);
    let time = time_of(time)?;
    let latest = now.saturating_add(50 * 365 * DAY + 12 * DAY);
    let mut centuries = [2200, 2100, 2000, 1900].into_iter();
    centuries.find_map(|century| {
        let seconds = Date { year: century + year, month, day }.seconds()? + time;
        (seconds <= latest).then_some(seconds)
    })
}

/// `Sun Nov  6 08:49:37 1994`
fn asctime(text: &str) -> Option<i64> {
    let (weekday, rest) = text.split_at_checked(4)?;
    is_short_day(weekday.strip_suffix(' ')?).then_some(())?;
    let (month, rest) = rest.split_at_checked(4)?;
    let (day, rest) = rest.split_at_checked(3)?;
    let [time, year] = parts(rest, ' ')?;
    let day = day.strip_suffix(' ')?;
    let day = match day.strip_prefix(' ') {
        Some(day) => digits(day, 1)?,
        None => digits(day, 2)?,
    };
    let date = Date { year: digits(year, 4)?, month: month_of(month.strip_suffix(' ')?)?, day };
    Some(date.seconds()? + time_of(time)?)
}

struct Date {
    year: i64,
    month: i64,
    day: i64,
}

impl Date {
    /// Midnight of a day that is in the calendar.
    fn seconds(&self) -> Option<i64> {
        let Self { year, month, day } = *self;
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let length = match month {
            2 => 28 + i64::from(leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        (1..=length).contains(&day).then_some(())?;
        // Years that begin in March have their leap day at the end.
        let (year, month) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
        let before = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
        let days = before + (153 * month + 2) / 5 + day - 1;
        Some((days - 719_468) * DAY)
    }
}

/// `08:49:37`; a leap second is in the grammar.
fn time_of(text: &str) -> Option<i64> {
    let [hour, minute, second] = parts(text, ':')?;
    let (hour, minute, second) = (digits(hour, 2)?, digits(minute, 2)?, digits(second, 2)?);
    (hour < 24 && minute < 60 && second <= 60).then_some(hour * 3_600 + minute * 60 + second)
}

fn month_of(name: &str) -> Option<i64> {
    MONTHS.iter().position(|month| *month == name).map(|index| index as i64 + 1)
}

fn is_short_day(name: &str) -> bool {
    name.len() == 3 && DAYS.iter().any(|day| day.starts_with(name))
}

fn digits(text: &str, len: usize) -> Option<i64> {
    let right = text.len() == len && text.bytes().all(|byte| byte.is_ascii_digit());
    if right { text.parse().ok() } else { None }
}

/// Exactly `N` parts.
fn parts<const N: usize>(text: &str, separator: char) -> Option<[&str; N]> {
    let mut split = text.split(separator);
    let mut parts = [""; N];
    for part in &mut parts {
        *part = split.next()?;
    }
    split.next().is_none().then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_792_000_000;

    #[test]
    fn the_three_forms_name_the_same_second() {
        for text in
            ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
        {
            assert_eq!(parse(text, NOW), Some(784_111_777), "{text}");
        }
        assert_eq!(parse("Thu Jan 01 00:00:00 1970", NOW), Some(0));
        let leap = parse("Sat, 31 Dec 2016 23:59:60 GMT", NOW);
        assert_eq!(leap, parse("Sun, 01 Jan 2017 00:00:00 GMT", NOW));
        assert!(leap.is_some());
    }

    #[test]
    fn every_day_of_four_centuries_is_one_after_the_other() {
        let mut expected = Date { year: 1900, month: 1, day: 1 }.seconds().unwrap();
        assert_eq!(expected, -2_208_988_800);
        for year in 1900..2300 {
            for month in 1..=12 {
                for day in 1..=31 {
                    if let Some(seconds) = (Date { year, month, day }).seconds() {
                        assert_eq!(seconds, expected, "{year}-{month}-{day}");
                        expected += DAY;
                    }
                }
            }
        }
        assert_eq!(expected, Date { year: 2300, month: 1, day: 1 }.seconds().unwrap());
    }

    #[test]
    fn a_year_of_two_digits_is_at_most_fifty_years_ahead() {
        let year = |text: &str, now| parse(text, now).map(|seconds| 1970 + seconds / 31_556_952);
        assert_eq!(year("Friday, 01-Jul-76 00:00:00 GMT", NOW), Some(2076));
        assert_eq!(year("Friday, 01-Jul-77 00:00:00 GMT", NOW), Some(1977));
        assert_eq!(year("Friday, 01-Jul-77 00:00:00 GMT", NOW + 365 * DAY), Some(2077));
        // To the second: twelve of the fifty years from 1970 on have a leap day, thirteen of those before.
        assert_eq!(parse("Wednesday, 01-Jan-20 00:00:00 GMT", 0), Some((50 * 365 + 12) * DAY));
        assert_eq!(parse("Wednesday, 01-Jan-20 00:00:01 GMT", 0), Some(1 - (50 * 365 + 13) * DAY));
    }

    #[test]
    fn nothing_else_is_a_date() {
        for text in [
            "",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 +0000",
            "sun, 06 nov 1994 08:49:37 gmt",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 94 08:49:37 GMT",
            "Xun, 06 Nov 1994 08:49:37 GMT",
            ", 06 Nov 1994 08:49:37 GMT",
            "Sun, 31 Feb 1994 08:49:37 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1994 08:60:37 GMT",
            "Sun, 06 Nov 1994 08:49:61 GMT",
            "Sun, 06  Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT ",
            "Sunday, 06-Nov-1994 08:49:37 GMT",
            "Sun, 06-Nov-94 08:49:37 GMT",
            "Sun Nov 6 08:49:37 1994",
            "Sun Nov  6 08:49:37 94",
            "1994-11-06T08:49:37Z",
            "Süß, 06 Nov 1994 08:49:37 GMT",
            "Süß",
        ] {
            assert_eq!(parse(text, NOW), None, "{text:?}");
        }
    }
}
