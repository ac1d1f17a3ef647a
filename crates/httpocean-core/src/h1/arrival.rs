//! The order in which the fields of a head arrived.

use std::collections::BTreeMap;

use http::{HeaderName, HeaderValue, Response};

use super::head::Head;

/// The names of a head's fields, one a field, in the order of their arrival: in the extensions of a response whose map
/// has another one. A map keeps all fields of one name together; which of two fields of different names came first
/// means nothing (RFC 9110 section 5.3), but whoever shows a message wants to show it as it was.
#[derive(Clone, Debug)]
pub struct Arrival {
    names: Box<[HeaderName]>,
}

impl Arrival {
    pub(crate) fn of(head: &Head<'_>) -> Self {
        let names = head.fields().filter_map(|(name, _)| HeaderName::from_bytes(name.as_bytes()).ok());
        Self { names: names.collect() }
    }

    /// The fields of a response that an adapter made, in the order of their arrival. Fields that were removed since are
    /// missing, and fields of names that did not arrive come last.
    ///
    /// ```
    /// use http::Response;
    /// use httpocean_core::Arrival;
    ///
    /// let response = Response::builder().header("a", "1").header("b", "2").body(()).unwrap();
    /// assert_eq!(Arrival::fields(&response).map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    /// ```
    pub fn fields<B>(response: &Response<B>) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        let names = response.extensions().get::<Self>().map_or(&[][..], |arrival| &arrival.names);
        let mut left: BTreeMap<&str, _> = BTreeMap::new();
        for name in names {
            left.entry(name.as_str()).or_insert_with(|| response.headers().get_all(name).iter());
        }
        let mut all = Vec::with_capacity(response.headers().len());
        for name in names {
            all.extend(left.get_mut(name.as_str()).and_then(Iterator::next).map(|value| (name, value)));
        }
        for (name, value) in response.headers() {
            if !left.contains_key(name.as_str()) {
                all.push((name, value));
            }
        }
        all.into_iter()
    }
}
