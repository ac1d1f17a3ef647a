//! Options that go together make TLS; those that don't are refused with a sentence.
#![allow(clippy::unwrap_used)]

use httpocean_core::layer::Security;
use httpocean_rustls::{Builder, Tls, Version};
use rcgen::{CertificateParams, KeyPair};

struct Pem {
    certificate: String,
    key: String,
}

fn pem() -> Pem {
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec!["somebody.test".into()]).unwrap().self_signed(&key).unwrap();
    Pem { certificate: certificate.pem(), key: key.serialize_pem() }
}

fn refusal(builder: Builder) -> String {
    builder.build().unwrap_err().to_string()
}

#[test]
fn what_goes_together() {
    let Pem { certificate, key } = pem();
    for builder in [
        Tls::builder(),
        Tls::builder().ca_pem(certificate.clone()).with_usual_roots(),
        Tls::builder().client_pem(certificate.clone(), key),
        Tls::builder().versions(&[Version::Tls12]).sni(false).resumption(false),
        Tls::builder().danger_accept_any_certificate(),
        Tls::builder().ca_pem(certificate).danger_accept_any_name(),
        Tls::builder().provider(httpocean_rustls::rustls::crypto::ring::default_provider()),
    ] {
        builder.build().unwrap();
    }
}

#[test]
fn what_does_not() {
    let (one, other) = (pem(), pem());
    let no_file = std::env::temp_dir().join("httpocean-no-such-file.pem");
    assert!(
        refusal(Tls::builder().ca_file(&no_file))
            .starts_with(&format!("{} can't be read", no_file.display()))
    );
    assert!(refusal(Tls::builder().ca_pem("")).contains("no certificate in the PEM of an authority"));
    let garbled = one.certificate.replace('M', "!");
    assert!(refusal(Tls::builder().ca_pem(garbled)).contains("the PEM of an authority makes no sense"));
    let key_as_certificate = Tls::builder().ca_pem(one.key.clone());
    assert!(refusal(key_as_certificate).contains("no certificate in the PEM of an authority"));
    let no_key = Tls::builder().client_pem(one.certificate.clone(), "");
    assert!(refusal(no_key).contains("no key in the PEM of our own key"));
    let mixed = Tls::builder().client_pem(one.certificate, other.key);
    assert!(refusal(mixed).contains("our own certificate and key can't be used"));
    assert!(refusal(Tls::builder().versions(&[])).contains("nothing for these versions"));
}

#[test]
fn a_clone_is_the_same_and_equal_options_are_not() {
    let tls = Tls::default();
    let other = Tls::default();
    assert_eq!(Security::from(tls.clone()), Security::from(tls.clone()));
    assert_ne!(Security::from(tls), Security::from(other));
}

#[test]
fn a_key_is_not_printed() {
    let Pem { certificate, key } = pem();
    let printed = format!("{:?}", Tls::builder().client_pem(certificate, key.clone()));
    assert!(!printed.contains(key.lines().nth(1).unwrap()), "{printed}");
}

#[cfg(feature = "platform-verifier")]
#[test]
fn what_the_system_trusts() {
    // A machine may trust nobody; that is said, and is no panic.
    if let Err(error) = Tls::builder().with_platform_verifier().build() {
        assert!(error.to_string().contains("what the system trusts can't be read"), "{error}");
    }
}
