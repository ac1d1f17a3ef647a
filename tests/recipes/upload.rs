use std::error::Error;
use std::fs::File;
use std::path::Path;
use std::time::Duration;

use httpocean_std::policy::Retries;
use httpocean_std::{Body, Client, call};

/// Puts the file at `path` to `url`. A server that does not want it says so before it is sent; one that drops the
/// connection in the middle is sent it again, from its start.
pub fn upload(url: &str, path: &Path) -> Result<(), Box<dyn Error>> {
    let client = Client::builder()
        .call(call::Options {
            expect_continue: true,
            send: Some(Duration::from_secs(30)),
            ..Default::default()
        })
        .retries(Retries::new(2))
        .build();
    let file = Body::from_file(File::open(path)?)?;
    let mut response =
        client.put(url)?.header("content-type", "application/octet-stream").body(file).send()?;
    if !response.status().is_success() {
        let why = response.body_mut().read_to_string(10_000)?;
        return Err(format!("{url}: {}: {why}", response.status()).into());
    }
    Ok(())
}
