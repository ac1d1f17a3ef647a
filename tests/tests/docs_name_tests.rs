//! What the documents say of tests and files is so.

use httpocean_tests::documents::{document, names_a_test, tests_named_in};

#[test]
fn the_readme() {
    tests_named_in("README.md");
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
