//! The lines of a recording on their way out. Some wait for a host to be told from the name of a user.

use httpocean_core::ConnId;

use super::Recording;
use super::inputs;
use super::said::time_word;
use super::url::fill_in_url;

/// So many bytes wait, and no more.
const HELD: usize = 64 * 1024;

/// Writes lines in order. One that is not decided yet holds back those behind it.
#[derive(Debug)]
pub(super) struct Pages {
    recording: Recording,
    held: Vec<Page>,
    size: usize,
}

#[derive(Debug)]
enum Page {
    Line(String),
    /// Of what was received, so many of the last bytes are as they came.
    Received {
        conn: ConnId,
        bytes: Vec<u8>,
        undecided: usize,
    },
}

impl Pages {
    pub(super) fn new(recording: Recording) -> Self {
        Self { recording, held: Vec::new(), size: 0 }
    }

    pub(super) fn line(&mut self, line: &str) {
        if self.held.is_empty() {
            return self.write(line);
        }
        self.size += line.len();
        self.held.push(Page::Line(line.to_owned()));
    }

    /// Tells who records.
    pub(super) fn warn(&self, why: &'static str) {
        if let Some(warned) = &self.recording.warned {
            warned(why);
        }
    }

    /// False if too much is held back now: then none is any more, and what was not decided is hidden.
    #[must_use]
    pub(super) fn received(&mut self, conn: ConnId, bytes: Vec<u8>, undecided: usize) -> bool {
        self.size += bytes.len();
        self.held.push(Page::Received { conn, bytes, undecided });
        let fits = self.size <= HELD;
        if !fits {
            self.held.iter_mut().for_each(Page::hide);
        }
        self.turn();
        fits
    }

    /// What was not decided of a connection is, and this is what is kept of it.
    pub(super) fn decide(&mut self, of: ConnId, mut decided: &[u8]) {
        for page in &mut self.held {
            if let Page::Received { conn, bytes, undecided } = page {
                let waits = if *conn == of { core::mem::take(undecided) } else { 0 };
                let (now, later) = decided.split_at(waits.min(decided.len()));
                let from = bytes.len() - now.len();
                bytes[from..].copy_from_slice(now);
                decided = later;
            }
        }
    }

    /// What is not decided of a connection never will be.
    pub(super) fn give_up(&mut self, of: ConnId) {
        let pages = self.held.iter_mut();
        pages.filter(|page| matches!(page, Page::Received { conn, .. } if *conn == of)).for_each(Page::hide);
        self.turn();
    }

    /// Writes what may be written.
    fn turn(&mut self) {
        let waits = |page: &Page| matches!(page, Page::Received { undecided, .. } if *undecided > 0);
        let ready = self.held.iter().position(waits).unwrap_or(self.held.len());
        for page in self.held.drain(..ready).collect::<Vec<_>>() {
            match page {
                Page::Line(line) => self.write(&line),
                Page::Received { conn, bytes, .. } => {
                    let line = inputs::received(conn, &bytes).into_string();
                    self.write(&format!("> {} {line}", time_word(None)));
                }
            }
        }
        self.size = self.held.iter().map(Page::size).sum();
    }

    fn write(&self, line: &str) {
        (self.recording.sink)(format!("{line}\n").as_bytes());
    }
}

impl Page {
    fn hide(&mut self) {
        if let Self::Received { bytes, undecided, .. } = self {
            let from = bytes.len() - core::mem::take(undecided);
            bytes[from..].iter_mut().for_each(fill_in_url);
        }
    }

    fn size(&self) -> usize {
        match self {
            Self::Line(line) => line.len(),
            Self::Received { bytes, .. } => bytes.len(),
        }
    }
}

/// The client is gone, and its last lines tell why.
impl Drop for Pages {
    fn drop(&mut self) {
        self.held.iter_mut().for_each(Page::hide);
        self.turn();
    }
}
