//! The recipes of docs/recipes.md do what they say, with real servers.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod crawling;
mod downloads;
mod first_day;
mod proxied;
mod retried;
mod shown;
mod uploads;
mod virtual_time;

#[path = "../../recipes/mod.rs"]
mod recipe;
