//! `httpocean replay`: tells an engine once more what a recording says, and whether it still says the same.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use httpocean_mio::record::replay;
use lexopt::{Arg, Parser};

use crate::output::{Out, note};
use crate::stop::{Done, Stop};

const HELP: &str = "\
Runs a recording once more, without any network, and prints what the engine says to it.

Usage: httpocean replay FILE

      --help  this text

FILE was made with `httpocean get --transport mio --record FILE`, `batch` likewise, or by another driver. Without
--record-secrets it has no bodies, no secret fields and no queries, but names of hosts, addresses, paths and times.

Exit status: 0 the engine says the same byte for byte, 1 it does not, and stderr says where.

Example: httpocean replay report.httpocean
";

/// Bytes that hold the first line of any recording.
const START: u64 = 256;

pub(crate) fn main(mut args: Parser) -> Done {
    let mut file = None;
    while let Some(arg) = args.next()? {
        match arg {
            Arg::Value(path) if file.is_none() => file = Some(PathBuf::from(path)),
            Arg::Long("help") | Arg::Short('h') => return Out::help(HELP),
            unknown @ (Arg::Short(_) | Arg::Long(_) | Arg::Value(_)) => {
                return Err(unknown.unexpected().into());
            }
        }
    }
    let file = file.ok_or_else(|| Stop::usage("a FILE is missing"))?;
    let trouble = |what: &dyn std::fmt::Display| Stop::Trouble(format!("{}: {what}", file.display()));
    let recording = read(&file).map_err(|error| trouble(&error))?;
    let replayed = replay(&recording).map_err(|error| trouble(&error))?;
    if !replayed.said.is_empty() {
        Out::lock().line(replayed.said.join("\n"))?;
    }
    match replayed.difference {
        Some(difference) => Err(trouble(&difference)),
        None => {
            note(format_args!("* the same: {} answers", replayed.said.len()));
            Ok(())
        }
    }
}

/// All of it, unless its first line says already that it is something else, such as a disk or a device without end.
fn read(file: &Path) -> io::Result<Vec<u8>> {
    let (mut file, mut recording) = (File::open(file)?, Vec::new());
    file.by_ref().take(START).read_to_end(&mut recording)?;
    if replay(&recording).is_err_and(|why| why.line == 1) {
        return Ok(recording);
    }
    file.read_to_end(&mut recording)?;
    Ok(recording)
}
