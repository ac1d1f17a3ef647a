//! A virtual network and virtual time for a whole client. (Documentation follows.)

mod campaign;
mod dice;
mod driver;
mod encode;
mod faults;
mod host;
mod ledger;
mod log;
mod network;
mod peer;
mod reply;
mod scene;
#[allow(clippy::module_inception)]
mod sim;
mod socket;
mod users;
mod visit;
mod wire;

pub use campaign::{Campaign, Failure};
pub use dice::Dice;
pub use faults::{Fault, Faults};
pub use host::{Connect, Host, Lookup, Received, Server};
pub use ledger::Violation;
pub use log::Line;
pub use network::{Happening, Network, SocketId, Weather};
pub use peer::Peer;
pub use reply::{Piece, Reply};
pub use scene::{Outcome, Scene};
pub use sim::{Habits, Sim};
pub use visit::{Act, Answer, Visit};
