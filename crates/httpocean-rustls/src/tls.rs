//! How connections are secured.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use httpocean_core::layer::{Host, Layer, LayerError, LayerFault, Secure, Security};
use rustls::ClientConfig;
use rustls::client::{ClientConnection, Resumption};
use rustls::pki_types::ServerName;

use crate::builder::Builder;
use crate::sentence::sentence;
use crate::session::Session;

/// So many sessions are remembered for a port, whatever their hosts.
const SESSIONS: usize = 256;
/// Sessions of so many ports are remembered: that of https, and what is used beside it.
const PORTS: usize = 16;

/// How connections are secured; for [`Config::tls`](httpocean_core::Config), by `into()`.
///
/// Clones are the same: they share sessions, and in a pool their requests share connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    security: Security,
}

struct Sessions {
    config: Arc<ClientConfig>,
    resumes: bool,
    /// By port: sessions are told apart by the host's name already.
    by_port: Mutex<BTreeMap<u16, Arc<ClientConfig>>>,
}

impl Tls {
    /// With options.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// By a configuration of rustls, as it is: what it verifies and how it resumes sessions is not looked at. It should
    /// offer `http/1.1` and nothing else.
    pub fn from_config(config: ClientConfig) -> Self {
        Self::new(config, false)
    }

    /// `resumes`: with sessions for each host and port.
    pub(crate) fn new(config: ClientConfig, resumes: bool) -> Self {
        let by_port = Mutex::default();
        Self { security: Security::new(Sessions { config: Arc::new(config), resumes, by_port }) }
    }
}

impl From<Tls> for Security {
    fn from(tls: Tls) -> Self {
        tls.security
    }
}

impl Sessions {
    fn config(&self, port: u16) -> Arc<ClientConfig> {
        if !self.resumes {
            return self.config.clone();
        }
        let mut by_port = self.by_port.lock().unwrap_or_else(PoisonError::into_inner);
        if by_port.len() >= PORTS && !by_port.contains_key(&port) {
            by_port.pop_last();
        }
        let of_port = by_port.entry(port).or_insert_with(|| {
            let mut config = ClientConfig::clone(&self.config);
            config.resumption = Resumption::in_memory_sessions(SESSIONS);
            Arc::new(config)
        });
        of_port.clone()
    }
}

/// The builder's defaults.
#[cfg(all(feature = "ring", any(feature = "webpki-roots", feature = "platform-verifier")))]
impl Default for Tls {
    fn default() -> Self {
        Self::builder().build().expect("the defaults go together, and the system's roots can be read")
    }
}

impl Secure for Sessions {
    fn layer(&self, host: Host<'_>, port: u16) -> Result<Box<dyn Layer>, LayerError> {
        let name = match host {
            Host::Name(name) => ServerName::try_from(name.to_owned()).map_err(|_| {
                LayerError::new(LayerFault::Local, "the host's name is none that a certificate could have")
            })?,
            Host::Address(address) => ServerName::IpAddress(address.into()),
        };
        let tls = ClientConnection::new(self.config(port), name).map_err(|error| sentence(&error))?;
        Ok(Box::new(Session::new(tls)))
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rustls").field("resumes", &self.resumes).finish_non_exhaustive()
    }
}
