#![no_main]

use httpocean_testkit::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| fuzzing::cookies(bytes));
