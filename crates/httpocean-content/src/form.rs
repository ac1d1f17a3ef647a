//! Queries of URLs, and `application/x-www-form-urlencoded` bodies, which are the same.

use std::borrow::Borrow;

use form_urlencoded::Serializer;
use http::Uri;
use http::uri::PathAndQuery;

/// The type of content that is such a form.
pub const CONTENT_TYPE: &str = "application/x-www-form-urlencoded";

/// The pairs as a form, in their order.
///
/// ```
/// assert_eq!(httpocean_content::form::encode([("q", "two words"), ("ü", "&")]), "q=two+words&%C3%BC=%26");
/// ```
pub fn encode<I, K, V>(pairs: I) -> String
where
    I: IntoIterator,
    I::Item: Borrow<(K, V)>,
    K: AsRef<str>,
    V: AsRef<str>,
{
    Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// Bytes as they stand in a form.
///
/// ```
/// assert_eq!(httpocean_content::form::escape(b"a b\xff"), "a+b%FF");
/// ```
pub fn escape(bytes: &[u8]) -> String {
    form_urlencoded::byte_serialize(bytes).collect()
}

/// The pairs of a form. What is no UTF-8 becomes U+FFFD.
///
/// ```
/// let pairs = httpocean_content::form::decode(b"q=two+words&%C3%BC=%26");
/// assert_eq!(pairs, [("q".into(), "two words".into()), ("ü".into(), "&".into())]);
/// ```
pub fn decode(form: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(form).into_owned().collect()
}

/// The same URL with these pairs at the end of its query.
///
/// ```
/// let uri = "http://example.com/find?page=2".parse().unwrap();
/// let uri = httpocean_content::form::with_query(&uri, &[("q", "two words")]).unwrap();
/// assert_eq!(uri, "http://example.com/find?page=2&q=two+words");
/// ```
///
/// # Errors
/// When that would be longer than a URL may be.
pub fn with_query<I, K, V>(uri: &Uri, pairs: I) -> Result<Uri, http::Error>
where
    I: IntoIterator,
    I::Item: Borrow<(K, V)>,
    K: AsRef<str>,
    V: AsRef<str>,
{
    let mut parts = uri.clone().into_parts();
    let mut target = parts.path_and_query.as_ref().map_or("/", PathAndQuery::as_str).to_owned();
    let added = encode(pairs);
    if !added.is_empty() {
        // A query that is there and empty takes no `&`.
        match target.split_once('?') {
            None => target.push('?'),
            Some((_, query)) if query.is_empty() || query.ends_with('&') => {}
            Some(_) => target.push('&'),
        }
        target.push_str(&added);
    }
    parts.path_and_query = Some(PathAndQuery::try_from(target)?);
    Ok(Uri::from_parts(parts)?)
}
