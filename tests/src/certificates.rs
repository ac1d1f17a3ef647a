//! Certificates of tests, and who issues them.

use crate::real::Home;
use httpocean_std::rustls::Tls;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

/// Somebody who issues certificates.
#[derive(Debug)]
pub struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its key.
#[derive(Clone, Debug)]
pub struct Identity {
    /// In PEM.
    pub certificate: String,
    /// In PEM.
    pub key: String,
}

impl Authority {
    /// A new one, called `name`.
    ///
    /// # Panics
    /// When the system has no randomness.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names are no wrong names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        params.key_usages.push(KeyUsagePurpose::KeyCertSign);
        let key = KeyPair::generate().expect("randomness");
        let certificate = params.self_signed(&key).expect("a certificate");
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    /// Its own certificate, in PEM.
    pub fn pem(&self) -> String {
        self.certificate.pem()
    }

    /// A certificate for a server of these names and addresses.
    pub fn issue(&self, names: &[&str]) -> Identity {
        self.issue_with(names, |_| {})
    }

    /// The same, with something changed.
    ///
    /// # Panics
    /// When that can't be certified.
    pub fn issue_with(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let (mut params, key) = of_server(names);
        change(&mut params);
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        Identity { certificate: certificate.pem(), key: key.serialize_pem() }
    }

    /// For clients that trust it.
    ///
    /// # Panics
    /// When TLS can't be made at all.
    pub fn trusted(&self) -> Tls {
        Tls::builder().ca_pem(self.pem()).build().expect("an authority to trust")
    }
}

impl Identity {
    /// A certificate that vouches for itself.
    ///
    /// # Panics
    /// When that can't be certified.
    #[must_use]
    pub fn self_signed(names: &[&str]) -> Self {
        let (params, key) = of_server(names);
        let certificate = params.self_signed(&key).expect("a certificate");
        Self { certificate: certificate.pem(), key: key.serialize_pem() }
    }
}

impl Identity {
    /// As files that servers read: `certificate`, `key`, and `both` in one.
    ///
    /// # Panics
    /// When they can't be written.
    pub fn write(&self, home: &Home) {
        let both = format!("{}{}", self.certificate, self.key);
        for (name, pem) in [("certificate", &self.certificate), ("key", &self.key), ("both", &both)] {
            std::fs::write(home.path(name), pem).expect("a file can be written");
        }
    }
}

fn of_server(names: &[&str]) -> (CertificateParams, KeyPair) {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("names");
    params.distinguished_name.push(DnType::CommonName, "a server");
    params.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
    params.use_authority_key_identifier_extension = true;
    (params, KeyPair::generate().expect("randomness"))
}
