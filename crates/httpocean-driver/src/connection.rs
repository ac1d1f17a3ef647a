//! What is told of the connection that served a request.

use std::net::SocketAddr;

use httpocean_core::pool::Facts;

/// The connection that served a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connection {
    /// Connections of a client are numbered from 1, in order of their becoming ready.
    pub number: u64,
    /// How many requests it had served before.
    pub reused: u32,
    /// The address on this side; its port is what a pool keeps the same.
    pub local: Option<SocketAddr>,
    /// The address on the other side.
    pub peer: Option<SocketAddr>,
}

impl Connection {
    /// From what the pool knows of it, and the socket's two ends.
    pub fn new(facts: Facts, local: Option<SocketAddr>, peer: Option<SocketAddr>) -> Self {
        Self { number: facts.number, reused: facts.reused, local, peer }
    }
}
