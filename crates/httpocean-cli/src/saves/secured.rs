//! A server's end of TLS, with a certificate of its own.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use httpocean_std::rustls::{Tls, rustls};
use httpocean_testkit::front::{Front, Terminal};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ServerConfig, ServerConnection};

use crate::stop::{Done, Stop};

/// Takes TLS off what comes to it.
pub(super) struct Secured {
    front: Front,
    handshakes: Arc<AtomicU64>,
    /// Of who trusts it.
    pub(super) tls: Tls,
}

impl Secured {
    /// Connects through to `target`.
    pub(super) fn before(target: SocketAddr) -> Done<Self> {
        let (config, authority) = configured().map_err(Stop::Trouble)?;
        let tls = Tls::builder().ca_pem(authority).build().map_err(trouble)?;
        let handshakes = Arc::new(AtomicU64::new(0));
        let (config, count) = (Arc::new(config), handshakes.clone());
        let make = move || End {
            tls: ServerConnection::new(config.clone()).expect("what was configured works"),
            uncounted: Some(count.clone()),
            closed: false,
        };
        Ok(Self { front: Front::start(target, make)?, handshakes, tls })
    }

    pub(super) fn addr(&self) -> SocketAddr {
        self.front.addr()
    }

    /// Handshakes that came to their end.
    pub(super) fn handshakes(&self) -> u64 {
        self.handshakes.load(Relaxed)
    }
}

/// How it speaks TLS, and who vouches for it, in PEM.
fn configured() -> Result<(ServerConfig, String), String> {
    let because = |error: rcgen::Error| format!("no certificate can be made: {error}");
    let mut params = CertificateParams::new(Vec::new()).map_err(because)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "httpocean saves");
    let key = KeyPair::generate().map_err(because)?;
    let authority = params.self_signed(&key).map_err(because)?.pem();
    let issuer = Issuer::new(params, key);

    let key = KeyPair::generate().map_err(because)?;
    let names = CertificateParams::new(vec!["127.0.0.1".to_owned()]).map_err(because)?;
    let certificate: CertificateDer<'static> = names.signed_by(&key, &issuer).map_err(because)?.into();
    let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(str::to_owned)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![certificate], key))
        .map_err(|error| format!("no TLS server can be made: {error}"))?;
    Ok((config, authority))
}

fn trouble(error: impl std::fmt::Display) -> Stop {
    Stop::Trouble(error.to_string())
}

struct End {
    tls: ServerConnection,
    /// Until its handshake is counted.
    uncounted: Option<Arc<AtomicU64>>,
    closed: bool,
}

impl Terminal for End {
    fn receive(&mut self, mut wire: &[u8]) -> io::Result<()> {
        while !wire.is_empty() && !self.closed {
            self.tls.read_tls(&mut wire)?;
            self.closed = self.tls.process_new_packets().map_err(io::Error::other)?.peer_has_closed();
        }
        if let Some(count) = self.uncounted.take_if(|_| !self.tls.is_handshaking()) {
            count.fetch_add(1, Relaxed);
        }
        Ok(())
    }

    fn send(&mut self, plain: Option<&[u8]>) {
        match plain {
            Some(plain) => {
                self.tls.set_buffer_limit(None);
                self.tls.writer().write_all(plain).expect("it has room without end");
            }
            None => self.tls.send_close_notify(),
        }
    }

    fn take_plain(&mut self) -> Vec<u8> {
        let mut plain = Vec::new();
        // Whatever it says at its end, what was read is there.
        let _ = self.tls.reader().read_to_end(&mut plain);
        plain
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
