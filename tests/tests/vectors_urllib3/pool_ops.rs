//! Slots: who gets which connection, what is closed, and how many were made.

use std::collections::BTreeMap;

use httpocean_core::pool::{Demand, Fate, Lease, Options};
use httpocean_core::{CloseReason, ConnId, Instant, Key, Pool, PoolCommand};
use httpocean_tests::vectors::each;
use serde_json::{Value, json};

use super::same;

#[test]
fn pool_ops() {
    each("urllib3/pool_ops.json", |_, vector| {
        let maxsize = usize::try_from(vector["maxsize"].as_u64().unwrap()).unwrap();
        let max_per_key = if vector["block"] == true { maxsize } else { usize::MAX };
        let options = Options { max_per_key, max_idle_per_key: maxsize, ..Options::default() };
        let mut it = Slots { pool: Pool::new(options), held: BTreeMap::new(), ids: BTreeMap::new(), made: 0 };
        for (n, step) in vector["steps"].as_array().unwrap().iter().enumerate() {
            let (result, closed) = it.carry_out(step["op"].as_array().unwrap());
            let ours = json!([result, closed, it.made, it.pool.counts().idle]);
            let idle = step["slots_bottom_to_top"].as_array().into_iter().flatten();
            let idle = idle.filter(|slot| *slot != "none").count();
            let expected = json!([step["result"], step["closed_now"], step["num_connections"], idle]);
            same(&expected, &ours).map_err(|difference| format!("step {n}, {}: {difference}", step["op"]))?;
        }
        Ok(())
    });
}

struct Slots {
    pool: Pool<String, ()>,
    /// What was taken and not given back.
    held: BTreeMap<String, Lease>,
    ids: BTreeMap<String, ConnId>,
    made: u64,
}

impl Slots {
    fn carry_out(&mut self, op: &[Value]) -> (Value, Vec<String>) {
        let name = || op[1].as_str().unwrap().to_owned();
        let now = Instant::ZERO;
        let mut result = Value::Null;
        match op[0].as_str().unwrap() {
            "get" => return self.get(),
            "put" => match self.held.remove(&name()) {
                Some(lease) => _ = self.pool.release(lease, name(), Fate::REUSABLE, now),
                None => result = json!({"error": "there is no lease to give back"}),
            },
            // The right to a connection goes back with the connection.
            "put_none" => match self.held.pop_first() {
                Some((name, lease)) => {
                    self.pool.release(lease, name, Fate::Spent(CloseReason::Cancelled), now);
                }
                None => result = json!({"error": "there is no lease to give back"}),
            },
            "peer_drops" => self.pool.stirred(self.ids[&name()], CloseReason::PeerClosed, now),
            "close_pool" => self.pool.shut_down(now),
            other => panic!("a new operation: {other}"),
        }
        let (granted, closed) = self.poll();
        assert!(granted.is_none(), "nobody asked");
        (result, closed)
    }

    fn get(&mut self) -> (Value, Vec<String>) {
        let key = Key::of(&"http://a.test/".parse().unwrap()).unwrap();
        let waiter = self.pool.acquire(&key, Demand::default(), Instant::ZERO);
        let (granted, closed) = self.poll();
        if granted.is_none() {
            self.pool.cancel(waiter, Instant::ZERO);
        }
        (granted.unwrap_or_else(|| json!({"error": "EmptyPoolError"})), closed)
    }

    /// What is said to who asked, and what is closed. Dials are done at once.
    fn poll(&mut self) -> (Option<Value>, Vec<String>) {
        let (mut granted, mut closed) = (None, Vec::new());
        while let Some(command) = self.pool.poll(Instant::ZERO) {
            match command {
                PoolCommand::Dial { lease } => {
                    self.made += 1;
                    let name = format!("c{}", self.made);
                    self.ids.insert(name.clone(), lease.conn());
                    self.pool.dialed(lease, name, Instant::ZERO);
                }
                PoolCommand::Grant { lease, parked, .. } => {
                    granted = Some(json!({"conn": parked, "connected": true}));
                    self.held.insert(parked, lease);
                }
                PoolCommand::Refuse { .. } => granted = Some(json!({"error": "ClosedPoolError"})),
                PoolCommand::Close { number, .. } => closed.push(format!("c{number}")),
                PoolCommand::Abandon { .. } => panic!("a dial is done at once"),
            }
        }
        (granted, closed)
    }
}
