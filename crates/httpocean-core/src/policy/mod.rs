//! Pure functions: what to do about what happened. They hold nothing.

pub mod redirect;
pub(crate) mod replay;
