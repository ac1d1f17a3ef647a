//! How long a key pauses after a failed dial is nobody's concern but its own.

use core::time::Duration;

use httpocean_core::pool::Options;
use httpocean_testkit::reference::{Event, Said, faithfully};
use httpocean_testkit::steps::{Step, Wish};

/// The longer pause of one key began before the shorter one of another: that one's failure is forgotten in time all the
/// same, and its next pause is the first again. Compared with the reference pool.
#[test]
fn a_failure_is_forgotten_in_time_however_long_others_pause() {
    let acquire = |key| Step::Acquire { key, wish: Wish::default() };
    let wait = |ms| Step::Advance(Duration::from_millis(ms));
    let steps = [
        acquire(1),
        Step::DialFailed(0),
        acquire(1),
        wait(51),
        // The second time: 100 ms.
        Step::DialFailed(0),
        acquire(0),
        Step::DialFailed(0),
        wait(60),
        acquire(0),
        Step::DialFailed(0),
        acquire(0),
        wait(51),
        wait(60),
    ];
    let log = faithfully(Options::default(), steps);
    let dials = log.iter().filter(|event| matches!(event, Event::Said(_, Said::Dial { .. }))).count();
    assert_eq!(dials, 5, "{log:?}");
}
