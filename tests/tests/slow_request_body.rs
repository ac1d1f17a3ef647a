//! A request's body that comes slowly is sent as it comes, and an answer to its beginning is noticed.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{self, Read};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use httpocean_testkit::server::Reply;
use httpocean_tests::{Body, On, on_both_adapters};

on_both_adapters!(each_piece_is_sent_before_the_next_is_read, an_early_answer_is_noticed_between_pieces,);

const LONG: Duration = Duration::from_secs(10);

/// Gives a byte at a time, after it was looked whether it may.
struct Careful<F>(F);

impl<F: FnMut() -> Option<u8>> Read for Careful<F> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let byte = (self.0)();
        buf[..byte.iter().len()].fill(byte.unwrap_or_default());
        Ok(byte.iter().len())
    }
}

fn each_piece_is_sent_before_the_next_is_read(on: On) {
    let server = Arc::new(on.serve(|_| Reply::ok("thanks")));
    let client = on.client();
    let mut given = 0;
    let seen = server.clone();
    let source = Careful(move || {
        // Before the first piece comes the head, before each further one what was given of the body.
        assert!(seen.wait_for(LONG, |stats| stats.requests == 1), "the head is held back");
        for _ in 0..1_000 {
            if seen.requests()[0].body_len == given {
                given += 1;
                return (given <= 5).then_some(b'x');
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("{given} bytes were given, {} have arrived", seen.requests()[0].body_len);
    });
    let response = client.post(server.url("/")).body(Body::from_reader(source)).send().unwrap();
    assert_eq!(response.into_body().read_to_string(10).unwrap(), "thanks");
    assert_eq!(server.requests()[0].body, b"xxxxx");
}

fn an_early_answer_is_noticed_between_pieces(on: On) {
    let server = on.serve(|_| Reply::status(403, "Forbidden").early().close());
    let client = on.client();
    let mut given = 0;
    let source = Careful(move || {
        given += 1;
        assert!(given < 5_000, "the answer is not noticed");
        thread::sleep(Duration::from_millis(2));
        Some(b'x')
    });
    let response = client.post(server.url("/")).body(Body::from_reader(source)).send().unwrap();
    assert_eq!(response.status(), 403);
}
