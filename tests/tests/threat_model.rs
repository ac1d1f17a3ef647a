//! What the threat model says is so: its tests exist, its limits are those of the code, and no advisory is left out.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use httpocean_core::{Limits, pool};
use httpocean_tests::documents::{document, names_a_test, tests_named_in};
use httpocean_tests::vectors::beside;

const PAGE: &str = "docs/threat-model.md";

/// The cells of the rows of all tables in `text` that have so many columns.
fn rows(text: &str, columns: usize) -> Vec<Vec<String>> {
    let cells = |line: &str| -> Option<Vec<String>> {
        let inner = line.trim().strip_prefix("| ")?.strip_suffix(" |")?;
        Some(inner.split(" | ").map(|cell| cell.trim().to_owned()).collect())
    };
    text.lines().filter_map(cells).filter(|row| row.len() == columns).collect()
}

/// Its rows, apart from the heads of its tables.
fn advisories() -> Vec<Vec<String>> {
    let text = document(PAGE);
    let (_, table) = text.split_once("## The advisories").expect("a table of advisories");
    rows(table, 4).into_iter().filter(|row| row[0] != "advisory").collect()
}

#[test]
fn its_tests_exist() {
    tests_named_in(PAGE);
}

#[test]
fn every_row_has_a_test_or_a_reason() {
    let rows = advisories();
    assert!(rows.len() > 100, "{} rows", rows.len());
    for row in rows {
        let excused = ["not ours: ", "not here: "].iter().any(|reason| row[3].starts_with(reason));
        assert!(excused || names_a_test(&row[3]), "{row:?}");
        assert!(!row[1].is_empty() && row[2].contains(": "), "{row:?}");
    }
}

#[test]
fn its_limits_are_those_of_the_code() {
    let text = document(PAGE);
    let defaults = format!("{:?}, {:?}", Limits::default(), pool::Options::default());
    let fields = defaults.split(['{', '}', ',']).filter_map(|field| field.trim().split_once(": "));
    let of_exchanges = format!("{:?}", Limits::default());
    let mut found = 0;
    for (name, value) in
        fields.filter(|(name, _)| of_exchanges.contains(&format!("{name}: ")) || name.starts_with("max_"))
    {
        if name == "max_uses" {
            continue;
        }
        assert!(text.contains(&format!("| `{name}` | {value} |")), "{name} is {value}");
        found += 1;
    }
    assert!(found >= 18, "{found}");
}

/// The list of advisories that the table was made from lies where the vectors are, if they are anywhere.
#[test]
fn no_advisory_is_left_out() {
    let Some(list) = beside("security.md") else { return };
    let (_, list) = list.split_once("## The advisories").expect("a list of advisories");
    let ours: Vec<_> =
        advisories().into_iter().map(|row| row[0].trim_end_matches('†').trim().to_owned()).collect();
    let theirs: Vec<_> =
        rows(list, 5).into_iter().map(|row| row[0].clone()).filter(|id| id != "Id").collect();
    assert!(theirs.len() > 100, "{} advisories", theirs.len());
    let missing: Vec<_> = theirs.iter().filter(|id| !ours.contains(id)).collect();
    assert!(missing.is_empty(), "no row for {missing:?}");
    println!("{} advisories, {} rows", theirs.len(), ours.len());
}
