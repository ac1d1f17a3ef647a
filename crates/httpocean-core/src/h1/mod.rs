//! HTTP/1.1 on the wire (RFC 9112): heads, framing, bodies. No state of a connection lives here.

pub(crate) mod arrival;
pub(crate) mod body;
mod chunk;
pub(crate) mod encode;
pub(crate) mod framing;
pub(crate) mod head;
mod line;
mod named;
pub(crate) mod proxied;
pub(crate) mod trail;

#[cfg(test)]
mod body_tests;
#[cfg(test)]
mod framing_tests;
#[cfg(test)]
mod head_tests;
#[cfg(test)]
mod split_tests;
