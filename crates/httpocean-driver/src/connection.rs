//! What is told of the connection that served a request.

use std::net::{SocketAddr, SocketAddrV4};

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

/// The addresses on this side and on the other, as an adapter keeps them of each connection: small, because most are
/// idle and there may be very many.
///
/// ```
/// use httpocean_driver::Ends;
///
/// let (local, peer) = ("127.0.0.1:1".parse().ok(), "127.0.0.1:2".parse().ok());
/// assert_eq!(Ends::new(local, peer).both(), (local, peer));
/// assert!(size_of::<Ends>() <= 16);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Ends(Kept);

#[derive(Clone, Debug, Default)]
enum Kept {
    #[default]
    None,
    V4(SocketAddrV4, SocketAddrV4),
    Any(Box<(Option<SocketAddr>, Option<SocketAddr>)>),
}

impl Ends {
    /// As the socket says them; one that has none says none.
    pub fn new(local: Option<SocketAddr>, peer: Option<SocketAddr>) -> Self {
        Self(match (local, peer) {
            (None, None) => Kept::None,
            (Some(SocketAddr::V4(local)), Some(SocketAddr::V4(peer))) => Kept::V4(local, peer),
            any => Kept::Any(Box::new(any)),
        })
    }

    /// This side's and the other's.
    pub fn both(&self) -> (Option<SocketAddr>, Option<SocketAddr>) {
        match &self.0 {
            Kept::None => (None, None),
            Kept::V4(local, peer) => (Some((*local).into()), Some((*peer).into())),
            Kept::Any(any) => **any,
        }
    }
}

impl Connection {
    /// From what the pool knows of it, and the socket's two ends.
    pub fn new(facts: Facts, ends: &Ends) -> Self {
        let (local, peer) = ends.both();
        Self { number: facts.number, reused: facts.reused, local, peer }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_what_they_were() {
        let addresses = ["127.0.0.1:80", "[::1]:80", "[fe80::1%7]:9", "[::ffff:10.0.0.1]:1"];
        let mut ends: Vec<Option<SocketAddr>> = addresses.iter().map(|addr| addr.parse().ok()).collect();
        assert!(ends.iter().all(Option::is_some));
        ends.push(None);
        for local in &ends {
            for peer in &ends {
                assert_eq!(Ends::new(*local, *peer).both(), (*local, *peer));
            }
        }
    }
}
