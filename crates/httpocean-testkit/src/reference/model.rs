//! A pool of vectors and linear scans, which is told everything at once and holds nothing back.
//!
//! It decides and says in one breath, so it knows nothing of decisions that are not said yet.

use core::time::Duration;

use httpocean_core::pool::{Demand, DialPolicy, Facts, Fate, Options, Order, Refusal, Surplus};
use httpocean_core::{CloseReason, Instant};

use super::{Input, Said};

/// The pool. Jitter is not modelled.
#[derive(Debug)]
pub struct Model {
    options: Options,
    now: Instant,
    conns: Vec<Conn>,
    /// Numbers of idle connections, the coldest first.
    idle: Vec<usize>,
    /// In the order in which they are served.
    queue: Vec<Waiter>,
    keys: Vec<Known>,
    /// Keys that wait for a place, by incarnation.
    ring: Vec<u64>,
    turns_taken: u32,
    said: Vec<Said>,
    dials: usize,
    numbers: u64,
    grants: u64,
    incarnations: u64,
    shut: bool,
    /// A connection that is about to be closed.
    leaving: Option<usize>,
}

#[derive(Debug)]
struct Conn {
    id: usize,
    key: u8,
    state: State,
    number: u64,
    uses: u32,
    uses_left: Option<u32>,
    idle_until: Instant,
    dies_at: Option<Instant>,
    granted: u64,
    doomed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Dialing { charged: bool, abandoned: bool, started: Instant },
    Busy { idle_since: Option<Instant> },
    Idle { since: Instant },
}

#[derive(Debug)]
struct Waiter {
    id: usize,
    key: u8,
    demand: Demand,
    since: Instant,
    dial: Option<usize>,
}

/// A key, as long as it holds or wants something or pauses.
#[derive(Debug)]
struct Known {
    key: u8,
    incarnation: u64,
    /// Who has no dial, in the order in which they get one.
    unasked: Vec<usize>,
    failures: u32,
    failed_at: Option<Instant>,
    no_dial_before: Instant,
    /// Dials that nobody owns, the last that was left in front.
    orphans: Vec<usize>,
}

#[derive(PartialEq)]
enum Attempt {
    Begun,
    NotNow,
    Full,
}

impl Model {
    /// An empty pool.
    pub fn new(options: Options) -> Self {
        assert_eq!(options.jitter_percent, 0, "jitter is not modelled");
        Self {
            options,
            now: Instant::ZERO,
            conns: Vec::new(),
            idle: Vec::new(),
            queue: Vec::new(),
            keys: Vec::new(),
            ring: Vec::new(),
            turns_taken: 0,
            said: Vec::new(),
            dials: 0,
            numbers: 0,
            grants: 0,
            incarnations: 0,
            shut: false,
            leaving: None,
        }
    }

    /// What follows from an input.
    pub fn tell(&mut self, input: Input, now: Instant) -> Vec<Said> {
        self.now = self.now.max(now);
        match input {
            Input::Acquire { waiter, key, demand } => {
                if self.admit(waiter, key, demand, false) {
                    self.balance(key);
                }
            }
            Input::Cancel { waiter } => {
                if let Some(key) = self.unqueue(waiter) {
                    self.trim(key);
                }
            }
            Input::Dialed { conn } => self.dialed(conn),
            Input::DialFailed { conn } => self.dial_failed(conn),
            Input::Release { conn, fate, kept } => {
                self.release(conn, fate);
                let open = self.conns.iter().any(|c| c.id == conn);
                assert_eq!(kept, open, "whether connection {conn} stays open");
            }
            Input::Retake { conn, why, waiter, demand } => {
                // It asks before its old place is free, so that it lines up for a place before that is given.
                let key = self.conn(conn).key;
                self.leaving = Some(conn);
                if self.admit(waiter, key, demand, true) {
                    self.balance(key);
                }
                self.leaving = None;
                self.close(conn, why);
                self.free(key, None);
            }
            Input::Forget { conn } => {
                let key = self.take(conn).key;
                self.free(key, None);
            }
            Input::Stirred { conn, why } => {
                if self.idle.contains(&conn) {
                    let key = self.close(conn, why);
                    self.free(key, None);
                }
            }
            Input::Evict { keys } => self.evict(keys),
            Input::ShutDown => self.shut_down(),
        }
        self.tidy()
    }

