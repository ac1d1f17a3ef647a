//! What was recorded is said again, byte for byte; what is no recording is refused.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::{Arc, Mutex};

use httpocean_driver::record::{Recording, Replayed, replay};
use httpocean_testkit::sim::Scene;

/// The recording of a random world.
fn recorded(seed: u64, whole: bool) -> Vec<u8> {
    let file = Arc::new(Mutex::new(Vec::new()));
    let copy = file.clone();
    let recording = Recording::new(move |lines| copy.lock().unwrap().extend_from_slice(lines));
    let outcome = Scene::new(seed).record(if whole { recording.whole() } else { recording });
    assert!(outcome.violation.is_none(), "{outcome:?}");
    file.lock().unwrap().clone()
}

fn replayed(seed: u64, file: &[u8]) -> Replayed {
    replay(file).unwrap_or_else(|error| panic!("seed {seed}: {error}"))
}

/// What the engine said, as it stands in the file.
fn answers(file: &[u8]) -> Vec<&str> {
    std::str::from_utf8(file).unwrap().lines().filter_map(|line| line.strip_prefix("< ")).collect()
}

#[test]
fn random_worlds_are_the_same_byte_for_byte() {
    let mut said = 0;
    for seed in 1..=50 {
        for whole in [false, true] {
            let file = recorded(seed, whole);
            let again = replayed(seed, &file);
            said += again.said.len();
            assert!(again.difference.is_none(), "seed {seed}, whole: {whole}: {:?}", again.difference);
            assert_eq!(again.said, answers(&file), "seed {seed}");
        }
    }
    assert!(said > 25_000, "{said} answers");
}

#[test]
fn recording_changes_nothing() {
    for seed in 1..=20 {
        let scene = Scene::new(seed);
        assert_eq!(scene.record(Recording::new(|_| {})).digest, scene.play(false).digest, "seed {seed}");
    }
}

#[test]
fn another_answer_is_found_at_its_line() {
    let file = String::from_utf8(recorded(3, false)).unwrap();
    let lines: Vec<_> = file.lines().collect();
    let answers: Vec<_> = (0..lines.len()).filter(|at| lines[*at].starts_with("< ")).collect();
    for at in answers.iter().step_by(answers.len() / 20) {
        let mut lines = lines.clone();
        let changed = format!("{}!", lines[*at]);
        lines[*at] = &changed;
        let again = replayed(3, format!("{}\n", lines.join("\n")).as_bytes());
        let difference = again.difference.expect("it is not the same");
        assert_eq!(difference.line, at + 1);
        assert_eq!(format!("< {}!", difference.said), lines[*at]);
        assert_eq!(format!("> {}", difference.input), lines[at - 1]);
        assert_eq!(again.said.last(), Some(&difference.said));
    }
}

/// A recording that is short enough to be broken in many ways.
fn short() -> Vec<u8> {
    let files = (1..50).map(|seed| recorded(seed, false));
    files.min_by_key(Vec::len).unwrap()
}

#[test]
fn a_cut_recording_says_so_or_is_a_shorter_one() {
    let file = short();
    for at in (0..file.len()).step_by(1 + file.len() / 2_000) {
        match replay(&file[..at]) {
            Ok(again) => assert!(again.difference.is_none() && file[at - 1] == b'\n', "cut at {at}"),
            Err(error) => assert!(error.line >= 1 && !error.why.is_empty(), "cut at {at}"),
        }
    }
}

#[test]
fn lines_that_are_gone_or_twice_there_do_no_harm() {
    let file = short();
    let lines: Vec<_> = file.split_inclusive(|byte| *byte == b'\n').collect();
    let mut found = 0;
    for at in (0..lines.len()).step_by(1 + lines.len() / 300) {
        let without = [&lines[..at], &lines[at + 1..]].concat().concat();
        let twice = [&lines[..=at], &lines[at..]].concat().concat();
        for broken in [without, twice] {
            found += u32::from(replay(&broken).is_ok_and(|again| again.difference.is_none()));
        }
    }
    assert!(found < 300, "most of these are noticed, and not {found} missed");
}

#[test]
fn bytes_that_are_others_do_no_harm() {
    let file = short();
    for at in (0..file.len()).step_by(1 + file.len() / 1_000) {
        for other in [b'0', b'9', b'x', b'\\', b' ', b'\n', 0xff] {
            let mut broken = file.clone();
            broken[at] = other;
            let _ = replay(&broken);
        }
    }
}

#[test]
fn garbage_is_refused() {
    for garbage in [&b""[..], b"\n", b"\xff\xfe", b"{}", b"httpocean-recording 2 whole\n", &[0; 4096]] {
        let error = replay(garbage).unwrap_err();
        assert_eq!(error.line, 1, "{error}");
    }
}
