//! What is shown is what was run.

use std::fs;

use httpocean_tests::documents::document;

#[test]
fn the_document_shows_each_recipe_as_it_is() {
    let shown = document("docs/recipes.md");
    let recipes = concat!(env!("CARGO_MANIFEST_DIR"), "/recipes");
    let mut count = 0;
    for entry in fs::read_dir(recipes).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with("mod.rs") {
            continue;
        }
        let code = fs::read_to_string(&path).unwrap();
        let block = format!("```rust\n{code}```\n");
        assert!(shown.contains(&block), "docs/recipes.md does not show {} as it is", path.display());
        count += 1;
    }
    assert_eq!(shown.matches("```rust\n").count(), count, "a block of code is no recipe");
}