    /// What follows from the time alone.
    pub fn wake(&mut self, now: Instant) -> Vec<Said> {
        self.now = self.now.max(now);
        let overdue = |c: &&Conn| matches!(c.state, State::Idle { .. }) && c.idle_until <= self.now;
        for conn in self.conns.iter().filter(overdue).map(|c| c.id).collect::<Vec<_>>() {
            let dies = self.conn(conn).dies_at.is_some_and(|at| at <= self.now);
            let key = self.close(conn, if dies { CloseReason::TooOld } else { CloseReason::IdleTooLong });
            self.free(key, None);
        }
        for waiter in self.queue.iter().map(|w| w.id).collect::<Vec<_>>() {
            self.refuse_if_due(waiter);
        }
        for key in self.keys.iter().map(|k| k.key).collect::<Vec<_>>() {
            self.balance(key);
        }
        self.tidy()
    }

    /// When time alone may change something next, after `now`.
    pub fn next_deadline(&self) -> Option<Instant> {
        let idle = self.conns.iter().filter(|c| matches!(c.state, State::Idle { .. })).map(|c| c.idle_until);
        let waits = self.queue.iter().flat_map(|w| [w.demand.deadline, w.demand.patience]).flatten();
        let delay = match self.options.dial {
            DialPolicy::Eager => Duration::ZERO,
            DialPolicy::Wait(delay) => delay,
        };
        let delays = self.queue.iter().map(|w| w.since + delay);
        let pauses = self.keys.iter().map(|k| k.no_dial_before);
        idle.chain(waits).chain(delays).chain(pauses).filter(|at| *at > self.now).min()
    }

    fn admit(&mut self, waiter: usize, key: u8, demand: Demand, back: bool) -> bool {
        self.know(key);
        if self.shut {
            self.said.push(Said::Refuse { waiter, why: Refusal::ShutDown, error: None });
            return false;
        }
        let entry = Waiter { id: waiter, key, demand, since: self.now, dial: None };
        let older = self.queue.iter().any(|w| w.key == key && !w.demand.fresh);
        if !demand.fresh && (back || !older) {
            if let Some(conn) = self.pick_idle(key) {
                self.queue.push(entry);
                self.grant(conn, waiter);
                return false;
            }
        }
        if !back && self.queue.len() >= self.options.max_waiters {
            self.said.push(Said::Refuse { waiter, why: Refusal::QueueFull, error: None });
            return false;
        }
        if back {
            self.queue.insert(0, entry);
        } else {
            self.queue.push(entry);
        }
        self.wait_for_dial(waiter);
        true
    }

    fn pick_idle(&self, key: u8) -> Option<usize> {
        let mut own = self.idle.iter().copied().filter(|id| self.conn(*id).key == key);
        match self.options.order {
            Order::Lifo => own.next_back(),
            Order::Fifo => own.next(),
            Order::RoundRobin => own.min_by_key(|id| (self.conn(*id).granted, self.conn(*id).number)),
        }
    }

    fn grant(&mut self, conn: usize, waiter: usize) {
        self.unqueue(waiter);
        self.grants += 1;
        let (grants, now) = (self.grants, self.now);
        self.idle.retain(|id| *id != conn);
        let c = self.conn_mut(conn);
        let idle_since = match c.state {
            State::Idle { since } => Some(since),
            State::Busy { idle_since } => idle_since,
            State::Dialing { .. } => None,
        };
        c.granted = grants;
        c.state = State::Busy { idle_since };
        let facts = Facts { number: c.number, reused: c.uses, idle_for: idle_since.map(|since| now - since) };
        let key = c.key;
        self.said.push(Said::Grant { waiter, conn, key, facts });
        self.trim(key);
    }

    fn dialed(&mut self, conn: usize) {
        let owner = self.end_dial(conn);
        self.numbers += 1;
        let (number, now) = (self.numbers, self.now);
        let dies_at = self.options.lifetime.map(|lifetime| now + lifetime);
        let idle_until = now + self.options.idle;
        let c = self.conn_mut(conn);
        c.number = number;
        c.dies_at = dies_at;
        c.idle_until = dies_at.map_or(idle_until, |at| at.min(idle_until));
        c.state = State::Busy { idle_since: None };
        let key = c.key;
        let known = self.known(key);
        (known.failures, known.failed_at, known.no_dial_before) = (0, None, Instant::ZERO);
        if let Some(owner) = owner {
            self.lose_dial(owner);
        }
        self.place_new(conn, key);
        if let Some(owner) = owner {
            self.refuse_if_due(owner);
        }
        self.feed();
        self.balance(key);
    }

