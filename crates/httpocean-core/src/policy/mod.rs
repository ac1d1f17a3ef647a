//! Pure functions: what to do about what happened. They hold nothing.

pub(crate) mod replay;
