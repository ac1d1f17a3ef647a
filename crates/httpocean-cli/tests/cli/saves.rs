//! What a pool saves, as a table.

use super::command::run;

/// The cells of each line below the head.
fn table(args: &[&str]) -> Vec<Vec<String>> {
    let said = run(&[&["saves", "--markdown"], args].concat());
    assert_eq!(said.code, 0, "{}", said.stderr);
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    said.text().lines().skip(2).map(cells).collect()
}

#[test]
fn visits_take_the_handshakes_that_are_reckoned() {
    // The command itself fails where the server and the link count others.
    let table = table(&["--rtt-ms", "2", "--pages", "5", "--bytes", "1024", "--measure", "100"]);
    let counts: Vec<_> = table.iter().map(|row| (&*row[1], &*row[4], &*row[5], &*row[6])).collect();
    assert_eq!(counts, [("http", "1 / 5", "6 / 10", "0 / 0"), ("https", "2 / 10", "7 / 15", "0 / 0")]);
    assert!(table.iter().all(|row| row[8].contains('/') && !row[8].contains('-')), "both were measured");
}

#[test]
fn slow_start_is_paid_again_by_each_new_connection() {
    let table = table(&["--rtt-ms", "100", "--pages", "10", "--bytes", "65536", "--measure", "0"]);
    let figures: Vec<_> =
        table.iter().map(|row| (&*row[5], &*row[6], &*row[7], &*row[8], &*row[9])).collect();
    let expected = [
        ("14 / 40", "3 / 20", "1.40 s / 4.00 s", "-", "2.60 s"),
        ("15 / 50", "3 / 20", "1.50 s / 5.00 s", "-", "3.50 s"),
    ];
    assert_eq!(figures, expected);
}

#[test]
fn by_default_it_is_the_whole_table() {
    let table = table(&["--measure", "0"]);
    assert_eq!(table.len(), 3 * 2 * 3 * 3);
    let far = table.last().unwrap();
    assert_eq!(far[..6], ["100 ms", "https", "100", "1 MiB", "2 / 200", "109 / 900"]);
}

#[test]
fn as_text_it_says_which_number_is_which() {
    let said = run(&["saves", "--rtt-ms", "1", "--pages", "1", "--bytes", "10", "--measure", "0"]);
    assert!(said.text().contains("With the pool / with a new connection"), "{}", said.text());
    assert_eq!(run(&["saves", "--rtt-ms", "-1"]).code, 2);
    assert_eq!(run(&["saves", "--pages", "0"]).code, 2);
}
