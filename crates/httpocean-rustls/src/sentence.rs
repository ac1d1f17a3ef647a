//! What went wrong, in words for whoever has to do something about it.

use httpocean_core::layer::{LayerError, LayerFault};
use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error};

pub(crate) fn sentence(error: &Error) -> LayerError {
    #[expect(clippy::wildcard_enum_match_arm, reason = "what is left is about this side")]
    match error {
        Error::InvalidCertificate(why) => LayerError::new(LayerFault::Identity, of_certificate(why)),
        Error::NoCertificatesPresented => {
            LayerError::new(LayerFault::Identity, "the peer shows no certificate")
        }
        Error::AlertReceived(alert) => LayerError::new(LayerFault::Refused, of_alert(*alert)),
        Error::NoApplicationProtocol => {
            LayerError::new(LayerFault::Refused, "the peer does not speak http/1.1 there")
        }
        Error::PeerIncompatible(_)
        | Error::PeerMisbehaved(_)
        | Error::InappropriateMessage { .. }
        | Error::InappropriateHandshakeMessage { .. }
        | Error::InvalidMessage(_)
        | Error::InvalidEncryptedClientHello(_)
        | Error::DecryptError
        | Error::PeerSentOversizedRecord => LayerError::new(
            LayerFault::Protocol,
            format!("the peer does not speak TLS as it should: {error}"),
        ),
        _ => LayerError::new(LayerFault::Local, error.to_string()),
    }
}

fn of_certificate(why: &CertificateError) -> String {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "there are many more, each with a sentence of its own"
    )]
    match why {
        CertificateError::Expired => "the certificate has expired".into(),
        CertificateError::ExpiredContext { time, not_after } => {
            format!("the certificate has expired {} ago", apart(*not_after, *time))
        }
        CertificateError::NotValidYet => "the certificate is not valid yet".into(),
        CertificateError::NotValidYetContext { time, not_before } => {
            format!("the certificate is not valid yet, but only in {}", apart(*time, *not_before))
        }
        CertificateError::Revoked => "the certificate has been revoked".into(),
        CertificateError::UnknownIssuer => "the certificate is issued by nobody who is trusted".into(),
        CertificateError::NotValidForName => "the certificate is for another name".into(),
        CertificateError::NotValidForNameContext { expected, presented } if presented.is_empty() => {
            format!("the certificate is for no name at all, not for {}", expected.to_str())
        }
        CertificateError::NotValidForNameContext { expected, presented } => {
            let presented: Vec<String> = presented.iter().take(NAMES).map(|name| legible(name)).collect();
            format!("the certificate is for {}, not for {}", presented.join(", "), expected.to_str())
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "the certificate is not one for servers".into()
        }
        CertificateError::BadSignature => {
            "a signature is wrong: the certificate is not from whom it names, or not the peer's own".into()
        }
        CertificateError::Other(other) => format!("the certificate is not acceptable: {other}"),
        other => format!("the certificate is not acceptable: {other}"),
    }
}

/// Names in a sentence, at most.
const NAMES: usize = 3;

/// rustls shows names as they are stored: `DnsName("a.example")`.
fn legible(name: &str) -> String {
    let inner = name.split_once("(\"").and_then(|(_, rest)| rest.strip_suffix("\")"));
    let inner = inner.or_else(|| name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')));
    inner.unwrap_or(name).chars().filter(|char| !char.is_control()).take(100).collect()
}

fn of_alert(alert: AlertDescription) -> String {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the others have a name, and little to add")]
    match alert {
        AlertDescription::ProtocolVersion => {
            "the peer speaks none of the versions of TLS that are allowed".into()
        }
        AlertDescription::HandshakeFailure => "the peer finds nothing in common with what is allowed".into(),
        AlertDescription::UnrecognisedName => "the peer knows no host of that name".into(),
        AlertDescription::NoApplicationProtocol => "the peer does not speak http/1.1 there".into(),
        AlertDescription::AccessDenied => "the peer gives no access".into(),
        AlertDescription::CertificateRequired => "the peer wants a certificate of its client".into(),
        AlertDescription::UnknownCA
        | AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown => {
            format!("the peer does not accept our certificate: {alert:?}")
        }
        other => format!("the peer gave up: {other:?}"),
    }
}

/// In the unit that tells most.
fn apart(earlier: UnixTime, later: UnixTime) -> String {
    let seconds = later.as_secs().saturating_sub(earlier.as_secs());
    match seconds {
        0..=119 => format!("{seconds} seconds"),
        120..=7_199 => format!("{} minutes", seconds / 60),
        7_200..=172_799 => format!("{} hours", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}
