//! Requests that a server can count.

use std::collections::BTreeMap;

use http::Method;
use httpocean_testkit::server::{Request, Server};

use crate::{Body, Client, Error};

/// A request of `method` with that id in a field of its own, and its whole answer.
///
/// # Errors
/// Those of the request and of its response's body.
pub fn exchange(
    client: &Client,
    method: &Method,
    url: &str,
    id: &str,
    body: impl Into<Body>,
) -> Result<Vec<u8>, Error> {
    let mut response = client.request(method.clone(), url).header("x-id", id).body(body).send()?;
    response.body_mut().read_to_vec(1 << 20)
}

/// How often the server saw each id.
pub fn seen(server: &Server) -> BTreeMap<String, usize> {
    let mut seen = BTreeMap::new();
    for received in server.requests() {
        *seen.entry(id(&received.request)).or_default() += 1;
    }
    seen
}

/// The id of a request that [`exchange`] made.
pub fn id(request: &Request) -> String {
    String::from_utf8_lossy(request.header("x-id").unwrap_or_default()).into_owned()
}
