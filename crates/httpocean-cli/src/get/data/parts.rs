//! A multipart form, read from any place, as often as need be.

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use httpocean_cli::reactor::ReadSeek;
use httpocean_content::multipart::Segment;

pub(super) struct Parts {
    pieces: Vec<Piece>,
    size: u64,
    at: u64,
}

struct Piece {
    source: Box<dyn ReadSeek>,
    /// Where in the whole it begins, and ends.
    from: u64,
    to: u64,
}

impl Parts {
    pub(super) fn new(segments: impl Iterator<Item = Segment<Box<dyn ReadSeek>>>) -> io::Result<Self> {
        let (mut pieces, mut size) = (Vec::new(), 0);
        for segment in segments {
            let mut source = match segment {
                Segment::Bytes(bytes) => Box::new(Cursor::new(bytes)),
                Segment::Content(source) => source,
            };
            let from = size;
            size += source.seek(SeekFrom::End(0))?;
            pieces.push(Piece { source, from, to: size });
        }
        Ok(Self { pieces, size, at: 0 })
    }
}

impl Read for Parts {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(piece) = self.pieces.iter_mut().find(|piece| self.at < piece.to) else { return Ok(0) };
        piece.source.seek(SeekFrom::Start(self.at - piece.from))?;
        let n = piece.source.by_ref().take(piece.to - self.at).read(buffer)?;
        if n == 0 && !buffer.is_empty() {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "a file became shorter"));
        }
        self.at += n as u64;
        Ok(n)
    }
}

impl Seek for Parts {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let to = match to {
            SeekFrom::Start(to) => Some(to),
            SeekFrom::End(by) => self.size.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = to.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}
