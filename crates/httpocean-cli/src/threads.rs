//! Several threads that share one list of work.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use crate::stop::{Done, Stop};

/// So many at a time at the most: a system that has no room for more threads ends the program.
pub(crate) const MOST: usize = 4096;

/// Does `work` for every number below `count`, on at most `threads` threads, in order of the numbers. All is
/// done even if some of it fails; a [`Stop`] other than a failure ends it.
pub(crate) fn share(threads: usize, count: usize, work: impl Fn(usize) -> Done + Sync) -> Done {
    let next = AtomicUsize::new(0);
    let halted = AtomicBool::new(false);
    let run = || {
        let mut outcome = Ok(());
        while !halted.load(Relaxed) {
            let number = next.fetch_add(1, Relaxed);
            if number >= count {
                break;
            }
            match work(number) {
                Ok(()) => {}
                Err(Stop::Failed) => outcome = Err(Stop::Failed),
                Err(stop) => {
                    halted.store(true, Relaxed);
                    return Err(stop);
                }
            }
        }
        outcome
    };
    if threads <= 1 || count <= 1 {
        return run();
    }
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads.min(count))
            .map(|_| std::thread::Builder::new().spawn_scoped(scope, run))
            .collect::<Result<_, _>>()?;
        let outcomes: Vec<Done> = threads.into_iter().map(join).collect();
        worst(outcomes)
    })
}

fn join(thread: std::thread::ScopedJoinHandle<'_, Done>) -> Done {
    thread.join().unwrap_or_else(|_| Err(Stop::Trouble("a thread panicked".into())))
}

/// A failure, unless there is something graver.
fn worst(outcomes: Vec<Done>) -> Done {
    let mut failed = Ok(());
    for outcome in outcomes {
        match outcome {
            Ok(()) => {}
            Err(Stop::Failed) => failed = Err(Stop::Failed),
            grave => return grave,
        }
    }
    failed
}
