//! What is no URL is told as it was given, as far as that may be told, and what is wrong with it.

use httpocean_driver::Error;

#[test]
fn what_is_wrong_is_said_of_what_was_given() {
    let no_url = "the request can't be sent: its URL is not one, or holds bytes that no URL may hold";
    let no_host =
        "the request can't be sent: its URL has a host that is not all ASCII: such a name is written as xn--";
    for (given, sentence) in [
        ("http://a b/", format!("http://a b/: {no_url}")),
        ("", format!("no URL: {no_url}")),
        ("http://ann:secret@a b/", format!("...@a b/: {no_url}")),
        ("http://a\u{1b}[31m/", format!("http://a\\u{{1b}}[31m/: {no_url}")),
        ("http://b\u{fc}cher.example/", format!("http://b\u{fc}cher.example/: {no_host}")),
        ("http://a b/b\u{fc}cher", format!("http://a b/b\u{fc}cher: {no_url}")),
        ("http://a b?\u{fc}", format!("http://a b?\u{fc}: {no_url}")),
    ] {
        let said = Error::url(given).to_string();
        assert!(said.starts_with(&sentence), "{said}");
    }
}
