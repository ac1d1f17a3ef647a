//! So many requests at a time, and never more connections than allowed.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use httpocean_testkit::server::{Reply, Server};
use serde_json::{Value, json};

use super::command::batch;

#[test]
fn eight_at_a_time_are_eight() {
    let arrived = Arc::new((Mutex::new(0), Condvar::new()));
    let server = Server::start(move |_| {
        // Only a broken command waits this long.
        let mut count = arrived.0.lock().unwrap();
        *count += 1;
        arrived.1.notify_all();
        let wait = arrived.1.wait_timeout_while(count, Duration::from_secs(10), |count| *count < 8);
        let met = *wait.unwrap().0 >= 8;
        Reply::status(if met { 200 } else { 500 }, "")
    });
    let lines: Vec<Value> = (0..8).map(|id| json!({"id": id, "url": server.url("/")})).collect();
    let said = batch(&["-c", "8"], &lines);
    assert!(said.answers().iter().all(|answer| answer["status"] == json!(200)), "{}", said.text());
}

#[test]
fn a_limit_of_connections_holds() {
    let server = Server::start(|_| Reply::ok("").pause(Duration::from_millis(10)));
    let lines: Vec<Value> = (0..24).map(|id| json!({"id": id, "url": server.url("/")})).collect();
    let said = batch(&["-c", "8", "--options", r#"{"max_per_key": 2}"#], &lines);
    let mut ids: Vec<u64> = said.answers().iter().map(|answer| answer["id"].as_u64().unwrap()).collect();
    ids.sort_unstable();
    assert_eq!(ids, (0..24).collect::<Vec<u64>>());
    assert!(server.stats().peak_open <= 2, "{:?}", server.stats());
    assert_eq!(said.stats()["requests_sent"], json!(24));
}

#[test]
fn one_at_a_time_is_in_order() {
    let server = Server::start(|request| match request.target.as_str() {
        "/slow" => Reply::ok("").pause(Duration::from_millis(50)),
        _ => Reply::ok(""),
    });
    let said = batch(
        &[],
        &[
            json!({"id": 1, "url": server.url("/slow")}),
            json!({"wait_ms": 1}),
            json!({"id": 2, "url": server.url("/")}),
        ],
    );
    let ids: Vec<Value> = said.answers().iter().map(|answer| answer["id"].clone()).collect();
    assert_eq!(ids, [json!(1), json!(2)]);
}
