//! How a request's body is delimited, and the body (RFC 9112 sections 6 and 7).

use super::{Fault, Fields, Framing, Sent, line, section};

pub(super) fn framing(sent: &Sent) -> Result<Framing, Fault> {
    let codings: Vec<_> = sent.values("transfer-encoding").collect();
    let lengths: Vec<_> = sent.values("content-length").collect();
    match (&codings[..], &lengths[..]) {
        ([], []) => Ok(Framing::None),
        ([b"chunked"], []) => Ok(Framing::Chunked),
        ([], [digits]) => {
            let text = core::str::from_utf8(digits).unwrap_or_default();
            let length = text.parse().map_err(|_| "a Content-Length that is no number of 64 bits")?;
            if text.starts_with('+') {
                Err("a Content-Length with a sign")
            } else {
                Ok(Framing::Length(length))
            }
        }
        (_, []) => Err("another coding than chunked"),
        ([], _) => Err("two lengths"),
        _ => Err("Transfer-Encoding and Content-Length"),
    }
}

pub(super) fn read(framing: Framing, bytes: &[u8]) -> Result<(Vec<u8>, Fields), Fault> {
    match framing {
        Framing::None if bytes.is_empty() => Ok((Vec::new(), Vec::new())),
        Framing::None => Err("bytes behind a head that announces none"),
        Framing::Length(length) if bytes.len() as u64 == length => Ok((bytes.to_vec(), Vec::new())),
        Framing::Length(_) => Err("not as many bytes as announced"),
        Framing::Chunked => chunks(bytes),
    }
}

fn chunks(mut bytes: &[u8]) -> Result<(Vec<u8>, Fields), Fault> {
    let mut body = Vec::new();
    loop {
        let (size, rest) = line(bytes)?;
        let Ok(digits) = core::str::from_utf8(size) else { return Err("a chunk size that is no text") };
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err("a chunk size that is no hexadecimal number");
        }
        let size = usize::from_str_radix(digits, 16).map_err(|_| "a chunk size beyond all bounds")?;
        if size == 0 {
            let (trailers, rest) = section(rest)?;
            return if rest.is_empty() { Ok((body, trailers)) } else { Err("bytes behind the request") };
        }
        let Some((data, rest)) = rest.split_at_checked(size) else { return Err("it ends within a chunk") };
        body.extend_from_slice(data);
        bytes = rest.strip_prefix(b"\r\n").ok_or("no CRLF behind a chunk")?;
    }
}
