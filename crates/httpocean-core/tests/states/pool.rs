//! A pool of at most two connections and two keys, driven; what is looked at is each connection.

use std::collections::BTreeMap;
use std::time::Duration;

use httpocean_core::pool::{Demand, Fate, Lease, Options, Pool, PoolCommand, Surplus};
use httpocean_core::{CloseReason, ConnId, Instant, Key, WaitId};

use super::debug::{elements, field, fields, inside, variant};
use super::document::Section;
use super::explore::{Answer, Input, Machine, Views, explore, silent};

struct Driven {
    pool: Pool<(), ()>,
    now: Instant,
    dials: Vec<Lease>,
    held: Vec<Lease>,
    waiting: Vec<WaitId>,
    known: Vec<ConnId>,
}

const INPUTS: &[Input<Driven>] = &[
    Input { name: "acquire", give: |it| it.acquire("a", false) },
    Input { name: "acquire: a fresh one", give: |it| it.acquire("a", true) },
    Input { name: "acquire: of another key", give: |it| it.acquire("b", false) },
    Input { name: "acquire_idle", give: |it| it.acquire_idle() },
    Input { name: "preconnect: one", give: |it| it.preconnect() },
    Input { name: "cancel", give: |it| it.cancel() },
    Input { name: "poll", give: |it| it.poll() },
    Input { name: "dialed", give: |it| it.dialed() },
    Input { name: "dial_failed", give: |it| it.dial_failed() },
    Input { name: "release: Reusable", give: |it| it.release(Fate::REUSABLE) },
    Input { name: "release: Untouched", give: |it| it.release(Fate::Untouched) },
    Input { name: "release: Spent", give: |it| it.release(Fate::Spent(CloseReason::CloseHeader)) },
    Input { name: "retake", give: |it| it.retake() },
    Input { name: "forget", give: |it| it.forget() },
    Input { name: "stirred", give: |it| it.stirred() },
    Input { name: "evict", give: |it| it.evict() },
    Input { name: "shut_down", give: |it| it.shut_down() },
    Input { name: "poll, two minutes later", give: |it| it.later() },
];

const INTRODUCTION: &str = "\
One connection in a pool of at most two, with two keys. `Abandoned` is `Dialing` after its dial became unwanted;
`Granted` is a grant that is decided and not said yet, `Closing` a close. What is done with a lease is done to its
own connection, and also changes others: a place that becomes free is dialed for anew. What `preconnect` wishes for is
looked at when the pool is polled.";

pub(crate) fn section() -> Section {
    let starts: &[fn() -> Driven] = &[
        || Driven::of(Options::default()),
        || Driven::of(Options { surplus: Surplus::Cancel, ..Options::default() }),
    ];
    let seen = explore(starts, INPUTS, 9).remove(0);
    Section::new("A pool's connection", INTRODUCTION, INPUTS, seen, true)
}

fn key(name: &str) -> Key {
    Key::of(&format!("http://{name}").parse().unwrap()).unwrap()
}

fn about(conn: ConnId) -> Option<Answer> {
    Some(Answer { said: None, about: Some(number(conn)) })
}

/// Of a place and its generation: of what comes after it in that place the number is another.
fn number(conn: ConnId) -> usize {
    conn.to_bits() as usize
}

fn first<T>(from: &mut Vec<T>) -> Option<T> {
    if from.is_empty() { None } else { Some(from.remove(0)) }
}

impl Driven {
    /// Their states, read from all places of the pool.
    fn connections(&self) -> BTreeMap<usize, String> {
        let printed = format!("{:?}", self.pool);
        let mut states = BTreeMap::new();
        for (index, place) in elements(field(field(&printed, "conns"), "places")).into_iter().enumerate() {
            let content = field(place, "content");
            let Some(slot) = inside(content).filter(|_| variant(content) == "Taken") else { continue };
            // The first to have a place is its first; in the number of an id that counts as 0.
            let generation = field(place, "generation").parse::<usize>().unwrap() - 1;
            let state = field(slot, "state");
            let is_abandoned = inside(state).is_some_and(|of| fields(of).get("abandoned") == Some(&"true"));
            let name = if is_abandoned { "Abandoned" } else { variant(state) };
            states.insert(generation << 32 | index, name.to_owned());
        }
        states
    }

