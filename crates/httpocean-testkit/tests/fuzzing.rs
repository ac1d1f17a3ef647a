//! The targets of the fuzzers on what fuzzers found interesting, and on bytes that look like HTTP.

use std::panic::catch_unwind;
use std::path::Path;

use httpocean_testkit::fuzzing::{Noise, TARGETS, Target};
use httpocean_testkit::times;

/// So many inputs for each target.
const INPUTS: usize = 2_000;

/// Says which input it was that failed.
fn run(target: Target, input: &[u8], name: &dyn Fn() -> String) {
    if let Err(panic) = catch_unwind(|| target(input)) {
        eprintln!("{}: {:?}", name(), String::from_utf8_lossy(input));
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn the_corpus() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    for (name, target) in TARGETS {
        let folder = corpus.join(name);
        let entries =
            std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut inputs: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
        inputs.sort();
        assert!(!inputs.is_empty(), "{name} has no corpus");
        for input in inputs {
            let bytes = std::fs::read(&input).expect("a readable file");
            run(target, &bytes, &|| input.display().to_string());
        }
    }
}

#[test]
fn noise() {
    for (name, target) in TARGETS {
        let mut noise = Noise::new(1);
        for n in 0..times(INPUTS) {
            run(target, &noise.input(), &|| format!("{name}, input {n}"));
        }
    }
}
