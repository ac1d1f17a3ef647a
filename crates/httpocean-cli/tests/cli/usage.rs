//! Wrong usage is told from failure, and says what is wrong.

use super::command::run;

#[test]
fn every_command_has_help_with_an_example() {
    for command in ["demo", "get", "batch", "bench", "replay", "saves"] {
        let said = run(&[command, "--help"]);
        assert_eq!(said.code, 0);
        assert!(said.text().contains("\nExample: "), "{}", said.text());
    }
    assert!(run(&["--help"]).text().contains("Commands:"));
}

#[test]
fn the_version_is_the_package_s() {
    assert_eq!(run(&["--version"]).text(), concat!("httpocean ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn wrong_usage_exits_with_2_and_a_hint() {
    let wrong: [&[&str]; 10] = [
        &[],
        &["fetch"],
        &["get"],
        &["get", "--nonsense", "http://a/"],
        &["get", "--options", "{", "http://a/"],
        &["get", "--options", r#"{"nonsense": 1}"#, "http://a/"],
        &["get", "--max-per-host", "many", "http://a/"],
        &["bench", "http://a/"],
        &["demo", "--requests", "0"],
        &["get", "--transport", "pigeon", "http://a/"],
    ];
    for args in wrong {
        let said = run(args);
        assert_eq!(said.code, 2, "{args:?}: {}", said.stderr);
        assert!(said.stderr.contains("hint: "), "{args:?}: {}", said.stderr);
        assert_eq!(said.text(), "");
    }
}

#[test]
fn what_is_wrong_is_told_by_the_name_that_was_given() {
    let wrong: [(&[&str], &str); 9] = [
        (&["get", "--max-per-host", "0", "http://a/"], "--max-per-host: "),
        (&["get", "--timeout", "1h", "http://a/"], "--timeout takes a time such as 2.5, 250ms, 2.5s or 2m"),
        (&["get", "--timeout", "1e300", "http://a/"], "--timeout: "),
        (&["bench", "http://a/", "many"], "N, how many requests, is a whole number, not `many`"),
        (&["bench", "http://a/", "1", "0"], "M, how many at a time, is between 1 and 4096"),
        (&["bench", "http://a/", "1", "99999999999"], "M, how many at a time, is between 1 and 4096"),
        (&["get", "-c", "99999999999", "http://a/"], "--concurrency is at most 4096"),
        (&["bench", "http://a/", "1", "--idle", "some"], "--idle takes a whole number, not `some`"),
        (&["bench", "http://a/", "1", "--ready", "some"], "--ready takes a whole number, not `some`"),
    ];
    for (args, what) in wrong {
        let said = run(args);
        assert_eq!(said.code, 2, "{args:?}: {}", said.stderr);
        assert!(said.stderr.starts_with(&format!("httpocean: {what}")), "{args:?}: {}", said.stderr);
    }
}
