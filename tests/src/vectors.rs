//! Cases that others found, as data: read where they lie, compared, and counted.
//!
//! They come from public test suites under licences of their own, so they are no part of this project: a test that
//! uses them is skipped, and says so, where they are missing. `HTTPOCEAN_VECTORS` names their folder; then a missing
//! file is a failure.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The vectors of the file `name`, such as `redirect/location.json`; none, and a line that says so, where the folder
/// is missing.
///
/// # Panics
/// When the file can't be read, or is no JSON, or is missing in a folder that the environment names.
pub fn vectors(name: &str) -> Option<Value> {
    let (folder, named) = folder();
    let path = folder.join(name);
    match std::fs::read(&path) {
        Ok(bytes) => {
            let vectors = serde_json::from_slice(&bytes);
            Some(vectors.unwrap_or_else(|error| panic!("{}: {error}", path.display())))
        }
        Err(error) if error.kind() == ErrorKind::NotFound && !named => {
            say(&format!("skipped: no vectors at {} (HTTPOCEAN_VECTORS names their folder)", path.display()));
            None
        }
        Err(error) => panic!("{}: {error}", path.display()),
    }
}

/// Compares each vector of the file `name`, of which all is shown as well, and counts what came of it; nothing, and a
/// line that says so, where the folder is missing.
///
/// # Panics
/// As [`vectors`], when a vector has no name, and when one differs.
pub fn each(name: &str, mut compare: impl FnMut(&Value, &Value) -> Result<(), String>) {
    let Some(all) = vectors(name) else { return };
    let mut tally = Tally::new(name);
    for vector in all["vectors"].as_array().expect("a list of vectors") {
        let id = vector["id"].as_str().expect("a name");
        if vector.get("caution").is_some() {
            tally.caution(id);
        }
        tally.count(id, compare(&all, vector));
    }
    tally.finish();
}

/// The text of a file that lies beside the folder of the vectors; none, and a line that says so, where it is missing.
///
/// # Panics
/// When the file can't be read.
pub fn beside(name: &str) -> Option<String> {
    let path = folder().0.join("..").join(name);
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            say(&format!("skipped: there is no {}", path.display()));
            None
        }
        Err(error) => panic!("{}: {error}", path.display()),
    }
}

/// Where they are, and whether the environment says so.
fn folder() -> (PathBuf, bool) {
    match std::env::var_os("HTTPOCEAN_VECTORS") {
        Some(folder) => (PathBuf::from(folder), true),
        None => (Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors"), false),
    }
}

/// What we decided otherwise than the vectors, and why: `tests/expect_overrides.toml`.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    decided: Reasons,
    /// What we do as a vector does although it warns of that.
    kept: Reasons,
}

/// By file and vector.
type Reasons = BTreeMap<String, BTreeMap<String, String>>;

impl Overrides {
    /// All of them.
    ///
    /// # Panics
    /// When the file can't be read, an entry has no reason, or a vector has two.
    pub fn load() -> Self {
        Self::parse(include_str!("../expect_overrides.toml"))
    }

    /// Why we decided otherwise than the vector `id` of `file`.
    pub fn reason(&self, file: &str, id: &str) -> Option<&str> {
        Some(self.decided.get(file)?.get(id)?.as_str())
    }

    fn parse(text: &str) -> Self {
        let table: toml::Table = text.parse().unwrap_or_else(|error| panic!("the overrides: {error}"));
        Self { decided: Self::entries(&table, "decided"), kept: Self::entries(&table, "kept") }
    }

    fn entries(table: &toml::Table, name: &str) -> Reasons {
        let mut all = Reasons::new();
        for entry in table.get(name).and_then(toml::Value::as_array).into_iter().flatten() {
            let word = |key: &str| entry.get(key).and_then(toml::Value::as_str).map(str::trim);
            let (Some(file), Some(why)) = (word("file"), word("why").filter(|why| !why.is_empty())) else {
                panic!("an override without a file or a reason: {entry:?}");
            };
            let ids = entry
                .get("ids")
                .and_then(toml::Value::as_array)
                .unwrap_or_else(|| panic!("no ids: {entry:?}"));
            for id in ids {
                let id = id.as_str().unwrap_or_else(|| panic!("an id is text: {entry:?}"));
                let before = all.entry(file.to_owned()).or_default().insert(id.to_owned(), why.to_owned());
                assert!(before.is_none(), "{file}: two overrides of {id}");
            }
        }
        all
    }
}

/// How the vectors of one file compare with us.
#[derive(Clone, Debug)]
pub struct Tally {
    file: String,
    overrides: Overrides,
    /// As the vector wants it.
    pub agree: usize,
    /// Otherwise, with a reason in the overrides.
    pub overridden: BTreeSet<String>,
    /// Otherwise, without: what the vector wants and what we do.
    pub unexplained: Vec<String>,
    cautioned: BTreeSet<String>,
}

impl Tally {
    /// Of the vectors in `file`. All of a file's vectors go into one tally.
    pub fn new(file: &str) -> Self {
        Self::with(file, Overrides::load())
    }

    /// Counts the vector `id`: it agrees, or does not, as the error says.
    pub fn count(&mut self, id: &str, compared: Result<(), String>) {
        match compared {
            Ok(()) => self.agree += 1,
            Err(_) if self.overrides.reason(&self.file, id).is_some() => {
                self.overridden.insert(id.to_owned());
            }
            Err(difference) => self.unexplained.push(format!("{id}: {difference}")),
        }
    }

