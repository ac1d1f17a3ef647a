//! The `httpocean` command: see what a connection pool saves, fetch things, say why.

mod batch;
mod bench;
mod client;
mod demo;
mod get;
mod options;
mod output;
mod picture;
mod replay;
mod saves;
mod stop;
mod threads;

use std::process::ExitCode;

use lexopt::{Arg, Parser};

use output::Out;
use stop::{Done, Stop};

const HELP: &str = "\
httpocean: an HTTP/1.1 client with one connection pool for every host

Usage: httpocean COMMAND [OPTIONS]

Commands:
  demo    fetch many pages over one connection, and see what that saves
  saves   what that saves for pages of all sizes, near and far, as a table
  get     fetch URLs; -v says what is decided and why
  batch   requests as JSON lines on stdin, answers as JSON lines on stdout
  bench   how fast: N requests, and nothing but them
  replay  what a client was told, once more, from a file that --record made

Options:
      --help     this text; `httpocean COMMAND --help` for one command
      --version  the version

Exit status: 0 success, 1 a request failed, 2 wrong usage.

Example: httpocean demo --requests 20
";

fn main() -> ExitCode {
    match run(Parser::from_env()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => stop.report(),
    }
}

fn run(mut args: Parser) -> Done {
    let Some(first) = args.next()? else {
        return Err(Stop::usage("a command is missing"));
    };
    match first {
        Arg::Long("help") | Arg::Short('h') => Out::help(HELP),
        Arg::Long("version") | Arg::Short('V') => {
            Out::help(concat!("httpocean ", env!("CARGO_PKG_VERSION"), "\n"))
        }
        Arg::Value(command) => match command.to_string_lossy().as_ref() {
            "batch" => batch::main(args),
            "bench" => bench::main(args),
            "demo" => demo::main(args),
            "get" => get::main(args),
            "replay" => replay::main(args),
            "saves" => saves::main(args),
            "help" => Out::help(HELP),
            unknown => Err(Stop::usage(format!("there is no command `{unknown}`"))),
        },
        Arg::Long(_) | Arg::Short(_) => Err(first.unexpected().into()),
    }
}
