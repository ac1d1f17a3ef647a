//! What the documents say of tests and files is so.

use httpocean_tests::documents::tests_named_in;

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
