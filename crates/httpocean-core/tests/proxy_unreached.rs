//! A dial that does not come as far as the host says that the proxy was in the way, and which one; one that does says
//! nothing of it.
#![allow(clippy::unwrap_used)]

mod proxying;

use std::sync::Arc;
use std::time::Duration;

use httpocean_core::dial::{Dial, DialStep, Route};
use httpocean_core::layer::{Host, Layer, LayerError, LayerState, Secure, Security};
use httpocean_core::{Config, Error, Instant, Io, Key, RecvBuf, SendBuf, TransportError};
use proxying::Peer::{Closes, Hears, Says};
use proxying::{NOW, Through, config};

const LATE: Instant = Instant::from_micros(3_600_000_000);

/// A handshake that comes to no end.
#[derive(Debug)]
struct Mute;

impl Secure for Mute {
    fn layer(&self, _: Host<'_>, _: u16) -> Result<Box<dyn Layer>, LayerError> {
        Ok(Box::new(Self))
    }
}

impl Layer for Mute {
    fn receive(&mut self, _: &[u8], _: &mut SendBuf, _: &mut RecvBuf) -> Result<LayerState, LayerError> {
        Ok(LayerState::Handshaking)
    }

    fn send(&mut self, _: &[u8], _: &mut SendBuf) -> Result<(), LayerError> {
        Ok(())
    }

    fn close(&mut self, _: &mut SendBuf) {}
}

/// What became of a dial of `url` by `proxy` whose look-ups and connects have these results, in turn; behind them
/// nothing comes and an hour passes.
fn failed(proxy: &str, url: &str, results: &[Result<(), TransportError>]) -> Error {
    let mut config = config(proxy);
    config.tls = Some(Security::new(Mute));
    config.dial.resolve = Some(Duration::from_secs(1));
    let config = Arc::new(config);
    let key = Key::of(&url.parse().unwrap()).unwrap();
    let key = key.by_proxy(Some(&proxy.parse().unwrap()));
    let (mut dial, mut io, mut now) = (Dial::new(&key, &config, NOW), Io::default(), NOW);
    let mut results = results.iter().copied();
    loop {
        match dial.step(&mut io, now) {
            DialStep::Resolve => match results.next() {
                Some(result) => dial.resolved(result.map(|()| Route::Direct), now),
                None => now = LATE,
            },
            DialStep::Connect { attempt, .. } => match results.next() {
                Some(result) => dial.connected(attempt, result, now),
                None => now = LATE,
            },
            DialStep::Wait(_) => now = LATE,
            DialStep::Failed(error) => return error,
            DialStep::Abandon { .. } => {}
            DialStep::Ready(_) => panic!("nobody is there"),
        }
    }
}

fn unreached(error: &Error) -> Option<String> {
    error.unreached_proxy().map(ToString::to_string)
}

#[test]
fn its_name_its_address_and_its_tls() {
    use TransportError::{NotFound, Refused};
    for (proxy, results, sentence) in [
        ("http://p:1", &[Err(NotFound)][..], "resolving the name of the proxy http://p:1"),
        ("http://p:1", &[], "resolving the name of the proxy http://p:1"),
        ("http://p:1", &[Ok(()), Err(Refused)], "connecting to the proxy http://p:1"),
        ("http://p:1", &[Ok(())], "connecting to the proxy http://p:1"),
        ("socks5h://p", &[Ok(()), Err(Refused)], "connecting to the proxy socks5h://p:1080"),
        ("socks5://p", &[Ok(()), Err(NotFound)], "resolving the name of the proxy socks5://p:1080"),
        ("https://u:secret@p", &[Ok(()), Ok(())], "in the TLS handshake with the proxy https://p:443"),
    ] {
        let error = failed(proxy, "https://a.test/", results);
        assert!(error.to_string().contains(sentence), "{proxy}: {error}");
        assert!(unreached(&error).is_some_and(|proxy| sentence.ends_with(&proxy)), "{error:?}");
    }
}

/// A SOCKS proxy that is told addresses: the name is that of the host, whose look-up is ours.
#[test]
fn a_host_that_is_looked_up_before_the_proxy_is_not_the_proxy() {
    for results in [&[Err(TransportError::NotFound)][..], &[]] {
        let error = failed("socks5://p", "http://a.test/", results);
        assert_eq!(unreached(&error), None, "{error}");
        assert!(!error.to_string().contains("proxy"), "{error}");
    }
}

#[test]
fn behind_it_nothing_is_said_of_it() {
    let direct = {
        let key = Key::of(&"http://a.test/".parse().unwrap()).unwrap();
        let (mut dial, mut io) = (Dial::new(&key, &Arc::new(Config::default()), NOW), Io::default());
        assert!(matches!(dial.step(&mut io, NOW), DialStep::Resolve));
        dial.resolved(Err(TransportError::NotFound), NOW);
        let DialStep::Failed(error) = dial.step(&mut io, NOW) else { panic!("it has no address") };
        error
    };
    assert_eq!(unreached(&direct), None);
    let mut through = Through::connected("http://p", "https://a.test/");
    let made = through.goes(&[Says(b"HTTP/1.1 502 No\r\n\r\n"), Closes], &[]);
    assert_eq!(unreached(&made.unwrap().unwrap_err()), None, "it was there, and answered");
    let mut socks = Through::connected("socks5h://p", "http://a.test/");
    let made = socks.goes(&[Hears(&[5, 1, 0]), Closes], &[]);
    assert_eq!(unreached(&made.unwrap().unwrap_err()), None, "it was there, and left");
}
