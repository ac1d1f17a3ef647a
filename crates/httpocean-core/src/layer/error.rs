//! What goes wrong in a layer.

use core::fmt;
use std::sync::Arc;

/// Why a layer can't go on, in its own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerError {
    fault: LayerFault,
    what: Arc<str>,
}

/// In which way a layer failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LayerFault {
    /// The peer could not show that it is who it has to be.
    Identity,
    /// The peer refused to go on.
    Refused,
    /// What the peer sent is not what this layer speaks.
    Protocol,
    /// This side can't do what is asked of it.
    Local,
}

impl LayerError {
    /// `what` is a sentence without its full stop.
    pub fn new(fault: LayerFault, what: impl Into<Arc<str>>) -> Self {
        Self { fault, what: what.into() }
    }

    /// In which way.
    pub fn fault(&self) -> LayerFault {
        self.fault
    }

    /// The sentence.
    pub fn what(&self) -> &str {
        &self.what
    }
}

impl LayerFault {
    /// As one stable word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Refused => "refused",
            Self::Protocol => "protocol",
            Self::Local => "local",
        }
    }
}

impl fmt::Display for LayerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for LayerError {}
