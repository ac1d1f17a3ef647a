//! A run as a file, for `httpocean replay`.

use std::fs::File;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use httpocean_mio::record::Recording;

use super::Run;
use crate::output::note;
use crate::stop::{Done, Stop};

impl Run {
    /// Where the run is recorded, if it is. The file is there from now on.
    pub(super) fn recording(&self) -> Done<Option<Recording>> {
        let Some(path) = &self.record else { return Ok(None) };
        let shown = path.display().to_string();
        let named = shown.clone();
        let file = File::create(path).map_err(|error| Stop::Trouble(format!("{shown}: {error}")))?;
        let complained = AtomicBool::new(false);
        // Not buffered: a report of a crash needs the last line.
        let recording = Recording::new(move |lines| {
            if let Err(error) = (&file).write_all(lines) {
                if !complained.swap(true, Relaxed) {
                    note(format_args!("httpocean: {shown}: {error}"));
                }
            }
        });
        let recording = recording.warned(move |why| note(format_args!("httpocean: {named}: {why}")));
        Ok(Some(if self.record_secrets { recording.whole() } else { recording }))
    }
}