    fn place_new(&mut self, conn: usize, key: u8) {
        if let (Some(waiter), false) = (self.oldest(key, true), self.shut) {
            return self.grant(conn, waiter);
        }
        let own_idle = self.idle.iter().filter(|id| self.conn(**id).key == key).count();
        let room = own_idle < self.options.max_idle_per_key && self.idle.len() < self.options.max_idle_total;
        let c = self.conn(conn);
        let why = if self.shut {
            CloseReason::ShutDown
        } else if c.doomed {
            CloseReason::Evicted
        } else if self.options.surplus == Surplus::Cancel || !room || c.idle_until <= self.now {
            CloseReason::Unwanted
        } else {
            return self.park(conn);
        };
        self.close(conn, why);
        self.free(key, None);
    }

    fn dial_failed(&mut self, conn: usize) {
        let State::Dialing { charged, abandoned, started } = self.conn(conn).state else {
            panic!("{conn} is not dialed")
        };
        let owner = self.end_dial(conn);
        let (key, now) = (self.take(conn).key, self.now);
        let known = self.known(key);
        if !abandoned && known.failed_at.is_none_or(|at| started >= at) {
            let pause = Duration::from_millis(50).saturating_mul(1 << known.failures.min(10));
            known.failures += 1;
            known.no_dial_before = now + pause.min(Duration::from_secs(1));
            known.failed_at = Some(now);
        }
        if let Some(owner) = owner {
            self.lose_dial(owner);
            if charged {
                self.refuse(owner, Refusal::DialFailed, Some(conn));
            } else {
                self.refuse_if_due(owner);
            }
        }
        self.free(key, None);
    }

    fn release(&mut self, conn: usize, fate: Fate) {
        let (now, options) = (self.now, self.options.clone());
        let c = self.conn_mut(conn);
        match fate {
            Fate::Untouched => {}
            Fate::Spent(why) => {
                let key = self.close(conn, why);
                return self.free(key, None);
            }
            Fate::Reusable { hint, uses_left } => {
                c.uses += 1;
                c.uses_left = uses_left.or(c.uses_left.map(|left| left.saturating_sub(1)));
                c.state = State::Busy { idle_since: None };
                let hint = hint.map_or(options.idle, |hint| hint.saturating_sub(options.idle_margin));
                c.idle_until = now + hint.min(options.idle);
                c.idle_until = c.dies_at.map_or(c.idle_until, |at| at.min(c.idle_until));
            }
        }
        let never_used = c.uses == 0 && c.state == State::Busy { idle_since: None };
        let key = c.key;
        let why = if self.shut {
            Some(CloseReason::ShutDown)
        } else {
            let c = self.conn(conn);
            let used_up = c.uses_left == Some(0) || options.max_uses.is_some_and(|max| c.uses >= max);
            match () {
                () if c.doomed => Some(CloseReason::Evicted),
                () if c.dies_at.is_some_and(|at| at <= now) => Some(CloseReason::TooOld),
                () if used_up => Some(CloseReason::UsedUp),
                () if c.idle_until <= now => Some(CloseReason::IdleTooLong),
                () => None,
            }
        };
        if let Some(why) = why {
            self.close(conn, why);
            self.free(key, None);
        } else if !never_used && self.is_turn_of_fresh(key) {
            self.close(conn, CloseReason::Evicted);
            self.free(key, Some(key));
        } else if let Some(next) = self.whose_turn(key) {
            self.close(conn, CloseReason::Evicted);
            self.free(key, Some(next));
        } else if let Some(waiter) = self.oldest(key, never_used) {
            self.grant(conn, waiter);
        } else {
            self.park(conn);
        }
    }

    fn park(&mut self, conn: usize) {
        let key = self.conn(conn).key;
        if self.options.max_idle_per_key == 0 || self.options.max_idle_total == 0 {
            self.close(conn, CloseReason::IdleFull);
            return self.free(key, None);
        }
        let now = self.now;
        let c = self.conn_mut(conn);
        let since = match c.state {
            State::Busy { idle_since } => idle_since.unwrap_or(now),
            State::Dialing { .. } | State::Idle { .. } => now,
        };
        c.state = State::Idle { since };
        self.idle.push(conn);
        let own: Vec<usize> = self.idle.iter().copied().filter(|id| self.conn(*id).key == key).collect();
        let victim = if own.len() > self.options.max_idle_per_key {
            own.first().copied()
        } else if self.idle.len() > self.options.max_idle_total {
            self.idle.first().copied()
        } else {
            None
        };
        if let Some(victim) = victim {
            let key = self.close(victim, CloseReason::IdleFull);
            self.free(key, None);
        }
        self.feed();
        self.balance(key);
    }

