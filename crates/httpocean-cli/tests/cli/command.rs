//! Runs the command and collects what it says.

use std::io::Write;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Said {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).unwrap()
    }

    /// The answers of a batch, by their order.
    pub(crate) fn answers(&self) -> Vec<Value> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub(crate) fn answer(&self) -> Value {
        let mut answers = self.answers();
        assert_eq!(answers.len(), 1, "{} {}", self.text(), self.stderr);
        answers.remove(0)
    }

    /// What a batch counted at its end.
    pub(crate) fn stats(&self) -> Value {
        let line = self.stderr.lines().find(|line| line.starts_with('{')).expect("a line of stats");
        serde_json::from_str(line).unwrap()
    }
}

pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_httpocean"));
    // What the environment of the tests says of proxies is not about them.
    for name in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
        command.env_remove(name).env_remove(name.to_uppercase());
    }
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub(crate) fn run(args: &[&str]) -> Said {
    run_with(args, "")
}

pub(crate) fn run_with(args: &[&str], input: &str) -> Said {
    let mut child = command(args).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // Beside the reading: what it answers may fill its pipe before it has read all that it is asked.
    let output = std::thread::scope(|scope| {
        // A command that refuses its arguments does not read.
        scope.spawn(move || _ = stdin.write_all(input.as_bytes()));
        child.wait_with_output().unwrap()
    });
    Said {
        code: output.status.code().expect("no signal ended it"),
        stdout: output.stdout,
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

pub(crate) fn batch(args: &[&str], lines: &[Value]) -> Said {
    let input: String = lines.iter().map(|line| format!("{line}\n")).collect();
    run_with(&[&["batch"], args].concat(), &input)
}

pub(crate) fn decoded(base64: &Value) -> Vec<u8> {
    STANDARD.decode(base64.as_str().unwrap()).unwrap()
}

pub(crate) fn encoded(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// A port where nobody listens.
pub(crate) fn dead_url() -> String {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    format!("http://{}/", listener.local_addr().unwrap())
}
