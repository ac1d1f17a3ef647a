//! Who the user is to which host, as a `.netrc` has it.

use std::collections::BTreeMap;
use std::fmt;

/// So much of a file is read.
const LONGEST: usize = 1 << 20;

/// A `.netrc` that was read: hosts with user names and passwords. Nothing of these is ever printed.
///
/// Words are separated by blanks; one in double quotes may hold some, and `\"`, `\\`, `\n`, `\r`, `\t`. A `#` where a
/// keyword may stand begins a comment to the end of its line. Of two entries for a host the first counts. A `macdef` is
/// passed over up to the next empty line, `account` with its value, and nothing of either is used.
///
/// ```
/// use httpocean_session::Netrc;
///
/// let netrc: Netrc = "machine api.example login ann password s3cret".parse().unwrap();
/// assert_eq!(netrc.machine("api.example").unwrap().login(), Some("ann"));
/// assert!(netrc.machine("example").is_none());
/// assert_eq!(format!("{netrc:?}"), "Netrc(1 machines)");
/// ```
#[derive(Clone, Default)]
pub struct Netrc {
    machines: BTreeMap<String, Entry>,
    default: Option<Entry>,
}

/// Who the user is to one host.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Entry {
    login: Option<String>,
    password: Option<String>,
}

/// Why a text is no `.netrc`. It repeats nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoNetrc {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: &'static str,
}

impl Netrc {
    /// The entry of a host; upper and lower case, and a dot at the end, make no difference.
    pub fn machine(&self, host: &str) -> Option<&Entry> {
        self.machines.get(&normalised(host))
    }

    /// The entry for hosts without one. Nothing here sends it to anybody by itself.
    pub fn default_entry(&self) -> Option<&Entry> {
        self.default.as_ref()
    }

    /// Whether no host has an entry.
    pub fn is_empty(&self) -> bool {
        self.machines.is_empty()
    }
}

impl Entry {
    /// The user name.
    pub fn login(&self) -> Option<&str> {
        self.login.as_deref()
    }

    /// The password.
    pub fn password(&self) -> Option<&str> {
        self.password.as_deref()
    }
}

impl std::str::FromStr for Netrc {
    type Err = NoNetrc;

    fn from_str(text: &str) -> Result<Self, NoNetrc> {
        if text.len() > LONGEST {
            return Err(NoNetrc { line: 1, why: "the file is larger than 1 MiB" });
        }
        let mut words = Words { rest: text, line: 1 };
        let mut netrc = Self::default();
        let mut open: Option<(Option<String>, Entry)> = None;
        while let Some(word) = words.keyword()? {
            match word.as_str() {
                "machine" => {
                    netrc.close(open.take());
                    open = Some((Some(normalised(&words.value()?)), Entry::default()));
                }
                "default" => {
                    netrc.close(open.take());
                    open = Some((None, Entry::default()));
                }
                "login" | "user" => words.entry(&mut open)?.login = Some(words.value()?),
                "password" | "passwd" => words.entry(&mut open)?.password = Some(words.value()?),
                "account" => drop(words.value()?),
                "macdef" => words.skip_macro(),
                _ => return Err(words.wrong("a word that is no keyword of a netrc")),
            }
        }
        netrc.close(open);
        Ok(netrc)
    }
}

impl Netrc {
    fn close(&mut self, entry: Option<(Option<String>, Entry)>) {
        match entry {
            Some((Some(machine), entry)) => _ = self.machines.entry(machine).or_insert(entry),
            Some((None, entry)) => _ = self.default.get_or_insert(entry),
            None => {}
        }
    }
}

struct Words<'a> {
    rest: &'a str,
    line: usize,
}

impl Words<'_> {
    /// The next word where a keyword may stand.
    fn keyword(&mut self) -> Result<Option<String>, NoNetrc> {
        loop {
            self.skip_blanks();
            if !self.rest.starts_with('#') {
                return self.word();
            }
            self.advance(self.rest.find('\n').unwrap_or(self.rest.len()));
        }
    }

    fn value(&mut self) -> Result<String, NoNetrc> {
        self.skip_blanks();
        self.word()?.ok_or(self.wrong("a keyword has no value"))
    }

    fn entry<'e>(&self, open: &'e mut Option<(Option<String>, Entry)>) -> Result<&'e mut Entry, NoNetrc> {
        let why = "a login or a password belongs to no machine";
        open.as_mut().map(|(_, entry)| entry).ok_or(self.wrong(why))
    }

    fn word(&mut self) -> Result<Option<String>, NoNetrc> {
        if let Some(quoted) = self.rest.strip_prefix('"') {
            return self.quoted(quoted).map(Some);
        }
        let end = self.rest.find(|c: char| c.is_ascii_whitespace()).unwrap_or(self.rest.len());
        let word = self.rest[..end].to_owned();
        self.advance(end);
        Ok(Some(word).filter(|word| !word.is_empty()))
    }

    fn quoted(&mut self, text: &str) -> Result<String, NoNetrc> {
        let mut word = String::new();
        let mut chars = text.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.advance(at + 2);
                    return Ok(word);
                }
                '\\' => match chars.next() {
                    Some((_, 'n')) => word.push('\n'),
                    Some((_, 'r')) => word.push('\r'),
                    Some((_, 't')) => word.push('\t'),
                    Some((_, c)) => word.push(c),
                    None => break,
                },
                c => word.push(c),
            }
        }
        Err(self.wrong("a quote is not closed"))
    }

    fn skip_blanks(&mut self) {
        let blanks = self.rest.len() - self.rest.trim_start_matches(|c: char| c.is_ascii_whitespace()).len();
        self.advance(blanks);
    }

    /// A macro ends with an empty line.
    fn skip_macro(&mut self) {
        self.advance(self.rest.find('\n').map_or(self.rest.len(), |at| at + 1));
        loop {
            let end = self.rest.find('\n').map_or(self.rest.len(), |at| at + 1);
            let is_last = self.rest[..end].trim().is_empty();
            self.advance(end);
            if is_last {
                return;
            }
        }
    }

    fn advance(&mut self, n: usize) {
        self.line += self.rest[..n].matches('\n').count();
        self.rest = &self.rest[n..];
    }

    fn wrong(&self, why: &'static str) -> NoNetrc {
        NoNetrc { line: self.line, why }
    }
}

fn normalised(host: &str) -> String {
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

impl fmt::Debug for Netrc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Netrc({} machines)", self.machines.len())
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").finish_non_exhaustive()
    }
}

impl fmt::Display for NoNetrc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

impl std::error::Error for NoNetrc {}