    fn evict(&mut self, keys: u8) {
        for c in self.conns.iter_mut().filter(|c| keys & (1 << c.key) != 0) {
            c.doomed = true;
        }
        let picked = |id: &usize| keys & (1 << self.conn(*id).key) != 0;
        let closed: Vec<usize> = self.idle.iter().copied().filter(picked).collect();
        let keys: Vec<u8> = closed.into_iter().map(|conn| self.close(conn, CloseReason::Evicted)).collect();
        for key in keys {
            self.free(key, None);
        }
    }

    fn shut_down(&mut self) {
        self.shut = true;
        for conn in self.idle.clone() {
            self.close(conn, CloseReason::ShutDown);
        }
        for waiter in self.queue.iter().map(|w| w.id).collect::<Vec<_>>() {
            self.refuse(waiter, Refusal::ShutDown, None);
        }
        for conn in self.running(None) {
            self.abandon(conn);
        }
    }

    fn refuse_if_due(&mut self, waiter: usize) {
        let Some(w) = self.queue.iter().find(|w| w.id == waiter) else { return };
        let passed = |at: Option<Instant>| at.is_some_and(|at| at <= self.now);
        if passed(w.demand.deadline) && w.dial.is_some() {
            self.refuse(waiter, Refusal::DialTooSlow, None);
        } else if passed(w.demand.deadline) || passed(w.demand.patience) && w.dial.is_none() {
            self.refuse(waiter, Refusal::WaitedTooLong, None);
        }
    }

    fn refuse(&mut self, waiter: usize, why: Refusal, error: Option<usize>) {
        if let Some(key) = self.unqueue(waiter) {
            self.said.push(Said::Refuse { waiter, why, error });
            self.trim(key);
        }
    }

    fn oldest(&self, key: u8, never_used: bool) -> Option<usize> {
        self.queue.iter().find(|w| w.key == key && (never_used || !w.demand.fresh)).map(|w| w.id)
    }

    /// A waiter leaves; its dial goes to the next who has none.
    fn unqueue(&mut self, waiter: usize) -> Option<u8> {
        let at = self.queue.iter().position(|w| w.id == waiter)?;
        let Waiter { key, dial, .. } = self.queue.remove(at);
        let known = self.known(key);
        known.unasked.retain(|id| *id != waiter);
        if let Some(dial) = dial {
            let heir = known.unasked.first().copied();
            known.orphans.insert(0, dial);
            if let Some(heir) = heir {
                self.take_over(dial, heir);
            }
        }
        Some(key)
    }

    fn take_over(&mut self, dial: usize, waiter: usize) {
        let Some(w) = self.queue.iter_mut().find(|w| w.id == waiter) else { return };
        w.dial = Some(dial);
        let key = w.key;
        if let State::Dialing { charged, .. } = &mut self.conn_mut(dial).state {
            *charged = false;
        }
        self.known(key).orphans.retain(|id| *id != dial);
        self.known(key).unasked.retain(|id| *id != waiter);
    }

    fn lose_dial(&mut self, waiter: usize) {
        let Some(w) = self.queue.iter_mut().find(|w| w.id == waiter) else { return };
        w.dial = None;
        self.wait_for_dial(waiter);
    }

    /// Whoever has waited the longest asks next.
    fn wait_for_dial(&mut self, waiter: usize) {
        let Some(w) = self.queue.iter().find(|w| w.id == waiter) else { return };
        let (key, since) = (w.key, w.since);
        if let Some(orphan) = self.known(key).orphans.first().copied() {
            return self.take_over(orphan, waiter);
        }
        let waited: Vec<(usize, Instant)> = self.queue.iter().map(|w| (w.id, w.since)).collect();
        let no_older = |id: &usize| waited.iter().any(|(other, at)| other == id && *at >= since);
        let unasked = &mut self.known(key).unasked;
        let at = unasked.iter().position(no_older).unwrap_or(unasked.len());
        unasked.insert(at, waiter);
    }

