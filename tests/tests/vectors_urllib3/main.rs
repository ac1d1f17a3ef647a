//! What urllib3 sends, reads, pools and makes of URLs, against what we do.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod header_map;
mod pool_ops;
mod request_wire;
mod response_parse;
mod urls;
mod wire;

use httpocean_tests::vectors::{Tally, vectors};
use serde_json::Value;

/// Compares each vector of a file; skipped, and said so, where it is missing.
fn each(file: &str, compare: impl Fn(&Value) -> Result<(), String>) {
    let Some(all) = vectors(file) else { return };
    let mut tally = Tally::new(file);
    for vector in all["vectors"].as_array().unwrap() {
        let id = vector["id"].as_str().unwrap();
        if vector.get("caution").is_some() {
            tally.caution(id);
        }
        tally.count(id, compare(vector));
    }
    tally.finish();
}

fn same<T: PartialEq + std::fmt::Debug>(expected: &T, ours: &T) -> Result<(), String> {
    if expected == ours { Ok(()) } else { Err(format!("expected {expected:?}, ours {ours:?}")) }
}
