//! Where words go: results to stdout, notes to stderr, colour only to a terminal.

use std::fmt;
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

use crate::stop::Done;

/// Standard output, buffered, for one thread.
pub(crate) struct Out {
    stdout: BufWriter<StdoutLock<'static>>,
    paint: Paint,
}

impl Out {
    pub(crate) fn lock() -> Self {
        let stdout = io::stdout().lock();
        let paint = Paint::on(&stdout);
        Self { stdout: BufWriter::new(stdout), paint }
    }

    /// Prints a text and nothing else.
    pub(crate) fn help(text: &str) -> Done {
        let mut out = Self::lock();
        out.stdout.write_all(text.as_bytes())?;
        Ok(out.stdout.flush()?)
    }

    pub(crate) fn paint(&self) -> Paint {
        self.paint
    }

    /// A line, at once.
    pub(crate) fn line(&mut self, line: impl fmt::Display) -> io::Result<()> {
        writeln!(self.stdout, "{line}")?;
        self.stdout.flush()
    }
}

/// A line on stderr, in one write. That nobody reads stderr is no reason to fail.
pub(crate) fn note(line: impl fmt::Display) {
    let line = format!("{line}\n");
    let _ = io::stderr().lock().write_all(line.as_bytes());
}

/// Whether a stream shows colours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint(bool);

impl Paint {
    pub(crate) fn on(stream: &impl IsTerminal) -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self(stream.is_terminal() && !refused)
    }

    pub(crate) fn green(self, text: impl fmt::Display) -> String {
        self.with("32", text)
    }

    pub(crate) fn red(self, text: impl fmt::Display) -> String {
        self.with("31", text)
    }

    pub(crate) fn dim(self, text: impl fmt::Display) -> String {
        self.with("2", text)
    }

    pub(crate) fn bold(self, text: impl fmt::Display) -> String {
        self.with("1", text)
    }

    fn with(self, code: &str, text: impl fmt::Display) -> String {
        if self.0 { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_string() }
    }
}

/// Milliseconds, as precise as they are worth reading.
pub(crate) fn milliseconds(time: std::time::Duration) -> String {
    let ms = time.as_secs_f64() * 1e3;
    if ms < 10.0 { format!("{ms:.1} ms") } else { format!("{ms:.0} ms") }
}
