//! Who the user is, and the cookies that are kept in a file.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use httpocean_std::core::auth;
use httpocean_std::http::HeaderValue;
use httpocean_std::session::{Credentials, Jar, Netrc, Session};
use httpocean_std::{netrc_from_env, read_netrc};

use crate::stop::{Done, Stop};

/// What the user said of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Order {
    pub(super) netrc: Option<From>,
    pub(super) cookies: Option<OsString>,
}

/// Where a `.netrc` is.
#[derive(Clone, Debug)]
pub(super) enum From {
    Environment,
    File(OsString),
}

/// Cookies, and where they go in the end.
pub(super) struct CookieFile {
    jar: Jar,
    path: PathBuf,
}

impl Order {
    /// What is added to requests, and the file to save when they are done.
    pub(super) fn open(&self) -> Done<(Session, Option<CookieFile>)> {
        let mut session = Session::new();
        if let Some(from) = &self.netrc {
            session = session.credentials(Credentials::new().netrc(netrc(from)?));
        }
        let cookies = self.cookies.as_ref().map(|path| CookieFile::open(path.into())).transpose()?;
        if let Some(cookies) = &cookies {
            session = session.jar(cookies.jar.clone());
        }
        Ok((session, cookies))
    }
}

impl CookieFile {
    /// What is in the file, if it is there.
    fn open(path: PathBuf) -> Done<Self> {
        let jar = Jar::new();
        match fs::read(&path) {
            Ok(text) => {
                let trouble = |error| Stop::Trouble(format!("{}: {error}", path.display()));
                jar.load(&text, seconds_since_1970()).map_err(trouble)?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(unusable(&path, &error)),
        }
        Ok(Self { jar, path })
    }

    /// Writes a new file, for its owner alone, and puts it in the place of the old one.
    pub(super) fn save(&self) -> Done {
        let text = self.jar.to_text(seconds_since_1970());
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{}", std::process::id()));
        let new = PathBuf::from(name);
        let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new);
        let done =
            written.and_then(|mut file| file.write_all(&text)).and_then(|()| fs::rename(&new, &self.path));
        done.map_err(|error| {
            // It may not be there.
            let _ = fs::remove_file(&new);
            unusable(&self.path, &error)
        })
    }
}

/// `USER:PASSWORD` as a field's value. What is wrong with it is said without it.
pub(super) fn user(text: &str) -> Done<HeaderValue> {
    let (user, password) = text.split_once(':').unwrap_or((text, ""));
    auth::basic(user.as_bytes(), password.as_bytes()).map_err(|why| Stop::usage(format!("--user: {why}")))
}

fn netrc(from: &From) -> Done<Netrc> {
    let read = match from {
        From::Environment => netrc_from_env(),
        From::File(path) => read_netrc(Path::new(path)),
    };
    read.map_err(|error| Stop::Trouble(error.to_string()))
}

fn unusable(path: &Path, error: &io::Error) -> Stop {
    Stop::Trouble(format!("cookies can't be kept in {}: {error}", path.display()))
}

fn seconds_since_1970() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
