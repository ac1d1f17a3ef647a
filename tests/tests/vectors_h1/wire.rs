//! The player's end of a connection, bare or by TLS.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use httpocean_std::rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};
use httpocean_tests::lock;
use httpocean_tests::proxy::Sent;

/// What is written is sent at once: by TLS, each time as a record of its own.
pub(crate) enum Wire {
    Plain(Counted),
    Tls(Box<StreamOwned<ServerConnection, Counted>>),
}

/// A socket, whose bytes are counted as they are sent.
pub(crate) struct Counted {
    stream: TcpStream,
    port: u16,
    sent: Arc<Mutex<Sent>>,
}

impl Wire {
    pub(crate) fn new(
        stream: TcpStream,
        tls: Option<Arc<ServerConfig>>,
        sent: Arc<Mutex<Sent>>,
    ) -> io::Result<Self> {
        let port = stream.peer_addr()?.port();
        lock(&sent).insert(port, 0);
        let stream = Counted { stream, port, sent };
        Ok(match tls {
            None => Self::Plain(stream),
            Some(config) => {
                let tls = ServerConnection::new(config).unwrap();
                Self::Tls(Box::new(StreamOwned::new(tls, stream)))
            }
        })
    }

    /// Nothing more comes, as is said in an orderly way.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        if let Self::Tls(tls) = self {
            tls.conn.send_close_notify();
            tls.flush()?;
        }
        self.stream().shutdown(Shutdown::Write)
    }

    pub(crate) fn reset(self) -> io::Result<()> {
        socket2::SockRef::from(self.stream()).set_linger(Some(Duration::ZERO))
    }

    fn stream(&self) -> &TcpStream {
        match self {
            Self::Plain(socket) => &socket.stream,
            Self::Tls(tls) => &tls.sock.stream,
        }
    }
}

impl Read for Wire {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(buf),
            Self::Tls(tls) => tls.read(buf),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write(bytes),
            Self::Tls(tls) => {
                let written = tls.write(bytes)?;
                tls.flush().map(|()| written)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Counted {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.stream.read(buf)
    }
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.stream.write(bytes)?;
        *lock(&self.sent).entry(self.port).or_default() += written;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
