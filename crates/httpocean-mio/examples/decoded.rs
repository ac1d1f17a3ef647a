//! Asks for pages in whichever coding is built in, all at a time on one thread, and decodes the events as they come.
//!
//! ```text
//! cargo run -p httpocean-mio --example decoded -- http://example.com/ http://example.org/
//! ```

use std::collections::BTreeMap;
use std::io::{self, Write};

use httpocean_content::{Codings, DecodeError, Decoder, Limits, Status, accept_encoding};
use httpocean_mio::http::header::{ACCEPT_ENCODING, HeaderValue};
use httpocean_mio::http::{Request, Uri};
use httpocean_mio::{BodyPlan, CallId, Event, Loop, Options};

fn main() -> io::Result<()> {
    let urls: Result<Vec<Uri>, _> = std::env::args().skip(1).map(|url| url.parse()).collect();
    let urls = urls.map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    for (page, url) in fetch(&urls, &Limits::default())?.into_iter().zip(&urls) {
        match page {
            Ok(content) => io::stdout().write_all(&content)?,
            Err(why) => eprintln!("{url}: {why}"),
        }
    }
    Ok(())
}

/// What each page means, or why there is none.
type Page = Result<Vec<u8>, String>;

/// A page on its way.
struct Coming {
    decoder: Decoder,
    content: Vec<u8>,
    /// Which of those that were asked for.
    number: usize,
}

fn fetch(urls: &[Uri], limits: &Limits) -> io::Result<Vec<Page>> {
    let mut looped = Loop::new(Options::default())?;
    let mut coming = BTreeMap::<CallId, Coming>::new();
    let mut pages: Vec<Page> = vec![Err("no answer".to_owned()); urls.len()];
    for (number, url) in urls.iter().enumerate() {
        let mut request = Request::new(());
        *request.uri_mut() = url.clone();
        if let Some(all) = accept_encoding() {
            request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static(all));
        }
        match looped.client().start(request, BodyPlan::empty()) {
            Ok(call) => {
                let decoder = Decoder::new(&Codings::default(), limits);
                coming.insert(call, Coming { decoder, content: Vec::new(), number });
            }
            Err(error) => pages[number] = Err(error.to_string()),
        }
    }
    while let Some((call, event)) = looped.next_event()? {
        let Some(page) = coming.get_mut(&call) else { continue };
        let done = match event {
            // Only the head of the answer says in which codings it is: bodies of redirects are nobody's business.
            Event::Head(head) => Codings::of(head.to_response().headers())
                .map(|codings| page.decoder = Decoder::new(&codings, limits))
                .map(|()| None),
            Event::Data(bytes) => take(page, bytes, false).map(|()| None),
            Event::End { .. } => take(page, &[], true).map(|()| Some(Ok(std::mem::take(&mut page.content)))),
            Event::Failed(error) => Ok(Some(Err(error.to_string()))),
            Event::Hop(_)
            | Event::Interim(_)
            | Event::Passing(_)
            | Event::NeedBody { .. }
            | Event::Upgraded(_) => Ok(None),
        };
        let done = done.unwrap_or_else(|error| {
            // What is not worth decoding is not worth reading.
            looped.client().cancel(call);
            Some(Err(error.to_string()))
        });
        if let (Some(done), Some(page)) = (done, coming.get(&call)) {
            pages[page.number] = done;
            coming.remove(&call);
        }
    }
    Ok(pages)
}

/// Decodes what came, with room for a little at a time.
fn take(page: &mut Coming, mut bytes: &[u8], last: bool) -> Result<(), DecodeError> {
    let mut room = [0; 4096];
    loop {
        let progress = page.decoder.decode(bytes, last, &mut room)?;
        page.content.extend_from_slice(&room[..progress.written]);
        bytes = &bytes[progress.read..];
        if progress.status != Status::More {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use httpocean_testkit::server::{Reply, Request, Server};

    use super::*;

    const GZIP: &[u8] = include_bytes!("../../httpocean-content/tests/samples/text.gz");
    const BR_GZIP: &[u8] = include_bytes!("../../httpocean-content/tests/samples/text.br.gz");
    const ZSTD: &[u8] = include_bytes!("../../httpocean-content/tests/samples/text.frames.zst");
    const BOMB: &[u8] = include_bytes!("../../httpocean-content/tests/samples/zeros-10GiB.br");

    fn server() -> Server {
        Server::start(|request: &Request| {
            assert_eq!(request.header("accept-encoding"), Some(&b"gzip,deflate,br,zstd"[..]));
            let coded = |coding: &str, body: &[u8]| Reply::ok(body).header("content-encoding", coding);
            match request.target.as_str() {
                "/gzip" => coded("gzip", GZIP),
                "/chain" => coded("br, gzip", BR_GZIP),
                // One byte at a time, as far as the events are concerned.
                "/zstd" => {
                    Reply::ok("").header("content-encoding", "zstd").chunked(ZSTD.chunks(1), [("a", "b"); 0])
                }
                "/moved" => {
                    let reply = Reply::status(302, "Found").body("no gzip").header("location", "/gzip");
                    reply.header("content-encoding", "gzip")
                }
                "/bomb" => coded("br", BOMB),
                "/cut" => coded("gzip", &GZIP[..100]),
                "/unknown" => coded("foo", b"as it came"),
                _ => Reply::ok("plain"),
            }
        })
    }

    fn pages(server: &Server, paths: &[&str]) -> Vec<Page> {
        let urls: Vec<_> = paths.iter().map(|path| server.url(path).parse().expect("a URL")).collect();
        fetch(&urls, &Limits::default()).expect("the poll works")
    }

    #[test]
    fn pages_are_decoded_while_others_come() {
        let server = server();
        let all = pages(&server, &["/gzip", "/moved", "/chain", "/zstd", "/", "/unknown"]);
        for page in &all[..4] {
            let page = page.as_ref().expect("a page");
            assert!(page.len() == 12_258 && page.starts_with(b"0 0 even\n1 1 odd\n"), "{}", page.len());
        }
        assert_eq!(all[4..], [Ok(b"plain".to_vec()), Ok(b"as it came".to_vec())]);
    }

    #[test]
    fn what_is_no_page_costs_only_itself() {
        let server = server();
        let all = pages(&server, &["/bomb", "/cut", "/"]);
        assert_eq!(all[0], Err("its content is blown up more than is allowed when it is decoded".to_owned()));
        assert_eq!(all[1], Err("its gzip content ends too early".to_owned()));
        assert_eq!(all[2], Ok(b"plain".to_vec()));
    }
}