    /// The vector `id` warns that what it does is arguably wrong: then to agree with it takes a reason too.
    pub fn caution(&mut self, id: &str) {
        self.cautioned.insert(id.to_owned());
    }

    /// Counts the vector `id`: it agrees if we do what it expects.
    pub fn compare<T: PartialEq + Debug>(&mut self, id: &str, expected: &T, ours: &T) {
        let difference = || format!("expected {expected:?}, ours {ours:?}");
        self.count(id, if expected == ours { Ok(()) } else { Err(difference()) });
    }

    /// Says the counts, and checks them.
    ///
    /// # Panics
    /// As [`check`](Self::check) does.
    pub fn finish(self) {
        let counts = (self.agree, self.overridden.len(), self.unexplained.len());
        say(&format!("{}: agree {}, overridden {}, unexplained {}", self.file, counts.0, counts.1, counts.2));
        self.check();
    }

    /// # Panics
    /// When something differs without a reason, or a reason explains no difference, or a caution was not answered, or
    /// nothing was counted.
    pub fn check(self) {
        let Self { file, overrides, agree, overridden, unexplained, cautioned } = self;
        assert!(unexplained.is_empty(), "{file}: unexplained:\n{}", unexplained.join("\n"));
        let reasons = overrides.decided.get(&file).into_iter().flat_map(BTreeMap::keys);
        let needless: Vec<_> = reasons.filter(|id| !overridden.contains(*id)).collect();
        assert!(needless.is_empty(), "{file}: overrides that no vector needs: {needless:?}");
        let kept: BTreeSet<_> =
            overrides.kept.get(&file).into_iter().flat_map(BTreeMap::keys).cloned().collect();
        let agreed: BTreeSet<_> = cautioned.difference(&overridden).cloned().collect();
        assert_eq!(kept, agreed, "{file}: what is kept, and what is cautioned and agrees");
        assert!(agree + overridden.len() > 0, "{file}: no vector was looked at");
    }

    fn with(file: &str, overrides: Overrides) -> Self {
        Self {
            file: file.to_owned(),
            overrides,
            agree: 0,
            overridden: BTreeSet::new(),
            unexplained: Vec::new(),
            cautioned: BTreeSet::new(),
        }
    }
}

/// Past the test harness, which would keep it to itself: a skipped test must not look like one that ran.
pub fn say(line: &str) {
    use std::io::Write as _;
    // Whoever closed stderr does not want to know.
    let _closed = writeln!(std::io::stderr(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: &str = "[[decided]]\nfile = \"a.json\"\nids = [\"1\", \"2\"]\nwhy = \"because\"\n";

    fn tally() -> Tally {
        Tally::with("a.json", Overrides::parse(ENTRY))
    }

    #[test]
    fn a_reason_belongs_to_a_vector_of_a_file() {
        let overrides = Overrides::parse(ENTRY);
        assert_eq!(overrides.reason("a.json", "2"), Some("because"));
        assert_eq!(overrides.reason("a.json", "3"), None);
        assert_eq!(overrides.reason("b.json", "2"), None);
    }

    #[test]
    fn all_that_differs_is_explained() {
        let mut tally = tally();
        tally.compare("0", &1, &1);
        tally.compare("1", &1, &2);
        tally.compare("2", &1, &2);
        assert_eq!((tally.agree, tally.overridden.len(), tally.unexplained.len()), (1, 2, 0));
        tally.finish();
    }

    #[test]
    #[should_panic(expected = "unexplained")]
    fn a_difference_without_a_reason_fails() {
        let mut tally = tally();
        tally.compare("1", &1, &2);
        tally.compare("2", &1, &2);
        tally.compare("3", &1, &2);
        tally.finish();
    }

    #[test]
    #[should_panic(expected = "no vector needs")]
    fn a_reason_without_a_difference_fails() {
        let mut tally = tally();
        tally.compare("1", &1, &2);
        tally.compare("2", &1, &1);
        tally.finish();
    }

    #[test]
    fn a_caution_is_answered_by_a_difference_or_by_a_reason_to_agree() {
        let kept = ENTRY.replace("[[decided]]", "[[kept]]").replace("\"1\", \"2\"", "\"3\"");
        let mut tally = Tally::with("a.json", Overrides::parse(&format!("{ENTRY}{kept}")));
        for (id, ours) in [("1", 2), ("2", 2), ("3", 1)] {
            tally.caution(id);
            tally.compare(id, &1, &ours);
        }
        tally.finish();
    }

    #[test]
    #[should_panic(expected = "what is cautioned and agrees")]
    fn to_agree_with_what_is_cautioned_takes_a_reason() {
        let mut tally = Tally::with("a.json", Overrides::default());
        tally.caution("1");
        tally.compare("1", &1, &1);
        tally.finish();
    }

    #[test]
    #[should_panic(expected = "no vector was looked at")]
    fn nothing_counted_fails() {
        Tally::with("b.json", Overrides::default()).finish();
    }

    #[test]
    #[should_panic(expected = "without a file or a reason")]
    fn an_entry_without_a_reason_fails() {
        Overrides::parse("[[decided]]\nfile = \"a.json\"\nids = [\"1\"]\n");
    }
}
