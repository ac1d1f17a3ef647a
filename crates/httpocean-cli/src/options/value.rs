//! JSON values of options, taken for what the option wants.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Map, Value};

/// A duration above this is a mistake, and far below what clocks overflow at.
const MOST_MS: f64 = 1e12;

pub(super) fn object<'v>(name: &str, value: &'v Value) -> Result<&'v Map<String, Value>, String> {
    value.as_object().ok_or_else(|| format!("`{name}` is an object, not {value}"))
}

/// `null` is none.
pub(super) fn maybe<T>(
    name: &str,
    value: &Value,
    take: impl FnOnce(&str, &Value) -> Result<T, String>,
) -> Result<Option<T>, String> {
    if value.is_null() { Ok(None) } else { take(name, value).map(Some) }
}

pub(super) fn count<T: TryFrom<u64>>(name: &str, value: &Value) -> Result<T, String> {
    let number = value.as_u64().and_then(|number| T::try_from(number).ok());
    number.ok_or_else(|| {
        format!("`{name}` is a whole number that is not below 0, and not too large: not {value}")
    })
}

pub(super) fn at_least_1(name: &str, value: &Value) -> Result<usize, String> {
    match count(name, value)? {
        0 => Err(format!("`{name}` is at least 1")),
        number => Ok(number),
    }
}

/// Of milliseconds, parts of one allowed.
pub(super) fn duration(name: &str, value: &Value) -> Result<Duration, String> {
    let ms = value.as_f64().filter(|ms| (0.0..=MOST_MS).contains(ms));
    let ms = ms.ok_or_else(|| format!("`{name}` is a number of milliseconds, not {value}"))?;
    Ok(Duration::from_secs_f64(ms / 1e3))
}

pub(super) fn yes_or_no(name: &str, value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| format!("`{name}` is true or false, not {value}"))
}

pub(super) fn text(name: &str, value: &Value) -> Result<String, String> {
    value.as_str().map(str::to_owned).ok_or_else(|| format!("`{name}` is a string, not {value}"))
}

pub(super) fn addresses(name: &str, value: &Value) -> Result<Vec<SocketAddr>, String> {
    let wrong =
        || format!("`{name}` gives each host a list of addresses such as \"127.0.0.1:80\", not {value}");
    let list = value.as_array().ok_or_else(wrong)?;
    list.iter().map(|address| address.as_str().and_then(|text| text.parse().ok()).ok_or_else(wrong)).collect()
}

/// Of whatever `take` makes of each.
pub(super) fn list<T>(
    name: &str,
    value: &Value,
    take: impl Fn(&str, &Value) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    let items = value.as_array().ok_or_else(|| format!("`{name}` is a list, not {value}"))?;
    items.iter().map(|item| take(name, item)).collect()
}