    /// Who owned it.
    fn end_dial(&mut self, dial: usize) -> Option<usize> {
        let key = self.conn(dial).key;
        self.known(key).orphans.retain(|id| *id != dial);
        self.queue.iter().find(|w| w.dial == Some(dial)).map(|w| w.id)
    }

    fn trim(&mut self, key: u8) {
        while self.options.surplus == Surplus::Cancel {
            let Some(orphan) = self.known(key).orphans.first().copied() else { return };
            let Some(newest) = self.running(Some(key)).pop() else { return };
            if let Some(owner) = self.end_dial(newest) {
                self.take_over(orphan, owner);
            }
            self.abandon(newest);
        }
    }

    fn abandon(&mut self, dial: usize) {
        self.end_dial(dial);
        if let State::Dialing { abandoned, .. } = &mut self.conn_mut(dial).state {
            *abandoned = true;
        }
        self.said.push(Said::Abandon { conn: dial });
    }

    /// Dials that were not abandoned, the oldest first.
    fn running(&self, key: Option<u8>) -> Vec<usize> {
        let counts = |c: &&Conn| matches!(c.state, State::Dialing { abandoned: false, .. });
        self.conns
            .iter()
            .filter(counts)
            .filter(|c| key.is_none_or(|key| c.key == key))
            .map(|c| c.id)
            .collect()
    }

    fn dialing(&self, key: Option<u8>) -> usize {
        let dials = |c: &&Conn| matches!(c.state, State::Dialing { .. });
        self.conns.iter().filter(dials).filter(|c| key.is_none_or(|key| c.key == key)).count()
    }

    fn free(&mut self, key: u8, first: Option<u8>) {
        if let Some(first) = first {
            self.balance(first);
        }
        self.feed();
        self.balance(key);
    }

    fn balance(&mut self, key: u8) {
        loop {
            match self.try_dial(key) {
                Attempt::Begun => {}
                Attempt::NotNow => return,
                Attempt::Full => {
                    let incarnation = self.known(key).incarnation;
                    if !self.ring.contains(&incarnation) {
                        self.ring.push(incarnation);
                    }
                    return;
                }
            }
        }
    }

    fn feed(&mut self) {
        while let Some(first) = self.ring.first().copied() {
            match self.key_of(first).map_or(Attempt::NotNow, |key| self.try_dial(key)) {
                Attempt::Begun => self.ring.rotate_left(1),
                Attempt::NotNow => {
                    self.ring.remove(0);
                }
                Attempt::Full => return,
            }
            self.turns_taken = 0;
        }
        self.turns_taken = 0;
    }

    fn whose_turn(&mut self, key: u8) -> Option<u8> {
        let waits = self.queue.iter().any(|w| w.key == key);
        let full = self.conns.len() >= self.options.max_total;
        if !waits || !full || self.dialing(None) >= self.options.max_dials {
            return None;
        }
        let mut passed_own = false;
        let next = loop {
            let first = *self.ring.first()?;
            let useful = self
                .key_of(first)
                .filter(|key| self.next_asker(*key).is_some() && self.open(*key) < self.options.max_per_key);
            match useful {
                None => drop(self.ring.remove(0)),
                Some(next) if next != key => break next,
                Some(_) if passed_own => return None,
                Some(_) => {
                    passed_own = true;
                    self.ring.rotate_left(1);
                }
            }
        };
        self.turns_taken += 1;
        if self.turns_taken <= self.options.turns {
            return None;
        }
        self.turns_taken = 0;
        self.ring.rotate_left(1);
        Some(next)
    }

    /// The oldest waiter of a key takes only a fresh connection, others take any, and there is no place for a dial.
    fn is_turn_of_fresh(&self, key: u8) -> bool {
        let mut waiting = self.queue.iter().filter(|w| w.key == key);
        let Some(oldest) = waiting.next() else { return false };
        let full = self.open(key) >= self.options.max_per_key || self.conns.len() >= self.options.max_total;
        oldest.demand.fresh
            && waiting.any(|w| !w.demand.fresh)
            && full
            && self.dialing(None) < self.options.max_dials
            && self.next_asker(key) == Some(oldest.id)
    }

