//! A server's end of TLS, by rustls, for a [front](crate::front) or a [server](crate::server::Builder::layered). With the
//! feature `rustls`.

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use rustls::HandshakeKind;
use rustls::server::{ServerConfig, ServerConnection};

use crate::front::Terminal;

/// How many handshakes came to their end, of all connections that were made with it.
#[derive(Clone, Debug, Default)]
pub struct Handshakes(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    whole: AtomicUsize,
    resumed: AtomicUsize,
}

impl Handshakes {
    /// Those that began from nothing.
    pub fn whole(&self) -> usize {
        self.0.whole.load(SeqCst)
    }

    /// Those that went on with a session.
    pub fn resumed(&self) -> usize {
        self.0.resumed.load(SeqCst)
    }

    fn count(&self, kind: Option<HandshakeKind>) {
        let Counts { whole, resumed } = &*self.0;
        let count = if kind == Some(HandshakeKind::Resumed) { resumed } else { whole };
        count.fetch_add(1, SeqCst);
    }
}

/// A server's end of one connection.
pub struct TlsEnd {
    tls: ServerConnection,
    /// Until its handshake was counted.
    uncounted: Option<Handshakes>,
    plain: Vec<u8>,
    closed: bool,
    goodbyes: bool,
}

impl TlsEnd {
    /// Speaks TLS as configured, and counts its handshake.
    ///
    /// # Errors
    /// When the configuration does not work.
    pub fn new(config: Arc<ServerConfig>, handshakes: Handshakes) -> Result<Self, rustls::Error> {
        let tls = ServerConnection::new(config)?;
        Ok(Self { tls, uncounted: Some(handshakes), plain: Vec::new(), closed: false, goodbyes: true })
    }

    /// The same, which ends its connection without `close_notify`.
    #[must_use]
    pub fn without_goodbye(self) -> Self {
        Self { goodbyes: false, ..self }
    }
}

impl Terminal for TlsEnd {
    fn receive(&mut self, mut wire: &[u8]) -> io::Result<()> {
        while !wire.is_empty() && !self.closed {
            self.tls.read_tls(&mut wire)?;
            let processed = self.tls.process_new_packets();
            // Whatever it says at its end, what was read is there; what stays in it is bounded.
            let _ = self.tls.reader().read_to_end(&mut self.plain);
            self.closed = processed.map_err(io::Error::other)?.peer_has_closed();
        }
        let through = self.uncounted.take_if(|_| !self.tls.is_handshaking());
        if let Some(handshakes) = through {
            handshakes.count(self.tls.handshake_kind());
        }
        Ok(())
    }

    fn send(&mut self, plain: Option<&[u8]>) {
        match plain {
            Some(plain) => {
                self.tls.set_buffer_limit(None);
                self.tls.writer().write_all(plain).expect("it has room without end");
            }
            None if self.goodbyes => self.tls.send_close_notify(),
            None => {}
        }
    }

    fn take_plain(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.plain)
    }

    fn take_wire(&mut self) -> Vec<u8> {
        let mut wire = Vec::new();
        while self.tls.wants_write() {
            self.tls.write_tls(&mut wire).expect("memory takes everything");
        }
        wire
    }

    fn is_closed(&self) -> bool {
        self.closed
    }
}

/// How much there is, not what.
impl fmt::Debug for TlsEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { plain, closed, goodbyes, .. } = self;
        f.debug_struct("TlsEnd")
            .field("plain", &plain.len())
            .field("closed", closed)
            .field("goodbyes", goodbyes)
            .finish_non_exhaustive()
    }
}
