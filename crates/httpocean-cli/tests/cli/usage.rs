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
