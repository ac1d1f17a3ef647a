//! What is said to a proxy.

use http::header::{HeaderMap, HeaderValue, PROXY_AUTHORIZATION, USER_AGENT};

use super::encode::{write_field, write_host_and_port};
use crate::key::Key;
use crate::proxy::Proxy;

/// Writes the request for a tunnel to the key's host through its proxy: with what is the proxy's business alone.
pub(crate) fn write_connect(out: &mut Vec<u8>, key: &Key, user_agent: Option<&HeaderValue>) {
    out.extend_from_slice(b"CONNECT ");
    write_host_and_port(out, key);
    out.extend_from_slice(b" HTTP/1.1\r\nhost: ");
    write_host_and_port(out, key);
    out.extend_from_slice(b"\r\n");
    if let Some(authorization) = key.proxy().and_then(Proxy::authorization) {
        write_field(out, &PROXY_AUTHORIZATION, authorization);
    }
    if let Some(user_agent) = user_agent {
        write_field(out, &USER_AGENT, user_agent);
    }
    out.extend_from_slice(b"\r\n");
}

/// Who we are to the proxy that is sent the request; what the request says itself goes first.
pub(super) fn authorization<'a>(fields: &HeaderMap, key: &'a Key) -> Option<&'a HeaderValue> {
    let proxy = key.proxy().filter(|_| key.is_forwarded())?;
    proxy.authorization().filter(|_| !fields.contains_key(PROXY_AUTHORIZATION))
}
