//! Runs the command with the other adapter.

use std::process::Command;

use serde_json::Value;

pub(super) use crate::command::{Said, dead_url, decoded, encoded};

pub(super) fn run(args: &[&str]) -> Said {
    crate::command::run(&by_mio(args))
}

pub(super) fn run_with(args: &[&str], input: &str) -> Said {
    crate::command::run_with(&by_mio(args), input)
}

pub(super) fn command(args: &[&str]) -> Command {
    crate::command::command(&by_mio(args))
}

pub(super) fn batch(args: &[&str], lines: &[Value]) -> Said {
    crate::command::batch(&[&["--transport", "mio"], args].concat(), lines)
}

fn by_mio<'a>(args: &[&'a str]) -> Vec<&'a str> {
    [&args[..1], &["--transport", "mio"], &args[1..]].concat()
}
