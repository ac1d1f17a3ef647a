//! Which codings a message has, by its fields.
#![cfg(all(feature = "gzip", feature = "deflate", feature = "brotli", feature = "zstd"))]

use http::HeaderMap;
use http::header::{CONTENT_ENCODING, HeaderValue};
use httpocean_content::Coding::{self, Brotli, Deflate, Gzip, Zstd};
use httpocean_content::{Codings, DecodeError, MOST_CODINGS, accept_encoding};

fn of(fields: &[&str]) -> Result<Codings, DecodeError> {
    let mut headers = HeaderMap::new();
    for field in fields {
        headers.append(CONTENT_ENCODING, HeaderValue::from_str(field).expect("a value"));
    }
    Codings::of(&headers)
}

fn to_undo(fields: &[&str]) -> Vec<Coding> {
    of(fields).expect("few enough").to_undo().collect()
}

#[test]
fn all_fields_are_one_list_in_the_order_of_application() {
    for (fields, undone) in [
        (&["gzip"][..], &[Gzip][..]),
        (&["GZip"], &[Gzip]),
        (&["x-gzip"], &[Gzip]),
        (&["deflate", "br"], &[Brotli, Deflate]),
        (&["deflate ,\tzstd", "br"], &[Brotli, Zstd, Deflate]),
        (&["identity, gzip, identity"], &[Gzip]),
        (&[",, gzip ,"], &[Gzip]),
        (&["gzip, gzip"], &[Gzip, Gzip]),
    ] {
        assert_eq!(to_undo(fields), undone, "{fields:?}");
        let codings = of(fields).expect("few enough");
        assert!(!codings.is_plain() && !codings.is_opaque(), "{fields:?}");
    }
}

#[test]
fn without_any_it_is_plain() {
    for fields in [&[][..], &[""], &["identity"], &["Identity, identity"]] {
        let codings = of(fields).expect("few enough");
        assert!(codings.is_plain() && !codings.is_opaque() && to_undo(fields).is_empty(), "{fields:?}");
    }
}

/// None is undone: what is below an unknown one is not there to be seen, and half a decoding is nothing that a field
/// could tell of.
#[test]
fn with_an_unknown_one_it_is_opaque() {
    for fields in
        [&["compress"][..], &["foo, gzip"], &["gzip, foo"], &["gzip", "x"], &["gzip;q=1"], &["gzi p"]]
    {
        let codings = of(fields).expect("few enough");
        assert!(codings.is_opaque() && !codings.is_plain() && to_undo(fields).is_empty(), "{fields:?}");
    }
}

#[test]
fn five_are_the_most() {
    let fields = vec!["gzip"; MOST_CODINGS];
    assert_eq!(to_undo(&fields).len(), 5);
    for fields in [vec!["gzip"; MOST_CODINGS + 1], vec!["gzip,br", "br,br", "br , zstd"]] {
        assert_eq!(of(&fields), Err(DecodeError::TooManyCodings), "{fields:?}");
    }
    assert_eq!(Codings::new(&[Gzip; 6]), Err(DecodeError::TooManyCodings));
    assert_eq!(Codings::new(&[Gzip; 5]).map(|codings| codings.to_undo().count()), Ok(5));
}

#[test]
fn what_is_built_in_is_asked_for() {
    assert_eq!(accept_encoding(), Some("gzip,deflate,br,zstd"));
    assert!([Gzip, Deflate, Brotli, Zstd].into_iter().all(Coding::is_built_in));
}
