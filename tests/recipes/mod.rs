//! What docs/recipes.md shows, as others would write it.
#![allow(unreachable_pub, missing_docs, reason = "it is code of somebody else")]

pub mod crawl;
pub mod download;
pub mod first_day;
pub mod proxy;
pub mod retry;
pub mod upload;
pub mod virtual_time;
