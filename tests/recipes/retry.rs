use std::time::Duration;

use httpocean_std::http::StatusCode;
use httpocean_std::policy::{Backoff, Budget, Retries};
use httpocean_std::{Client, Error};

/// A client that tries again: what a server may answer differently in a moment, and only what may be done twice. All
/// tries together have 20 s. When everything fails, at most a tenth of the requests under way are second tries.
pub fn persistent() -> Client {
    let retries = Retries {
        statuses: vec![StatusCode::BAD_GATEWAY, StatusCode::SERVICE_UNAVAILABLE, StatusCode::GATEWAY_TIMEOUT],
        backoff: Backoff { base: Duration::from_millis(50), ..Backoff::default() },
        ..Retries::new(5)
    };
    Client::builder()
        .retries(retries)
        .retry_budget(Budget::new(10, 10))
        .total_timeout(Duration::from_secs(20))
        .read_timeout(Duration::from_secs(5))
        .build()
}

/// The page, and what it took.
pub fn report(client: &Client, url: &str) -> Result<(String, Vec<String>), Error> {
    let mut response = client.get(url)?.send()?;
    let page = response.body_mut().read_to_string(1_000_000)?;
    let hops = response.body().hops().iter();
    Ok((page, hops.map(|hop| format!("{:?}: {}", hop.status, hop.why.explain())).collect()))
}