    fn next_asker(&self, key: u8) -> Option<usize> {
        let known = self.keys.iter().find(|k| k.key == key)?;
        if self.shut || self.dialing(Some(key)) >= self.options.max_dials_per_key {
            return None;
        }
        let asker = *known.unasked.first()?;
        let since = self.queue.iter().find(|w| w.id == asker)?.since;
        let ready = match self.options.dial {
            DialPolicy::Eager => true,
            DialPolicy::Wait(delay) => since + delay <= self.now,
        };
        (ready && known.no_dial_before <= self.now).then_some(asker)
    }

    fn try_dial(&mut self, key: u8) -> Attempt {
        let Some(asker) = self.next_asker(key) else { return Attempt::NotNow };
        let own_idle = self.idle.iter().copied().find(|id| self.conn(*id).key == key);
        let own_leaves = self.leaving.is_some_and(|conn| self.conn(conn).key == key);
        let key_is_full = self.open(key) - usize::from(own_leaves) >= self.options.max_per_key;
        if key_is_full && own_idle.is_none() {
            return Attempt::NotNow;
        }
        if self.dialing(None) >= self.options.max_dials {
            return Attempt::Full;
        }
        if let (true, Some(coldest)) = (key_is_full, own_idle) {
            self.close(coldest, CloseReason::Evicted);
        }
        let own_place_is_coming = own_leaves && self.open(key) >= self.options.max_per_key;
        let place_is_coming = self.leaving.is_some() && self.conns.len() >= self.options.max_total;
        if own_place_is_coming || place_is_coming {
            return Attempt::Full;
        }
        if self.conns.len() >= self.options.max_total {
            match self.idle.first().copied() {
                Some(coldest) => drop(self.close(coldest, CloseReason::Evicted)),
                None => return Attempt::Full,
            }
        }
        self.start_dial(key, asker);
        Attempt::Begun
    }

    fn start_dial(&mut self, key: u8, asker: usize) {
        let (id, now) = (self.dials, self.now);
        self.dials += 1;
        self.conns.push(Conn {
            id,
            key,
            state: State::Dialing { charged: true, abandoned: false, started: now },
            number: 0,
            uses: 0,
            uses_left: None,
            idle_until: now,
            dies_at: None,
            granted: 0,
            doomed: false,
        });
        self.known(key).unasked.retain(|w| *w != asker);
        if let Some(w) = self.queue.iter_mut().find(|w| w.id == asker) {
            w.dial = Some(id);
        }
        self.said.push(Said::Dial { conn: id, key });
    }

    fn close(&mut self, conn: usize, why: CloseReason) -> u8 {
        let Conn { key, number, .. } = self.take(conn);
        self.said.push(Said::Close { conn, key, number, why });
        key
    }

    fn take(&mut self, conn: usize) -> Conn {
        self.idle.retain(|id| *id != conn);
        let at = self.conns.iter().position(|c| c.id == conn).expect("a live connection");
        self.conns.remove(at)
    }

    fn tidy(&mut self) -> Vec<Said> {
        let (conns, queue, now, shut) = (&self.conns, &self.queue, self.now, self.shut);
        self.keys.retain(|known| {
            conns.iter().any(|c| c.key == known.key)
                || queue.iter().any(|w| w.key == known.key)
                || known.no_dial_before > now && !shut
        });
        core::mem::take(&mut self.said)
    }

    fn open(&self, key: u8) -> usize {
        self.conns.iter().filter(|c| c.key == key).count()
    }

    fn key_of(&self, incarnation: u64) -> Option<u8> {
        self.keys.iter().find(|k| k.incarnation == incarnation).map(|k| k.key)
    }

    fn know(&mut self, key: u8) {
        if !self.keys.iter().any(|k| k.key == key) {
            self.incarnations += 1;
            self.keys.push(Known {
                key,
                incarnation: self.incarnations,
                unasked: Vec::new(),
                failures: 0,
                failed_at: None,
                no_dial_before: Instant::ZERO,
                orphans: Vec::new(),
            });
        }
    }

    fn known(&mut self, key: u8) -> &mut Known {
        self.know(key);
        self.keys.iter_mut().find(|k| k.key == key).expect("a known key")
    }

    fn conn(&self, id: usize) -> &Conn {
        self.conns.iter().find(|c| c.id == id).expect("a live connection")
    }

    fn conn_mut(&mut self, id: usize) -> &mut Conn {
        self.conns.iter_mut().find(|c| c.id == id).expect("a live connection")
    }
}
