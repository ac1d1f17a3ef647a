//! A server's end of TLS, with a certificate of its own.

use std::net::SocketAddr;
use std::sync::Arc;

use httpocean_std::rustls::{Tls, rustls};
use httpocean_testkit::front::Front;
use httpocean_testkit::tls::{Handshakes, TlsEnd};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::ServerConfig;

use crate::stop::{Done, Stop};

/// Takes TLS off what comes to it.
pub(super) struct Secured {
    front: Front,
    handshakes: Handshakes,
    /// Of who trusts it.
    pub(super) tls: Tls,
}

impl Secured {
    /// Connects through to `target`.
    pub(super) fn before(target: SocketAddr) -> Done<Self> {
        let (config, authority) = configured().map_err(Stop::Trouble)?;
        let tls = Tls::builder().ca_pem(authority).build().map_err(trouble)?;
        let (config, handshakes) = (Arc::new(config), Handshakes::default());
        let counts = handshakes.clone();
        let make = move || TlsEnd::new(config.clone(), counts.clone()).expect("what was configured works");
        Ok(Self { front: Front::start(target, make)?, handshakes, tls })
    }

    pub(super) fn addr(&self) -> SocketAddr {
        self.front.addr()
    }

    /// Handshakes that came to their end.
    pub(super) fn handshakes(&self) -> u64 {
        (self.handshakes.whole() + self.handshakes.resumed()) as u64
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
