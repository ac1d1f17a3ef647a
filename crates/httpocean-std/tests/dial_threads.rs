//! As many threads dial as there are dials, not more.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, unreachable_pub)]
#![cfg(target_os = "linux")]

use std::fs;

use httpocean_std::Client;
use httpocean_testkit::server::{Reply, Server};

/// Threads of this process that dial; they stay for a while after their last dial.
fn dial_threads() -> usize {
    let tasks = fs::read_dir("/proc/self/task").unwrap().flatten();
    let names = tasks.filter_map(|task| fs::read_to_string(task.path().join("comm")).ok());
    names.filter(|name| name.starts_with("httpocean-dial")).count()
}

#[test]
fn each_dial_starts_one_thread_at_most() {
    let server = Server::start(|_| Reply::ok("hello"));
    for round in 0..20 {
        let (client, before) = (Client::new(), dial_threads());
        std::thread::scope(|scope| {
            for _ in 0..12 {
                scope.spawn(|| client.get(server.url("/")).unwrap().send().unwrap());
            }
        });
        let stats = client.stats();
        let (dials, threads) = (stats.connections_opened as usize + stats.dialing, dial_threads());
        assert!(threads <= before + dials, "round {round}: {} threads for {dials} dials", threads - before);
        client.close();
    }
}
