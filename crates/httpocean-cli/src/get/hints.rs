//! What the user might do about an error.

use crate::client::Failure;
use httpocean_std::core::layer::LayerFault;
use httpocean_std::http::StatusCode;
use httpocean_std::pool::Refusal;
use httpocean_std::proxy::Proxy;
use httpocean_std::{ErrorKind, NotFollowed, Phase, ProtocolError, ProxyError, TransportError};

/// What the user might do about it.
#[expect(clippy::wildcard_enum_match_arm, reason = "most errors need no advice")]
pub(super) fn hint(failure: &Failure) -> Option<String> {
    let uri = failure.uri();
    let authority = uri.authority();
    let host = authority.map_or("the host", |authority| authority.as_str());
    if let Some(proxy) = failure.unreached_proxy() {
        return of_proxy(failure, proxy);
    }
    Some(match failure.kind() {
        ErrorKind::Connect(TransportError::Refused) => format!("does a server listen at {host}?"),
        ErrorKind::Resolve(TransportError::NotFound) => {
            format!("is `{host}` spelled right? --resolve pins a name to an address")
        }
        ErrorKind::Proxy(
            ProxyError::Refused(StatusCode::PROXY_AUTHENTICATION_REQUIRED) | ProxyError::NoEntry(_),
        ) => "its URL can say who you are: --proxy http://USER:PASSWORD@HOST:PORT".to_owned(),
        ErrorKind::Proxy(ProxyError::Unusable(_)) => {
            "it is that of --proxy, or of http_proxy, https_proxy or all_proxy in the environment; \
             --no-proxy '*' goes without"
                .to_owned()
        }
        ErrorKind::Tls(why) if why.fault() == LayerFault::Identity => {
            "if you know who it is, --ca-file FILE trusts the certificate of its authority".to_owned()
        }
        ErrorKind::Tls(why) if why.what() == "the peer does not speak TLS" => {
            format!("is it http://{host}?")
        }
        ErrorKind::Timeout if failure.phase() == Phase::PoolWait => {
            "allow more connections with --max-per-host and --max-total, or a longer --pool-timeout or --timeout"
                .to_owned()
        }
        ErrorKind::Timeout => {
            format!("a longer limit is set with {}, or with --timeout", limit_of(failure.phase())?)
        }
        ErrorKind::Redirect(NotFollowed::TooMany) => {
            "--redirects allows more, and 0 shows the first one instead".to_owned()
        }
        ErrorKind::Redirect(NotFollowed::BodyNotReplayable) => {
            "a body that is read from a file can be sent again".to_owned()
        }
        ErrorKind::Pool(Refusal::QueueFull) => "allow more waiting requests with --max-waiters".to_owned(),
        ErrorKind::Protocol(ProtocolError::TooLarge(_)) => {
            "limits can be set with --options '{\"limits\": {...}}'".to_owned()
        }
        _ => return None,
    })
}

/// The same, where we came no further than the proxy: who is asked for has nothing to do with it.
#[expect(clippy::wildcard_enum_match_arm, reason = "most errors need no advice")]
fn of_proxy(failure: &Failure, proxy: &Proxy) -> Option<String> {
    let hint = match failure.kind() {
        ErrorKind::Connect(TransportError::Refused) => format!("does a proxy listen at {proxy}?"),
        ErrorKind::Resolve(TransportError::NotFound) => format!("is `{}` spelled right?", proxy.host()),
        ErrorKind::Tls(why) if why.what() == "the peer does not speak TLS" => {
            format!("is it http://{}:{}?", proxy.host(), proxy.port())
        }
        ErrorKind::Timeout => format!("a longer limit is set with {}.", limit_of(failure.phase())?),
        _ => return None,
    };
    Some(format!(
        "{hint} The proxy is that of --proxy or of the environment; --no-proxy names hosts that need none"
    ))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the other phases have no limit of their own")]
fn limit_of(phase: Phase) -> Option<&'static str> {
    Some(match phase {
        Phase::Resolve => "--resolve-timeout",
        Phase::Connect | Phase::Proxy => "--connect-timeout",
        Phase::Tls => "--tls-timeout",
        Phase::SendHead | Phase::SendBody => "--send-timeout",
        Phase::RecvHead => "--first-byte-timeout",
        Phase::RecvBody => "--idle-timeout",
        _ => return None,
    })
}
