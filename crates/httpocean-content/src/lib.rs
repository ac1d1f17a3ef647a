//! What is inside of HTTP messages: content codings, JSON, forms, multipart bodies, charsets. Bytes go in and bytes
//! come out; nothing here reads, writes, waits or draws lots.
//!
//! ```
//! # #[cfg(feature = "gzip")] {
//! use httpocean_content::{Codings, Decoder, Limits, Status};
//!
//! // What `printf hello | gzip` says.
//! let wire = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xcb\x48\xcd\xc9\xc9\x07\0\x86\xa6\x10\x36\x05\0\0\0";
//! let mut headers = http::HeaderMap::new();
//! headers.insert("content-encoding", "gzip".parse().unwrap());
//!
//! let mut decoder = Decoder::new(&Codings::of(&headers)?, &Limits::default());
//! let (mut text, mut room) = (Vec::new(), [0; 3]);
//! let mut pieces = wire.chunks(10).peekable();
//! while let Some(mut piece) = pieces.next() {
//!     loop {
//!         let progress = decoder.decode(piece, pieces.peek().is_none(), &mut room)?;
//!         text.extend_from_slice(&room[..progress.written]);
//!         piece = &piece[progress.read..];
//!         if progress.status != Status::More {
//!             break;
//!         }
//!     }
//! }
//! assert_eq!(text, b"hello");
//! # }
//! # Ok::<(), httpocean_content::DecodeError>(())
//! ```
//!
//! # Features
//! None is on by default; `httpocean-std` chooses.
//!
//! | feature | what | by |
//! |---|---|---|
//! | `gzip`, `deflate` | these codings | flate2, zlib-rs |
//! | `brotli` | the coding `br` | brotli-decompressor |
//! | `zstd` | that coding; it takes Rust 1.87 | ruzstd |
//! | `json` | `json` | serde_json |
//! | `form` | `form`: queries and urlencoded bodies | form_urlencoded |
//! | `multipart` | `multipart`: multipart/form-data | |
//! | `charset` | `charset`: text in the charsets of the web | encoding_rs |

mod coding;
mod decode;

#[cfg(feature = "charset")]
pub mod charset;
#[cfg(feature = "form")]
pub mod form;
#[cfg(feature = "json")]
pub mod json;
#[cfg(feature = "multipart")]
pub mod multipart;

pub use coding::{Coding, Codings, MOST_CODINGS, accept_encoding};
pub use decode::{DecodeError, Decoder, Limits, Progress, Pulled, Status, decode_to_vec};
