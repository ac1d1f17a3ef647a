//! What is wrong with options.

use core::fmt;

/// Options that TLS can't be made with; the sentence says what is wrong with them.
#[derive(Debug)]
pub struct OptionsError {
    what: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl OptionsError {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), source: None }
    }

    pub(crate) fn by(
        what: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self { what: what.into(), source: Some(source.into()) }
    }
}

impl fmt::Display for OptionsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Some(source) => write!(f, "{}: {source}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

impl std::error::Error for OptionsError {}
