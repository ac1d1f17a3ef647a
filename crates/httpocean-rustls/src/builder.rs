//! Options.

use core::fmt;
use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, KeyLogFile, RootCertStore, SupportedProtocolVersion};

use crate::error::OptionsError;
use crate::tls::Tls;
use crate::verifier::{AnyCertificate, Verifier};

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Version {
    /// RFC 5246.
    Tls12,
    /// RFC 8446.
    Tls13,
}

impl Version {
    fn of_rustls(self) -> &'static SupportedProtocolVersion {
        match self {
            Self::Tls12 => &rustls::version::TLS12,
            Self::Tls13 => &rustls::version::TLS13,
        }
    }
}

/// Makes a [`Tls`]. What is wrong with an option is said by [`build`](Self::build).
///
/// ```
/// use httpocean_rustls::Tls;
///
/// assert!(Tls::builder().build().is_ok());
/// let error = Tls::builder().ca_pem("not a certificate").build().unwrap_err();
/// assert_eq!(error.to_string(), "there is no certificate in the PEM of an authority");
/// ```
#[must_use = "nothing is made until `build`"]
pub struct Builder {
    provider: Option<Arc<CryptoProvider>>,
    versions: Vec<Version>,
    /// PEM, and what it is called in errors.
    authorities: Vec<(Vec<u8>, String)>,
    roots: Roots,
    client: Option<(Vec<u8>, Vec<u8>)>,
    sni: bool,
    resumes: bool,
    logs_keys: bool,
    any_certificate: bool,
    any_name: bool,
    unreadable: Option<OptionsError>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Roots {
    /// Mozilla's, unless authorities are given.
    Usual,
    /// Mozilla's beside those.
    #[cfg(feature = "webpki-roots")]
    Added,
    #[cfg(feature = "platform-verifier")]
    Platform,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            provider: None,
            versions: vec![Version::Tls12, Version::Tls13],
            authorities: Vec::new(),
            roots: Roots::Usual,
            client: None,
            sni: true,
            resumes: true,
            logs_keys: false,
            any_certificate: false,
            any_name: false,
            unreadable: None,
        }
    }
}

impl Builder {
    /// Who does the cryptography. Default *ring*, with the feature `ring`.
    pub fn provider(mut self, provider: impl Into<Arc<CryptoProvider>>) -> Self {
        self.provider = Some(provider.into());
        self
    }

    /// The versions that may be spoken. Default TLS 1.2 and 1.3.
    pub fn versions(mut self, versions: &[Version]) -> Self {
        self.versions = versions.to_vec();
        self
    }

