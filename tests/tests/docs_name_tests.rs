//! What the documents say of tests and files is so.

use httpocean_tests::documents::{document, names_a_test, tests_named_in};

#[test]
fn the_readme() {
    tests_named_in("README.md");
}

#[test]
fn the_guide_for_contributors() {
    tests_named_in("CONTRIBUTING.md");
}

#[test]
fn the_adapter_guide() {
    tests_named_in("docs/adapter-guide.md");
}

#[test]
fn the_proof() {
    tests_named_in("docs/proof.md");
}

/// Each invariant has a row, with a test that has its number.
#[test]
fn every_invariant_is_shown_by_a_test() {
    let proof = document("docs/proof.md");
    for invariant in 1..=42 {
        let row = proof.lines().find(|line| line.starts_with(&format!("| I{invariant} |")));
        let row = row.unwrap_or_else(|| panic!("I{invariant} has no row"));
        assert!(names_a_test(row), "{row}");
        // A rule for adapters is a check of the kit's, which is called after what it does.
        assert!(row.contains(&format!("::i{invariant}_")) || invariant == 25, "{row}");
    }
}

#[test]
fn what_the_rfcs_ask() {
    tests_named_in("docs/rfc.md");
}

/// Each requirement has one row of five cells, with a test or with a reason why there is none.
#[test]
fn every_requirement_of_the_rfcs_has_a_row() {
    let document = document("docs/rfc.md");
    for requirement in 1..=127 {
        let start = format!("| R{requirement} |");
        let rows: Vec<_> = document.lines().filter(|line| line.starts_with(&start)).collect();
        let [row] = rows[..] else { panic!("R{requirement} has {} rows", rows.len()) };
        let cells: Vec<_> = row.trim_matches('|').split(" |").map(str::trim).collect();
        let [_, section, asks, ours, tests] = cells[..] else { panic!("not five cells: {row}") };
        assert!(section.chars().all(|c| c.is_ascii_digit() || ". ,".contains(c)), "no section: {row}");
        assert!(!asks.is_empty() && !ours.is_empty(), "{row}");
        let has_reason = ["*not ours*", "*not yet*"].iter().any(|word| ours.contains(word));
        assert!(names_a_test(tests) || has_reason, "neither a test nor a reason: {row}");
    }
}
