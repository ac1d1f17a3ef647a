//! A server's end of TLS, by rustls.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use httpocean_std::rustls::rustls;
use httpocean_testkit::front::{Front, Terminal};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ResolvesServerCertUsingSni, ServerConnection, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{HandshakeKind, RootCertStore, ServerConfig, SupportedProtocolVersion};

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
        let (full, resumed) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let make = self.ends(full.clone(), resumed.clone());
        TlsFront { front: Front::start(target, make).expect("a free port"), full, resumed }
    }

    /// Its end of each connection, for a server of one's own. Handshakes are counted when they come to their end, whole
    /// ones and resumed ones.
    ///
    /// # Panics
    /// When the options don't go together.
    pub fn ends(
        &self,
        full: Arc<AtomicUsize>,
        resumed: Arc<AtomicUsize>,
    ) -> impl FnMut() -> TlsEnd + Send + use<> {
        let (config, goodbyes) = (self.config(), self.goodbyes);
        move || TlsEnd {
            tls: ServerConnection::new(config.clone()).expect("a configuration that works"),
            counts: Some([full.clone(), resumed.clone()]),
            plain: Vec::new(),
            closed: false,
            goodbyes,
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
    full: Arc<AtomicUsize>,
    resumed: Arc<AtomicUsize>,
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
        (self.full.load(Ordering::SeqCst), self.resumed.load(Ordering::SeqCst))
    }
}

/// A server's end of one connection.
#[derive(Debug)]
pub struct TlsEnd {
    tls: ServerConnection,
    /// Of whole handshakes and of resumed ones, until this one was counted.
    counts: Option<[Arc<AtomicUsize>; 2]>,
    plain: Vec<u8>,
    closed: bool,
    goodbyes: bool,
}

impl Terminal for TlsEnd {
    fn receive(&mut self, mut wire: &[u8]) -> io::Result<()> {
        while !wire.is_empty() && !self.closed {
            self.tls.read_tls(&mut wire)?;
            let processed = self.tls.process_new_packets();
            // Whatever it says at its end, what was read is there; what stays in it is bounded.
            let _ = self.tls.reader().read_to_end(&mut self.plain);
            self.closed = processed.map_err(io::Error::other)?.peer_has_closed();
        }
        let counts = if self.tls.is_handshaking() { None } else { self.counts.take() };
        if let Some([full, resumed]) = counts {
            let kind = self.tls.handshake_kind();
            let count = if kind == Some(HandshakeKind::Resumed) { resumed } else { full };
            count.fetch_add(1, Ordering::SeqCst);
        }
        Ok(())
    }

    fn send(&mut self, plain: Option<&[u8]>) {
        match plain {
            Some(plain) => {
                self.tls.set_buffer_limit(None);
                self.tls.writer().write_all(plain).expect("it has room without end");
            }
            None if self.goodbyes => self.tls.send_close_notify(),
            None => {}
        }
    }

    fn take_plain(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.plain)
    }

    fn take_wire(&mut self) -> Vec<u8> {
        let mut wire = Vec::new();
        while self.tls.wants_write() {
            self.tls.write_tls(&mut wire).expect("memory takes everything");
        }
        wire
    }

    fn is_closed(&self) -> bool {
        self.closed
    }
}
