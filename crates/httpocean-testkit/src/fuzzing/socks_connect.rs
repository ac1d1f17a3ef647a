//! Any bytes as what a proxy says in a handshake.

use std::sync::Arc;

use httpocean_core::dial::{DialStep, Route};
use httpocean_core::layer::Security;
use httpocean_core::proxy::Rules;
use httpocean_core::{BodyPlan, Call, Config, Dial, ErrorKind, Instant, Io, Limits, Phase};

use crate::bytes::Bytes;
use crate::toy::Toy;

const PROXIES: [&str; 4] = ["socks4a://ann@p", "socks5h://p", "socks5h://ann:pw@p", "http://ann:pw@p"];

/// What it comes to does not depend on how the bytes were cut, nobody gets through who was not let, and what is kept
/// of a refusal is bounded.
pub fn socks_connect(bytes: &[u8]) {
    let mut choices = Bytes::new(bytes);
    let which = usize::from(choices.byte()) % PROXIES.len();
    let (piece, ends) = (usize::from(choices.byte()).max(1), choices.byte() % 2 == 1);
    let answer = choices.rest();
    let whole = shake(PROXIES[which], answer, answer.len().max(1), ends);
    for piece in [1, piece] {
        assert_eq!(whole, shake(PROXIES[which], answer, piece, ends), "in pieces of {piece}");
    }
    let let_in = match which {
        0 => is_granted_by_4(answer),
        1 | 2 => is_granted_by_5(answer, which == 2),
        _ => answer.windows(8).any(|bytes| bytes.starts_with(b"HTTP/1.")),
    };
    assert!(whole != Outcome::Through || let_in, "through by {:?}", answer.escape_ascii().to_string());
    assert!(whole == Outcome::Through || !let_in || which == 3, "not through by {answer:?}: {whole:?}");
}

#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// The proxy is out of the way.
    Through,
    Waits,
    Failed(ErrorKind, Vec<u8>),
}

fn shake(proxy: &str, answer: &[u8], piece: usize, ends: bool) -> Outcome {
    let now = Instant::ZERO;
    let rules = Rules::all(proxy.parse().expect("it is a proxy's URL"));
    let config =
        Arc::new(Config { proxy: rules, tls: Some(Security::new(Toy::default())), ..Config::default() });
    let request = http::Request::get("https://site.example/").body(()).expect("a request");
    let call = Call::new(request, BodyPlan::empty(), &config, now).expect("it can be sent");
    let (mut dial, mut io) = (Dial::new(call.key(), &config, now), Io::default());
    assert!(matches!(dial.step(&mut io, now), DialStep::Resolve));
    dial.resolved(Ok(Route::Direct), now);
    assert!(matches!(dial.step(&mut io, now), DialStep::Connect { .. }));
    dial.connected(0, Ok(()), now);
    let mut pieces = answer.chunks(piece);
    let mut ended = !ends;
    loop {
        match dial.step(&mut io, now) {
            DialStep::Wait(want) if want.phase != Phase::Proxy => return Outcome::Through,
            DialStep::Wait(_) => {
                io.tx.sent(io.tx.pending().len());
                match pieces.next() {
                    Some(piece) => io.rx.append(piece),
                    None if !ended => {
                        io.rx.set_eof();
                        ended = true;
                    }
                    None => return Outcome::Waits,
                }
            }
            DialStep::Failed(error) if error.phase() != Phase::Proxy => return Outcome::Through,
            DialStep::Failed(error) => {
                let kept = error.proxy_answer().map(|answer| answer.body.clone()).unwrap_or_default();
                assert!(kept.len() <= Limits::default().proxy_body_bytes);
                return Outcome::Failed(error.kind().clone(), kept);
            }
            step @ (DialStep::Resolve
            | DialStep::Connect { .. }
            | DialStep::Abandon { .. }
            | DialStep::Ready(_)) => panic!("{step:?}"),
        }
    }
}

fn is_granted_by_4(answer: &[u8]) -> bool {
    answer.len() >= 8 && answer.starts_with(&[0, 90])
}

fn is_granted_by_5(answer: &[u8], has_password: bool) -> bool {
    let reply = match answer {
        [5, 0, rest @ ..] => rest,
        [5, 2, 1, 0, rest @ ..] if has_password => rest,
        _ => return false,
    };
    let bound = match reply {
        [5, 0, _, 1, ..] => 4,
        [5, 0, _, 3, len, ..] => 1 + usize::from(*len),
        [5, 0, _, 4, ..] => 16,
        _ => return false,
    };
    reply.len() >= 4 + bound + 2
}
