//! What both adapters answer to the same requests is the same, field for field.

use std::collections::BTreeMap;

use httpocean_testkit::server::Server;
use serde_json::{Value, json};

use super::script::{ENDED_BY_THE_SERVER, Script, reply};
use crate::command::{Said, batch};

const REQUESTS: usize = 2_000;

/// How often answers differed in what may differ.
#[derive(Debug, Default)]
struct Masked(BTreeMap<&'static str, usize>);

impl Masked {
    /// Takes a field out of both answers.
    fn field(&mut self, name: &'static str, both: &mut [Value; 2]) {
        let [std, mio] = both.each_mut().map(|answer| answer.as_object_mut().unwrap().remove(name));
        self.count(name, std != mio);
    }

    fn count(&mut self, name: &'static str, differs: bool) {
        *self.0.entry(name).or_default() += usize::from(differs);
    }

    /// Without what differs from run to run, or by the nature of an adapter.
    fn mask(&mut self, kind: &str, both: &mut [Value; 2]) {
        self.field("elapsed_ms", both);
        let [std, mio] = both.each_mut().map(|answer| {
            let connection = answer.get_mut("connection")?.as_object_mut()?;
            connection.remove("local")
        });
        self.count("a port", std != mio);
        self.field("connection", both);
        // A blocking client finds a dead connection before it takes it, a reactor may take it before.
        let [std, mio] = both.each_mut().map(without_stale_hops);
        self.count("stale hops", std != mio);
        if both.iter().all(is_of_the_network) && both[0]["sent"] != both[1]["sent"] {
            // The sentence says it too.
            self.field("sent", both);
            both.iter_mut().for_each(|answer| _ = answer.as_object_mut().unwrap().remove("message"));
        }
        if ENDED_BY_THE_SERVER.contains(&kind) {
            // The end may come with the response, or when the connection is idle.
            self.field("parked", both);
        }
    }
}

fn without_stale_hops(answer: &mut Value) -> usize {
    let Some(hops) = answer.get_mut("hops").and_then(Value::as_array_mut) else { return 0 };
    let before = hops.len();
    hops.retain(|hop| hop["why"] != "stale-connection");
    before - hops.len()
}

/// A connection that ended in place of an answer, or was waited for in vain.
fn is_of_the_network(answer: &Value) -> bool {
    ["closed", "reset", "timeout"].iter().any(|kind| answer["kind"] == *kind)
}

/// What a run counted, without what differs.
fn counted(said: &Said) -> Value {
    let mut stats = said.stats();
    let fields = stats.as_object_mut().unwrap();
    let [sent, stale] = ["requests_sent", "stale_replays"].map(|name| fields.remove(name).unwrap());
    fields.insert("requests not repeated".into(), json!(sent.as_u64().unwrap() - stale.as_u64().unwrap()));
    // An answer that says `close` and comes early meets a body that is sent in part, or in whole.
    let closed = fields["closed"].as_object_mut().unwrap();
    let [half, said] = ["half-sent", "close-header"].map(|why| closed.remove(why).unwrap());
    closed.insert(
        "after an answer that says so".into(),
        json!(half.as_u64().unwrap() + said.as_u64().unwrap()),
    );
    stats
}

#[test]
fn two_thousand_answers_are_the_same() {
    let server = Server::start(reply);
    let script = Script::new(server.url("/"), REQUESTS);
    let said = ["std", "mio"].map(|transport| batch(&["--transport", transport, "-c", "1"], &script.lines));
    let [std, mio] = said.each_ref().map(Said::answers);
    assert_eq!((std.len(), mio.len()), (REQUESTS, REQUESTS), "{} {}", said[0].stderr, said[1].stderr);
    let (mut masked, mut outcomes) = (Masked::default(), BTreeMap::<String, usize>::new());
    for ((std, mio), kind) in std.into_iter().zip(mio).zip(&script.kinds) {
        let outcome = std.get("kind").or(std.get("status")).unwrap().to_string();
        *outcomes.entry(outcome).or_default() += 1;
        let mut both = [std, mio];
        masked.mask(kind, &mut both);
        assert_eq!(both[0], both[1], "{kind}");
    }
    println!("{REQUESTS} answers: {outcomes:?}");
    println!("equal, but for {:?}", masked.0);
    let [std, mio] = said.each_ref().map(counted);
    println!("{std}");
    assert_eq!(std, mio);
}
