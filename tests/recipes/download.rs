use std::error::Error;
use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;

use httpocean_std::Client;
use httpocean_std::http::{StatusCode, header};

/// Brings `url` to `path`. Called again after it failed, it goes on where it was, unless the file has changed since.
/// `progress` is told how many bytes there are, and how many it will be.
pub fn download(
    client: &Client,
    url: &str,
    path: &Path,
    mut progress: impl FnMut(u64, Option<u64>),
) -> Result<(), Box<dyn Error>> {
    let (part, tag) = (path.with_extension("part"), path.with_extension("etag"));
    let mut have = fs::metadata(&part).map_or(0, |found| found.len());
    // The bytes of the file itself: parts of a compressed one don't fit together.
    let mut request = client.get(url)?.header(header::ACCEPT_ENCODING, "identity");
    if let (1.., Ok(etag)) = (have, fs::read_to_string(&tag)) {
        request = request.header(header::RANGE, format!("bytes={have}-")).header(header::IF_RANGE, etag);
    }
    let mut response = request.send()?;

    let goes_on = match response.status() {
        StatusCode::PARTIAL_CONTENT => {
            let range = response.headers().get(header::CONTENT_RANGE).and_then(|range| range.to_str().ok());
            if !range.unwrap_or_default().starts_with(&format!("bytes {have}-")) {
                return Err(format!("{url}: not the part that was asked for: {range:?}").into());
            }
            true
        }
        StatusCode::OK => {
            have = 0;
            // Only a strong tag says that the bytes are the same.
            match response.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok()) {
                Some(etag) if etag.starts_with('"') => fs::write(&tag, etag)?,
                _ => fs::remove_file(&tag).or_else(|_| fs::exists(&tag).map(drop))?,
            }
            false
        }
        status => return Err(format!("{url}: {status}").into()),
    };

    let left =
        response.headers().get(header::CONTENT_LENGTH).and_then(|left| left.to_str().ok()?.parse().ok());
    let total = left.map(|left: u64| have + left);
    let mut file =
        OpenOptions::new().create(true).write(true).truncate(!goes_on).append(goes_on).open(&part)?;
    let mut piece = vec![0; 64 * 1024];
    loop {
        progress(have, total);
        match response.body_mut().read(&mut piece)? {
            0 => break,
            n => {
                file.write_all(&piece[..n])?;
                have += n as u64;
            }
        }
    }
    fs::rename(&part, path)?;
    let _ = fs::remove_file(&tag);
    Ok(())
}
