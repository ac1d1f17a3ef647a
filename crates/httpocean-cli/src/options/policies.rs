//! The options of redirects and retries.

use httpocean_std::Config;
use httpocean_std::http::{HeaderName, Method, StatusCode};
use httpocean_std::policy::{Backoff, Methods, Retries};
use serde_json::Value;

use super::{Unfit, value};

/// As urllib3 has it where only a class is given.
const TOTAL_OF_CLASSES: u32 = 10;

/// Sets the option of that name; `false`: it is none of these.
pub(super) fn set(config: &mut Config, name: &str, value: &Value) -> Result<bool, Unfit> {
    let Config { redirects, retries, .. } = config;
    match name {
        "redirects" => redirects.limit = value::count(name, value)?,
        "keep_method" => redirects.keep_method = value::yes_or_no(name, value)?,
        "same_host" => redirects.same_host = value::yes_or_no(name, value)?,
        "https_only" => redirects.https_only = value::yes_or_no(name, value)?,
        "sensitive" => redirects.sensitive = value::list(name, value, field_name)?,
        "retries" if value.is_object() => set_counts(retries, value)?,
        "retries" => set_total(retries, name, value)?,
        "retry_methods" => {
            let methods = value::maybe(name, value, |name, value| value::list(name, value, method))?;
            retries.methods = methods.map_or(Methods::Any, Methods::Only);
        }
        "retry_status" => retries.statuses = value::list(name, value, status)?,
        "backoff" => set_backoff(&mut retries.backoff, value)?,
        "retry_after_max_ms" => retries.retry_after_max = value::duration(name, value)?,
        _ => return Ok(false),
    }
    Ok(true)
}

/// One number for all classes together.
fn set_total(retries: &mut Retries, name: &str, value: &Value) -> Result<(), Unfit> {
    retries.total = value::maybe(name, value, value::count)?;
    (retries.connect, retries.read, retries.status, retries.other) = (None, None, None, None);
    Ok(())
}

fn set_counts(retries: &mut Retries, counts: &Value) -> Result<(), Unfit> {
    set_total(retries, "retries", &TOTAL_OF_CLASSES.into())?;
    for (class, count) in value::object("retries", counts)? {
        let name = format!("retries.{class}");
        let bound = match class.as_str() {
            "total" => &mut retries.total,
            "connect" => &mut retries.connect,
            "read" => &mut retries.read,
            "status" => &mut retries.status,
            "other" => &mut retries.other,
            _ => return Err(format!("there is no option `{name}`")),
        };
        *bound = value::maybe(&name, count, value::count)?;
    }
    Ok(())
}

fn set_backoff(backoff: &mut Backoff, options: &Value) -> Result<(), Unfit> {
    for (part, value) in value::object("backoff", options)? {
        let name = format!("backoff.{part}");
        match part.as_str() {
            "base_ms" => backoff.base = value::duration(&name, value)?,
            "max_ms" => backoff.max = value::duration(&name, value)?,
            "jitter" => backoff.jitter_percent = jitter(&name, value)?,
            _ => return Err(format!("there is no option `{name}`")),
        }
    }
    Ok(())
}

/// The part of a wait that chance may take away: all, none, or a share.
fn jitter(name: &str, value: &Value) -> Result<u8, Unfit> {
    match (value.as_bool(), value.as_f64()) {
        (Some(jitter), _) => Ok(if jitter { 100 } else { 0 }),
        (None, Some(share)) if (0.0..=1.0).contains(&share) => Ok((share * 100.0).round() as u8),
        _ => Err(format!("`{name}` is true, false or a share from 0 to 1, not {value}")),
    }
}

fn field_name(name: &str, value: &Value) -> Result<HeaderName, Unfit> {
    let parsed = value.as_str().and_then(|text| text.parse().ok());
    parsed.ok_or_else(|| format!("`{name}` lists names of header fields, not {value}"))
}

fn method(name: &str, value: &Value) -> Result<Method, Unfit> {
    let parsed = value.as_str().and_then(|text| text.parse().ok());
    parsed.ok_or_else(|| format!("`{name}` lists methods, not {value}"))
}

fn status(name: &str, value: &Value) -> Result<StatusCode, Unfit> {
    let parsed = value.as_u64().and_then(|code| u16::try_from(code).ok());
    let parsed = parsed.and_then(|code| StatusCode::from_u16(code).ok());
    parsed.ok_or_else(|| format!("`{name}` lists status codes, not {value}"))
}
