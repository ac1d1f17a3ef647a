//! How the threads of one client get in each other's way, in numbers.

use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

/// How often the threads that share a client met, so far. Counts, not times: what a lock costs is seldom its own time
/// but that of those who wait for it.
///
/// ```
/// # use httpocean_testkit::server::{Reply, Server};
/// # let server = Server::start(|_| Reply::ok("hello"));
/// # let url = server.url("/");
/// let client = httpocean_std::Client::new();
/// client.get(&url)?.send()?.into_body().finish()?;
/// let before = client.contention();
/// client.get(&url)?.send()?.into_body().finish()?;
/// assert_eq!(client.contention().locks - before.locks, 3, "its key, its connection, and the end of it");
/// # Ok::<(), httpocean_std::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Contention {
    /// How often a lock of the client's was taken: three times for a request that finds an idle connection.
    pub locks: u64,
    /// Of these: how often another thread had it.
    pub waits: u64,
    /// Requests that slept until their answer came: a connection that came free or was made, or a refusal.
    pub sleeps: u64,
    /// How often one of them woke. More than [`sleeps`](Self::sleeps) by those only that woke to look at a deadline.
    pub wakes: u64,
}

/// What a lock counts, behind itself.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Takes {
    pub(crate) all: u64,
    pub(crate) waited: u64,
}

/// Takes a lock, and counts that.
pub(crate) fn take<T>(lock: &Mutex<T>, takes: impl FnOnce(&mut T) -> &mut Takes) -> MutexGuard<'_, T> {
    let (mut guard, waited) = match lock.try_lock() {
        Ok(guard) => (guard, false),
        Err(TryLockError::Poisoned(guard)) => (guard.into_inner(), false),
        Err(TryLockError::WouldBlock) => (lock.lock().unwrap_or_else(PoisonError::into_inner), true),
    };
    let takes = takes(&mut guard);
    takes.all += 1;
    takes.waited += u64::from(waited);
    guard
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_for_a_lock_is_counted() {
        let lock = Mutex::new(Takes::default());
        let mut rounds = 0;
        // How soon the other thread comes is the system's to say: at some time it comes while the lock is held.
        while take(&lock, |takes| takes).waited == 0 {
            rounds += 1;
            assert!(rounds < 1_000, "nobody ever had to wait");
            std::thread::scope(|scope| {
                let held = take(&lock, |takes| takes);
                scope.spawn(|| drop(take(&lock, |takes| takes)));
                std::thread::sleep(std::time::Duration::from_millis(5));
                drop(held);
            });
        }
        let takes = *take(&lock, |takes| takes);
        assert_eq!((takes.all, takes.waited), (3 * rounds + 2, 1));
    }
}