    fn of(options: Options) -> Self {
        let options = Options { max_total: 2, max_waiters: 2, ..options };
        Self {
            pool: Pool::new(options),
            now: Instant::ZERO,
            dials: Vec::new(),
            held: Vec::new(),
            waiting: Vec::new(),
            known: Vec::new(),
        }
    }

    fn acquire(&mut self, name: &str, fresh: bool) -> Option<Answer> {
        let demand = Demand { fresh, ..Demand::default() };
        self.waiting.push(self.pool.acquire(&key(name), demand, self.now));
        silent()
    }

    fn acquire_idle(&mut self) -> Option<Answer> {
        let (lease, (), _) = self.pool.acquire_idle(&key("a"), Demand::default(), self.now)?;
        let conn = lease.conn();
        self.held.push(lease);
        about(conn)
    }

    fn preconnect(&mut self) -> Option<Answer> {
        self.pool.preconnect(&key("a"), 1, self.now);
        silent()
    }

    fn cancel(&mut self) -> Option<Answer> {
        let waiter = first(&mut self.waiting)?;
        self.pool.cancel(waiter, self.now);
        silent()
    }

    fn poll(&mut self) -> Option<Answer> {
        let Some(command) = self.pool.poll(self.now) else { return silent() };
        let (word, conn) = match command {
            PoolCommand::Grant { waiter, lease, .. } => {
                let conn = lease.conn();
                self.waiting.retain(|waiting| *waiting != waiter);
                self.held.push(lease);
                ("Grant", conn)
            }
            PoolCommand::Dial { lease } => {
                let conn = lease.conn();
                self.known.push(conn);
                self.dials.push(lease);
                ("Dial", conn)
            }
            PoolCommand::Abandon { conn } => ("Abandon", conn),
            PoolCommand::Close { conn, .. } => ("Close", conn),
            PoolCommand::Refuse { waiter, .. } => {
                self.waiting.retain(|waiting| *waiting != waiter);
                // No connection has this number.
                return Some(Answer { said: None, about: Some(usize::MAX) });
            }
        };
        Some(Answer { said: Some(word.to_owned()), about: Some(number(conn)) })
    }

    fn dialed(&mut self) -> Option<Answer> {
        let lease = first(&mut self.dials)?;
        let conn = lease.conn();
        self.pool.dialed(lease, (), self.now);
        about(conn)
    }

    fn dial_failed(&mut self) -> Option<Answer> {
        let lease = first(&mut self.dials)?;
        let conn = lease.conn();
        self.pool.dial_failed(lease, (), self.now);
        about(conn)
    }

    fn release(&mut self, fate: Fate) -> Option<Answer> {
        let lease = first(&mut self.held)?;
        let conn = lease.conn();
        let _ = self.pool.release(lease, (), fate, self.now);
        about(conn)
    }

    fn retake(&mut self) -> Option<Answer> {
        let lease = first(&mut self.held)?;
        let conn = lease.conn();
        let why = CloseReason::PeerClosed;
        self.waiting.push(self.pool.retake(lease, (), why, Demand::default(), self.now));
        about(conn)
    }

    fn forget(&mut self) -> Option<Answer> {
        let lease = first(&mut self.held)?;
        let conn = lease.conn();
        self.pool.forget(lease, self.now);
        about(conn)
    }

    /// The connection that was dialed first of those that there are.
    fn stirred(&mut self) -> Option<Answer> {
        let there = self.connections();
        let conn = *self.known.iter().find(|conn| there.contains_key(&number(**conn)))?;
        self.pool.stirred(conn, CloseReason::PeerClosed, self.now);
        about(conn)
    }

    fn evict(&mut self) -> Option<Answer> {
        self.pool.evict(|_| true, self.now);
        silent()
    }

    fn shut_down(&mut self) -> Option<Answer> {
        self.pool.shut_down(self.now);
        silent()
    }

    fn later(&mut self) -> Option<Answer> {
        self.now = self.now + Duration::from_secs(120);
        self.poll()
    }
}

impl Machine for Driven {
    fn look(&self) -> (Views, String) {
        let counts = self.pool.counts();
        let held = (self.dials.len(), self.held.len(), self.waiting.len());
        let situation = format!("{held:?} {} {} {}", counts.words.min(3), counts.waiting, counts.keys);
        (vec![self.connections()], situation)
    }
}
