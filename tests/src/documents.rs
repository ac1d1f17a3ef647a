//! What documents say of tests is held to what there is, so that no table of them can rot.
//!
//! A document names a test in backticks, as `call_wire.rs::the_forms_of_a_target`, and a file as `call_wire.rs`. As much
//! of the path stands in front as it takes to mean one file: `httpocean-mio/tests/deadlines.rs::NAME`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The text of a document of the project, such as `docs/rfc.md`.
///
/// # Panics
/// When it can't be read.
pub fn document(path: &str) -> String {
    let whole = root().join(path);
    std::fs::read_to_string(&whole).unwrap_or_else(|error| panic!("{}: {error}", whole.display()))
}

/// Checks that every test and every Rust file that the document at `path` names exists.
///
/// # Panics
/// When one doesn't, or could be one of several, or none is named.
#[track_caller]
pub fn tests_named_in(path: &str) {
    let text = document(path);
    let wrong = Sources::of_the_project().wrong_names(&text);
    assert!(wrong.is_empty(), "{path} names what is not there:\n{}", wrong.join("\n"));
    assert!(names(&text).next().is_some(), "{path} names no test");
}

/// Whether `text` names a test in backticks.
pub fn names_a_test(text: &str) -> bool {
    names(text).any(|name| name.contains(".rs::"))
}

/// What stands in backticks in `text`, outside of blocks of code, and is a Rust file or a test in one.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let prose = text.split("```").step_by(2);
    let code = prose.flat_map(|prose| prose.split('`').skip(1).step_by(2));
    code.filter(|name| name.ends_with(".rs") || name.contains(".rs::"))
        .filter(|name| !name.contains(|c: char| c.is_whitespace() || "*{<".contains(c)))
}

/// The Rust files of the project.
struct Sources(Vec<PathBuf>);

impl Sources {
    fn of_the_project() -> Self {
        let mut files = Vec::new();
        for folder in ["crates", "tests", "fuzz"] {
            collect(&root().join(folder), &mut files);
        }
        Self(files)
    }

    /// What is wrong with each name in `text` that is wrong.
    fn wrong_names(&self, text: &str) -> Vec<String> {
        let distinct: BTreeSet<_> = names(text).collect();
        distinct.into_iter().filter_map(|name| self.is_right(name).err()).collect()
    }

    fn is_right(&self, name: &str) -> Result<(), String> {
        let (path, test) = match name.split_once("::") {
            Some((path, test)) => (path, Some(test)),
            None => (name, None),
        };
        let found: Vec<_> = self.0.iter().filter(|file| file.ends_with(path)).collect();
        match (found.as_slice(), test) {
            ([], _) => Err(format!("{name}: no such file")),
            (_, None) => Ok(()),
            ([file], Some(test)) => {
                let text = std::fs::read_to_string(file).map_err(|error| format!("{name}: {error}"))?;
                if tests_in(&text).contains(test) { Ok(()) } else { Err(format!("{name}: no such test")) }
            }
            (several, Some(_)) => Err(format!("{name}: one of {several:?}")),
        }
    }
}

/// The names of the tests in a file: functions marked as such, and scenarios for both adapters.
fn tests_in(text: &str) -> BTreeSet<&str> {
    let lines = || text.lines().map(str::trim).filter(|line| !line.starts_with("//"));
    let mut tests = BTreeSet::new();
    let (mut marked, mut listed) = (false, false);
    for mut line in lines() {
        if let Some(rest) = line.strip_prefix("on_both_adapters!(") {
            (line, listed) = (rest, true);
        }
        if listed {
            let ends = line.contains(')');
            let names = line.split(')').next().unwrap_or_default();
            // A word may stand before them.
            let names = names.split_once(':').map_or(names, |(_, names)| names);
            tests.extend(names.split(',').map(str::trim).filter(|name| !name.is_empty()));
            listed = !ends;
        } else if line == "#[test]" {
            marked = true;
        } else if let Some(name) = line.strip_prefix("fn ").filter(|_| marked) {
            tests.extend(name.split('(').next());
            marked = false;
        }
    }
    tests
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && !path.ends_with("target") {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> Vec<String> {
        Sources::of_the_project().wrong_names(text)
    }

    #[test]
    fn what_is_there_is_right() {
        let text =
            "`tests/src/documents.rs::what_is_there_is_right`, `documents.rs`, `call.step()` and `real_*.rs`";
        assert!(wrong(text).is_empty(), "{:?}", wrong(text));
        assert!(
            wrong("`invalid_requests.rs::fields_given_twice`").is_empty(),
            "a scenario for both adapters"
        );
        assert!(wrong("`call_pairing.rs::i24_pairing`").is_empty(), "a property");
        assert!(wrong("text\n```\n`nowhere.rs`\n```\n").is_empty(), "a block of code");
    }

    #[test]
    fn what_is_not_there_is_said() {
        for (text, expected) in [
            ("see `nowhere.rs`", "no such file"),
            ("see `ocuments.rs`", "no such file"),
            ("see `nowhere.rs::what`", "no such file"),
            ("```\ncode\n```\nsee `documents.rs::nothing_like_it`", "no such test"),
            ("a helper: `documents.rs::root`", "no such test"),
            ("a helper: `invalid_requests.rs::is_refused`", "no such test"),
            ("one of two: `deadlines.rs::anything`", "one of"),
        ] {
            let wrong = wrong(text);
            assert!(matches!(&wrong[..], [only] if only.contains(expected)), "{text}: {wrong:?}");
        }
    }

    #[test]
    fn only_what_runs_is_a_test() {
        let text = "#[test]\n#[should_panic]\nfn one() {\nfn two() {\n// #[test]\nfn three() {\n\
                    on_both_adapters!(four, five);\non_both_adapters!(\n six,\n // seven,\n);\nfn eight() {\n\
                    on_both_adapters!(\"word\": nine);\non_both_adapters!(\n\"word\":\n ten,\n);";
        assert_eq!(tests_in(text), BTreeSet::from(["one", "four", "five", "six", "nine", "ten"]));
    }
}
