//! What a peer can make us hold, counted by an allocator: nothing beyond the named limits, and nothing for good.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

#[path = "../common/mod.rs"]
mod common;
mod failing;
mod idle;
mod t10_limits;
mod t11_announced;
mod t27_failures;
mod ways;

#[expect(clippy::disallowed_types, reason = "the ban is for the core; tests run on threads")]
use std::sync::Mutex;

use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

/// What is allocated is counted for the whole process: one test at a time.
#[expect(clippy::disallowed_types, reason = "the same")]
static ALONE: Mutex<()> = Mutex::new(());

/// Runs `act` while nothing else of these tests runs.
fn alone<T>(act: impl FnOnce() -> T) -> T {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    act()
}

/// How many bytes more than before were allocated at the worst moment of `act`, and what it made.
fn peak<T>(act: impl FnOnce() -> T) -> (usize, T) {
    let before = ALLOCATED.current_usage();
    ALLOCATED.reset_peak_usage();
    let made = act();
    (ALLOCATED.peak_usage().saturating_sub(before), made)
}

/// The least of a few measurements: whoever reports on other tests allocates, too, and that only adds.
fn least<T>(mut measure: impl FnMut() -> (usize, T)) -> (usize, T) {
    let (mut least, mut made) = measure();
    for _ in 0..4 {
        let (held, again) = measure();
        if held < least {
            (least, made) = (held, again);
        }
    }
    (least, made)
}

/// The same of what is held now.
#[expect(clippy::disallowed_methods, reason = "the ban is for the core; tests run on threads")]
fn held() -> usize {
    let look = |_| {
        std::thread::sleep(std::time::Duration::from_millis(1));
        ALLOCATED.current_usage()
    };
    (0..5).map(look).min().unwrap_or_default()
}
