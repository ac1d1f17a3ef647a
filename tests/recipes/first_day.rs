use std::path::Path;
use std::time::Duration;

use httpocean_std::{Client, Error, Form};
use serde_json::{Value, json};

/// A search, as JSON.
pub fn search(client: &Client, site: &str, words: &str) -> Result<Value, Error> {
    client
        .get(format!("{site}/search"))?
        .query([("q", words), ("page", "1")])
        .header("accept", "application/json")
        .timeout(Duration::from_secs(10))
        .send()?
        .error_for_status()?
        .json()
}

/// JSON there, and text back.
pub fn order(client: &Client, site: &str, item: &str) -> Result<String, Error> {
    client.post(format!("{site}/orders"))?.bearer_auth("t0ken").json(&json!({ "item": item })).send()?.text()
}

/// A form, as a browser sends it.
pub fn log_in(client: &Client, site: &str) -> Result<u16, Error> {
    let response =
        client.post(format!("{site}/login"))?.form([("user", "ann"), ("password", "s3cret")]).send()?;
    Ok(response.status().as_u16())
}

/// A form with a file, which is read while it is sent.
pub fn send_file(client: &Client, site: &str, path: &Path) -> Result<String, Box<dyn std::error::Error>> {
    let form = Form::new().text("title", "A picture").file("picture", path)?;
    Ok(client.post(format!("{site}/pictures"))?.multipart(form).send()?.error_for_status()?.text()?)
}

/// A response to a file.
pub fn save(client: &Client, url: &str, path: &Path) -> Result<u64, Error> {
    client.get(url)?.send()?.error_for_status()?.save_to(path)
}
