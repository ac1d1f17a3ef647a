//! What the process's environment says of proxies, and of who the user is.

use std::io;
use std::path::{Path, PathBuf};

use httpocean_core::proxy::{Environment, Rules};
use httpocean_session::Netrc;

/// The proxies that the environment names, by the variables of [`Environment`]. Read now, once.
///
/// ```
/// use httpocean_core::Config;
///
/// let config = Config { proxy: httpocean_driver::proxies_from_env(), ..Config::default() };
/// # drop(config);
/// ```
pub fn proxies_from_env() -> Rules {
    Environment::of(|name| std::env::var(name).ok()).rules()
}

/// The file that the variable `NETRC` names, or else `.netrc` in the home directory, which need not be there.
///
/// # Errors
/// When it can't be read, or is none. The error names the file and repeats nothing of what is in it.
pub fn netrc_from_env() -> io::Result<Netrc> {
    if let Some(named) = std::env::var_os("NETRC").filter(|name| !name.is_empty()) {
        return read_netrc(Path::new(&named));
    }
    let Some(home) = std::env::var_os("HOME").filter(|home| !home.is_empty()) else {
        return Ok(Netrc::default());
    };
    match read_netrc(&PathBuf::from(home).join(".netrc")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Netrc::default()),
        read => read,
    }
}

/// A `.netrc`.
///
/// # Errors
/// When it can't be read, or is none. The error names the file and repeats nothing of what is in it.
pub fn read_netrc(path: &Path) -> io::Result<Netrc> {
    let named =
        |kind, why: &dyn std::fmt::Display| io::Error::new(kind, format!("{}: {why}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| named(error.kind(), &error))?;
    text.parse().map_err(|error: httpocean_session::NoNetrc| named(io::ErrorKind::InvalidData, &error))
}
