//! Whom to trust.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use httpocean_std::core::layer::Security;
use httpocean_std::rustls::Tls;

use crate::output::note;

/// Who may vouch for servers; by default whoever does for all.
#[derive(Clone, Debug, Default)]
pub(super) struct Trust {
    who: Who,
    /// What was made of each so far: requests that trust the same share connections.
    made: Arc<Mutex<BTreeMap<Who, Security>>>,
    /// Whether the user was told what it means to trust anybody.
    warned: Arc<AtomicBool>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Who {
    ca_file: Option<PathBuf>,
    anybody: bool,
}

impl Trust {
    pub(super) fn set_ca_file(&mut self, path: Option<String>) -> Result<Option<Security>, String> {
        self.who.ca_file = path.map(PathBuf::from);
        self.security()
    }

    pub(super) fn set_insecure(&mut self, anybody: bool) -> Result<Option<Security>, String> {
        self.who.anybody = anybody;
        self.security()
    }

    /// `None`: the default.
    fn security(&self) -> Result<Option<Security>, String> {
        if self.who == Who::default() {
            return Ok(None);
        }
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(security) = made.get(&self.who) {
            return Ok(Some(security.clone()));
        }
        let mut builder = Tls::builder();
        if let Some(path) = &self.who.ca_file {
            builder = builder.ca_file(path);
        }
        if self.who.anybody {
            if !self.warned.swap(true, Relaxed) {
                note(
                    "warning: certificates are not checked: anybody on the way can read and change everything",
                );
            }
            builder = builder.danger_accept_any_certificate();
        }
        let tls = builder.build().map_err(|error| error.to_string())?;
        let security = Security::from(tls);
        made.insert(self.who.clone(), security.clone());
        Ok(Some(security))
    }
}
