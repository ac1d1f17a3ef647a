//! A server that speaks through a layer says the same as one that does not, and goodbye where it closes in order.

use std::io::{Read, Write};
use std::net::TcpStream;

use httpocean_core::layer::{Host, Layer, LayerState, Secure};
use httpocean_core::{RecvBuf, SendBuf};
use httpocean_testkit::server::{End, Reply, Server};
use httpocean_testkit::toy::{Toy, ToyPeer};

/// A client's end.
struct Client {
    stream: TcpStream,
    layer: Box<dyn Layer>,
    plain: RecvBuf,
}

impl Client {
    fn of(server: &Server) -> Self {
        let stream = TcpStream::connect(server.addr()).unwrap();
        let layer = Toy::default().layer(Host::Name("a.test"), 443).unwrap();
        let mut it = Self { stream, layer, plain: RecvBuf::default() };
        let mut state = it.take_in(&[]);
        while state == LayerState::Handshaking {
            state = it.read().expect("no end in the handshake");
        }
        it
    }

    fn take_in(&mut self, wire: &[u8]) -> LayerState {
        let mut out = SendBuf::default();
        let state = self.layer.receive(wire, &mut out, &mut self.plain).unwrap();
        self.stream.write_all(out.pending()).unwrap();
        state
    }

    /// `None` at the end of the wire.
    fn read(&mut self) -> Option<LayerState> {
        let mut block = [0; 64];
        let n = self.stream.read(&mut block).unwrap();
        (n > 0).then(|| self.take_in(&block[..n]))
    }

    fn send(&mut self, plain: &[u8]) {
        let mut out = SendBuf::default();
        self.layer.send(plain, &mut out).unwrap();
        self.stream.write_all(out.pending()).unwrap();
    }

    /// How far its layer was when the wire ended, and what was read.
    fn read_to_end(mut self) -> (Option<LayerState>, String) {
        let mut last = None;
        while let Some(state) = self.read() {
            last = Some(state);
        }
        (last, String::from_utf8(self.plain.bytes().to_vec()).unwrap())
    }
}

fn server(end: End) -> Server {
    let builder = Server::builder().layered(|| ToyPeer::new(7));
    builder.start(move |request| Reply::ok(request.target.clone()).then(end.clone())).unwrap()
}

#[test]
fn requests_and_responses_pass_it() {
    let server = server(End::Close);
    assert!(server.url("/").starts_with("https://127.0.0.1:"));
    assert!(server.url_at("a.test", "/").starts_with("https://a.test:"));
    let mut client = Client::of(&server);
    client.send(b"POST /in HTTP/1.1\r\nContent-Length: 5\r\n\r\n");
    client.send(b"hello");
    let (last, text) = client.read_to_end();
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n") && text.ends_with("\r\n\r\n/in"), "{text}");
    assert_eq!(last, Some(LayerState::PeerClosed), "no goodbye");
    assert_eq!(server.requests()[0].body, b"hello");
}

#[test]
fn who_leaves_at_once_says_no_goodbye() {
    let server = server(End::CloseNow);
    let mut client = Client::of(&server);
    client.send(b"GET / HTTP/1.1\r\n\r\n");
    let (last, text) = client.read_to_end();
    assert!(text.ends_with("\r\n\r\n/"), "{text}");
    assert_eq!(last, Some(LayerState::Open));
}

#[test]
fn all_that_comes_after_an_upgrade_is_sent_back_through_it() {
    let server = server(End::Upgrade);
    let mut client = Client::of(&server);
    client.send(b"GET / HTTP/1.1\r\n\r\n");
    client.send(b"over and over");
    let mut out = SendBuf::default();
    client.layer.close(&mut out);
    client.stream.write_all(out.pending()).unwrap();
    let (last, text) = client.read_to_end();
    assert!(text.ends_with("\r\n\r\n/over and over"), "{text}");
    assert_eq!(last, Some(LayerState::PeerClosed));
}