    /// Trusts the certificates of this PEM, and, once there is one, nobody else: see
    /// [`with_usual_roots`](Self::with_usual_roots).
    pub fn ca_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.authorities.push((pem.into(), "the PEM of an authority".into()));
        self
    }

    /// The same, of a file.
    pub fn ca_file(mut self, path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        match std::fs::read(path) {
            Ok(pem) => self.authorities.push((pem, format!("{}", path.display()))),
            Err(error) => {
                let error = OptionsError::by(format!("{} can't be read", path.display()), error);
                self.unreadable.get_or_insert(error);
            }
        }
        self
    }

    /// Trusts Mozilla's authorities beside those of [`ca_pem`](Self::ca_pem). They are part of the build, by the
    /// feature `webpki-roots`.
    #[cfg(feature = "webpki-roots")]
    pub fn with_usual_roots(mut self) -> Self {
        self.roots = Roots::Added;
        self
    }

    /// Trusts what the system trusts, by its own rules, and the certificates of [`ca_pem`](Self::ca_pem) beside it.
    #[cfg(feature = "platform-verifier")]
    pub fn with_platform_verifier(mut self) -> Self {
        self.roots = Roots::Platform;
        self
    }

    /// Who we are, where a server asks: certificates, our own first, and its key, both in PEM.
    pub fn client_pem(mut self, certificates: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        self.client = Some((certificates.into(), key.into()));
        self
    }

    /// Whether the server is told the host's name in clear, so that it can choose a certificate. Default yes. An
    /// address is never told.
    pub fn sni(mut self, sends: bool) -> Self {
        self.sni = sends;
        self
    }

    /// Whether a later connection to the same host and port may go on with the session of one before, which spares
    /// certificates, and with TLS 1.2 a round trip. Default yes, bounded in memory.
    pub fn resumption(mut self, resumes: bool) -> Self {
        self.resumes = resumes;
        self
    }

    /// Whether keys are appended to the file that the environment's `SSLKEYLOGFILE` names: who has it reads all.
    /// Default no.
    pub fn key_log(mut self, logs: bool) -> Self {
        self.logs_keys = logs;
        self
    }

    /// Takes any certificate of anybody: **whoever is on the way can read and change everything.** For a test of
    /// one's own server there is [`ca_pem`](Self::ca_pem).
    pub fn danger_accept_any_certificate(mut self) -> Self {
        self.any_certificate = true;
        self
    }

    /// Takes a certificate that is trusted for whatever name: **whoever has one for any name can read and change
    /// everything.**
    pub fn danger_accept_any_name(mut self) -> Self {
        self.any_name = true;
        self
    }

    /// The TLS that is asked for.
    ///
    /// # Errors
    /// When a file can't be read, has nothing in it or makes no sense, when the provider can't do what is asked of it,
    /// or when nobody at all would be trusted.
    pub fn build(mut self) -> Result<Tls, OptionsError> {
        if let Some(error) = self.unreadable.take() {
            return Err(error);
        }
        let provider = self.provider.take().map_or_else(usual_provider, Ok)?;
        let versions: Vec<_> = self.versions.iter().map(|version| version.of_rustls()).collect();
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&versions)
            .map_err(|error| OptionsError::by("the provider has nothing for these versions of TLS", error))?
            .dangerous()
            .with_custom_certificate_verifier(self.verifier(provider)?);
        let mut config = match &self.client {
            None => builder.with_no_client_auth(),
            Some((certificates, key)) => {
                let certificates = certificates_in(certificates, "the PEM of our own certificate")?;
                let key = PrivateKeyDer::from_pem_slice(key)
                    .map_err(|error| OptionsError::by("there is no key in the PEM of our own key", error))?;
                builder
                    .with_client_auth_cert(certificates, key)
                    .map_err(|error| OptionsError::by("our own certificate and key can't be used", error))?
            }
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.enable_sni = self.sni;
        if self.logs_keys {
            config.key_log = Arc::new(KeyLogFile::new());
        }
        if !self.resumes {
            config.resumption = rustls::client::Resumption::disabled();
        }
        Ok(Tls::new(config, self.resumes))
    }

    fn verifier(&self, provider: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, OptionsError> {
        if self.any_certificate {
            return Ok(Arc::new(AnyCertificate(provider)));
        }
        let mut given = Vec::new();
        for (pem, what) in &self.authorities {
            given.extend(certificates_in(pem, what)?);
        }
        let inner = match self.roots {
            Roots::Usual => by_roots(roots_and(given.is_empty(), given)?, provider)?,
            #[cfg(feature = "webpki-roots")]
            Roots::Added => by_roots(roots_and(true, given)?, provider)?,
            #[cfg(feature = "platform-verifier")]
            Roots::Platform => by_platform(given, provider)?,
        };
        Ok(Arc::new(Verifier { inner, any_name: self.any_name }))
    }
}

/// A key may be in it.
impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("versions", &self.versions).finish_non_exhaustive()
    }
}

fn roots_and(usual: bool, given: Vec<CertificateDer<'static>>) -> Result<RootCertStore, OptionsError> {
    let mut roots = RootCertStore::empty();
    if usual {
        add_usual(&mut roots);
    }
    for certificate in given {
        roots
            .add(certificate)
            .map_err(|error| OptionsError::by("a certificate of an authority makes no sense", error))?;
    }
    Ok(roots)
}

fn certificates_in(pem: &[u8], what: &str) -> Result<Vec<CertificateDer<'static>>, OptionsError> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let certificates =
        certificates.map_err(|error| OptionsError::by(format!("{what} makes no sense"), error))?;
    if certificates.is_empty() {
        return Err(OptionsError::new(format!("there is no certificate in {what}")));
    }
    Ok(certificates)
}

fn by_roots(
    roots: RootCertStore,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, OptionsError> {
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
    match verifier {
        Ok(verifier) => Ok(verifier),
        Err(error) => Err(OptionsError::by("nobody would be trusted", error)),
    }
}

#[cfg(feature = "platform-verifier")]
fn by_platform(
    given: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, OptionsError> {
    let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(given, provider);
    match verifier {
        Ok(verifier) => Ok(Arc::new(verifier)),
        Err(error) => Err(OptionsError::by("what the system trusts can't be read", error)),
    }
}

fn add_usual(roots: &mut RootCertStore) {
    #[cfg(feature = "webpki-roots")]
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    #[cfg(not(feature = "webpki-roots"))]
    let _ = roots;
}

#[cfg(feature = "ring")]
#[expect(clippy::unnecessary_wraps, reason = "without the feature there is none")]
fn usual_provider() -> Result<Arc<CryptoProvider>, OptionsError> {
    Ok(Arc::new(rustls::crypto::ring::default_provider()))
}

#[cfg(not(feature = "ring"))]
fn usual_provider() -> Result<Arc<CryptoProvider>, OptionsError> {
    Err(OptionsError::new("there is no provider without the feature ring, and none was given"))
}
