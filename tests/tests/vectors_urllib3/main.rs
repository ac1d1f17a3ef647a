//! What urllib3 sends, reads, pools and makes of URLs, against what we do.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod header_map;
mod pool_ops;
mod request_wire;
mod response_parse;
mod urls;
mod wire;

fn same<T: PartialEq + std::fmt::Debug>(expected: &T, ours: &T) -> Result<(), String> {
    if expected == ours { Ok(()) } else { Err(format!("expected {expected:?}, ours {ours:?}")) }
}
