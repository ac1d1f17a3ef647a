//! Servers that speak TLS in every way that a test may want.

use std::net::SocketAddr;
use std::sync::Arc;

use httpocean_std::rustls::rustls;
use httpocean_testkit::front::Front;
use httpocean_testkit::tls::{Handshakes, TlsEnd};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ResolvesServerCertUsingSni, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};

use crate::certificates::{Authority, Identity};

/// How a server speaks TLS.
#[derive(Clone, Debug)]
pub struct TlsServer {
    identity: Identity,
    versions: Vec<&'static SupportedProtocolVersion>,
    clients: Option<Arc<RootCertStore>>,
    alpn: Vec<Vec<u8>>,
    /// The only name that it has a certificate for.
    name: Option<&'static str>,
    goodbyes: bool,
}

impl TlsServer {
    /// With this certificate, TLS 1.2 and 1.3, and `http/1.1`.
    pub fn new(identity: Identity) -> Self {
        let versions = vec![&rustls::version::TLS12, &rustls::version::TLS13];
        Self {
            identity,
            versions,
            clients: None,
            alpn: vec![b"http/1.1".to_vec()],
            name: None,
            goodbyes: true,
        }
    }

    /// This version alone.
    #[must_use]
    pub fn only(self, version: &'static SupportedProtocolVersion) -> Self {
        Self { versions: vec![version], ..self }
    }

    /// Clients have to show a certificate of this authority.
    ///
    /// # Panics
    /// When the authority's own is none.
    #[must_use]
    pub fn asks_clients(self, authority: &Authority) -> Self {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(authority.pem().as_bytes()) {
            roots.add(certificate.expect("a certificate")).expect("an authority");
        }
        Self { clients: Some(Arc::new(roots)), ..self }
    }

    /// Speaks this and nothing else.
    #[must_use]
    pub fn alpn(self, protocol: &str) -> Self {
        Self { alpn: vec![protocol.as_bytes().to_vec()], ..self }
    }

    /// Has a certificate for who asks by this name, and for nobody else.
    #[must_use]
    pub fn knows_only(self, name: &'static str) -> Self {
        Self { name: Some(name), ..self }
    }

    /// Ends connections without `close_notify`.
    #[must_use]
    pub fn without_goodbye(self) -> Self {
        Self { goodbyes: false, ..self }
    }

    /// Listens, and connects through to `target`.
    ///
    /// # Panics
    /// When the options don't go together, or the system has no port.
    pub fn before(self, target: SocketAddr) -> TlsFront {
        let handshakes = Handshakes::default();
        let make = self.ends(&handshakes);
        TlsFront { front: Front::start(target, make).expect("a free port"), handshakes }
    }

    /// Its end of each connection, for a server of one's own. Handshakes are counted there.
    ///
    /// # Panics
    /// When the options don't go together.
    pub fn ends(&self, handshakes: &Handshakes) -> impl FnMut() -> TlsEnd + Send + use<> {
        let (config, goodbyes, handshakes) = (self.config(), self.goodbyes, handshakes.clone());
        move || {
            let end = TlsEnd::new(config.clone(), handshakes.clone()).expect("a configuration that works");
            if goodbyes { end } else { end.without_goodbye() }
        }
    }

    /// As rustls has it.
    ///
    /// # Panics
    /// When the options don't go together.
    pub fn config(&self) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&self.versions)
            .expect("versions that ring knows");
        let builder = match &self.clients {
            None => builder.with_no_client_auth(),
            Some(roots) => builder.with_client_cert_verifier(
                WebPkiClientVerifier::builder_with_provider(roots.clone(), provider)
                    .build()
                    .expect("an authority"),
            ),
        };
        let chain = CertificateDer::pem_slice_iter(self.identity.certificate.as_bytes());
        let chain = chain.collect::<Result<Vec<_>, _>>().expect("certificates");
        let key = PrivateKeyDer::from_pem_slice(self.identity.key.as_bytes()).expect("a key");
        let mut config = match self.name {
            None => builder.with_single_cert(chain, key).expect("they go together"),
            Some(name) => {
                let key =
                    rustls::crypto::ring::sign::any_supported_type(&key).expect("a key of a known kind");
                let mut resolver = ResolvesServerCertUsingSni::new();
                resolver.add(name, CertifiedKey::new(chain, key)).expect("a certificate for it");
                builder.with_cert_resolver(Arc::new(resolver))
            }
        };
        config.alpn_protocols.clone_from(&self.alpn);
        Arc::new(config)
    }
}

/// A front that takes TLS off.
#[derive(Debug)]
pub struct TlsFront {
    front: Front,
    handshakes: Handshakes,
}

impl TlsFront {
    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.front.addr()
    }

    /// A URL of a path there, which begins with a slash, under a host's name.
    pub fn url(&self, host: &str, path: &str) -> String {
        format!("https://{host}:{}{path}", self.addr().port())
    }

    /// Connections, those that failed, and those whose client said goodbye.
    pub fn stats(&self) -> httpocean_testkit::front::FrontStats {
        self.front.stats()
    }

    /// Handshakes that came to their end: whole ones, and those that went on with a session.
    pub fn handshakes(&self) -> (usize, usize) {
        (self.handshakes.whole(), self.handshakes.resumed())
    }
}
