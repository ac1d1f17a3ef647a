//! Bodies behind each other, as one.

use std::io::{self, Read, Seek, SeekFrom};

use crate::body::Body;

pub(crate) struct Joined {
    bodies: Vec<Body>,
    /// The one that is being read.
    at: usize,
}

impl Joined {
    pub(crate) fn new(bodies: Vec<Body>) -> Self {
        Self { bodies, at: 0 }
    }
}

impl Read for Joined {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        while let Some(body) = self.bodies.get_mut(self.at) {
            match body.read(buf)? {
                0 if body.is_short() => return Err(io::ErrorKind::UnexpectedEof.into()),
                0 => self.at += 1,
                n => return Ok(n),
            }
        }
        Ok(0)
    }
}

/// To the start, and nowhere else.
impl Seek for Joined {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        if to != SeekFrom::Start(0) {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "several bodies are read from their start",
            ));
        }
        self.bodies.iter_mut().try_for_each(Body::rewind)?;
        self.at = 0;
        Ok(0)
    }
}
