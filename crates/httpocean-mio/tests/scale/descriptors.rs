//! How many descriptors this process may have, and so how large a test can be.

use std::io::Write;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What a process needs beside its connections: listeners, polls, pipes, what the test harness holds.
const OTHERS: usize = 200;

/// So many connections, or as many as there are descriptors for. Raises the limit as far as a process may, for those
/// that it starts too. A test that gets smaller says so, on the standard error, which is shown whether it fails or
/// not.
pub(crate) fn affordable(connections: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, ..limit };
    let limit = if setrlimit(Resource::Nofile, raised).is_ok() { raised } else { limit };
    let Some(descriptors) = limit.current else { return connections };
    let most = usize::try_from(descriptors).unwrap_or(usize::MAX).saturating_sub(OTHERS);
    assert!(most > 0, "{descriptors} descriptors are too few for any test of scale");
    if most < connections {
        let _ = writeln!(
            std::io::stderr(),
            "reduced: {descriptors} descriptors are too few for {connections} connections, {most} are made instead"
        );
    }
    connections.min(most)
}
