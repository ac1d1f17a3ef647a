//! Why the command ends without success, and with which status.

use std::io;
use std::process::ExitCode;

use crate::output::note;

/// What becomes of a command.
pub(crate) type Done<T = ()> = Result<T, Stop>;

/// Why the command ends early.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Wrong usage; the sentence says what is wrong with it.
    Usage(String),
    /// A request failed, or something else did, which was said already.
    Failed,
    /// Something other than a request failed.
    Trouble(String),
    /// Nobody reads what we print any more: no reason to complain.
    Unread,
}

impl Stop {
    pub(crate) fn usage(what: impl Into<String>) -> Self {
        Self::Usage(what.into())
    }

    /// Says on stderr what there is to say; the status to exit with.
    pub(crate) fn report(self) -> ExitCode {
        match self {
            Self::Usage(what) => {
                note(format_args!("httpocean: {what}"));
                note(format_args!(
                    "hint: `httpocean --help` lists the commands, `httpocean COMMAND --help` their options"
                ));
                ExitCode::from(2)
            }
            Self::Failed => ExitCode::from(1),
            Self::Trouble(what) => {
                note(format_args!("httpocean: {what}"));
                ExitCode::from(1)
            }
            Self::Unread => ExitCode::SUCCESS,
        }
    }
}

impl From<lexopt::Error> for Stop {
    fn from(error: lexopt::Error) -> Self {
        Self::Usage(error.to_string())
    }
}

/// Of printing: requests have errors of their own.
impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::Unread
        } else {
            Self::Trouble(error.to_string())
        }
    }
}
