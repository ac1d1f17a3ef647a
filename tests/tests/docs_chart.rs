//! The chart in the documents is that of the table beside it.

use httpocean_tests::chart::draw;
use httpocean_tests::documents::document;

#[test]
fn what_a_request_costs() {
    let drawn = draw(&document("docs/performance.tsv")).unwrap_or_else(|why| panic!("{why}"));
    assert!(
        drawn == document("docs/performance.svg"),
        "cargo run -p httpocean-tests --example chart < docs/performance.tsv > docs/performance.svg"
    );
    for needs_more in ["<script", "http://", "https://", "@import", "url("] {
        let own = drawn.replace("http://www.w3.org/2000/svg", "");
        assert!(!own.contains(needs_more), "{needs_more}");
    }
}
