//! A run as a picture: a page that shows which connection served what, who waited, and why.

use std::ffi::OsString;
use std::fs::File;
use std::io::Write;

use httpocean_std::timeline::{Timeline, page};

use crate::stop::{Done, Stop};

/// A page that is going to be written, of one client or of several.
pub(crate) struct Picture {
    shown: String,
    file: File,
    title: String,
    parts: Vec<(&'static str, Timeline)>,
}

impl Picture {
    /// The file is there from now on, and empty until the end.
    pub(crate) fn create(path: &OsString, title: impl Into<String>) -> Done<Self> {
        let shown = path.to_string_lossy().into_owned();
        let file = File::create(path).map_err(|error| Stop::Trouble(format!("{shown}: {error}")))?;
        Ok(Self { shown, file, title: title.into(), parts: Vec::new() })
    }

    /// The observer of one more client, drawn below the others with this name.
    pub(crate) fn part(&mut self, name: &'static str) -> Timeline {
        let timeline = Timeline::new();
        self.parts.push((name, timeline.clone()));
        timeline
    }

    /// Draws what happened so far.
    pub(crate) fn finish(mut self) -> Done {
        let records: Vec<_> = self.parts.iter().map(|(name, part)| (*name, part.record())).collect();
        let parts: Vec<_> = records.iter().map(|(name, record)| (*name, record)).collect();
        let page = page(&self.title, &parts);
        let written = self.file.write_all(page.as_bytes());
        written.map_err(|error| Stop::Trouble(format!("{}: {error}", self.shown)))
    }
}
