//! Scripted servers and links for the tests of httpocean.

pub mod reference;
pub mod steps;
