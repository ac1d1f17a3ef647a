//! JSON, by serde_json.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The type of content that is JSON.
pub const CONTENT_TYPE: &str = "application/json";

pub use serde_json::Error;

/// `value` as JSON.
///
/// ```
/// assert_eq!(httpocean_content::json::encode(&[1, 2])?, b"[1,2]");
/// # Ok::<(), httpocean_content::json::Error>(())
/// ```
///
/// # Errors
/// When it can't be JSON, as a map whose keys are no text.
pub fn encode(value: &(impl Serialize + ?Sized)) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value)
}

/// What JSON says, which is UTF-8, maybe with a mark in front that says so.
///
/// ```
/// let numbers: Vec<u8> = httpocean_content::json::decode(b"\xef\xbb\xbf[1, 2]")?;
/// assert_eq!(numbers, [1, 2]);
/// # Ok::<(), httpocean_content::json::Error>(())
/// ```
///
/// # Errors
/// When it is no JSON, or of another shape; with the line and the column.
pub fn decode<T: DeserializeOwned>(text: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text))
}
