//! Who hears what: from the pool to calls and dials, and from them to the driver.

use super::entries::Link;
use super::timers::Of;
use super::{CallId, Driven, Engine, Event, Task};
use crate::arena::ConnId;
use crate::call::CallStep;
use crate::conn::Conn;
use crate::dial::{Dial, DialStep};
use crate::error::{Error, ErrorKind, Phase};
use crate::io::Io;
use crate::pool::{Demand, Facts, Fate, Lease, PoolCommand};
use crate::reason::{CloseReason, Refusal};

impl Engine {
    /// Carries what the pool says to whom it concerns.
    pub(super) fn route(&mut self) {
        while let Some(command) = self.pool.poll(self.now) {
            self.pass_on(command);
        }
    }

    /// Apart from the question whether there is anything: mostly there is not.
    #[inline(never)]
    fn pass_on(&mut self, command: PoolCommand<Conn, Error>) {
        match command {
            PoolCommand::Grant { waiter, lease, parked, facts } => {
                let call = self.links.take_waiter(waiter);
                self.grant(call, lease, parked, facts);
            }
            PoolCommand::Dial { lease } => {
                let conn = lease.conn();
                self.tasks.push_back(Task::Dial { conn, key: lease.key().clone() });
                self.links.insert(Dial::new(lease.key(), &self.config, self.now), lease);
                self.step_dial(conn);
            }
            PoolCommand::Abandon { conn } => {
                let error = Error::new(ErrorKind::Cancelled, Phase::Connect);
                self.end_dial(conn, error, CloseReason::Unwanted);
            }
            PoolCommand::Refuse { waiter, why, error } => {
                if let Some(call) = self.links.take_waiter(waiter) {
                    if let Some(entry) = self.calls.get_mut(call) {
                        entry.waiter = None;
                        entry.call.refused(why, error, self.now);
                    }
                    self.step_detached(call);
                }
            }
            PoolCommand::Close { conn, why, mut parked, .. } => {
                self.keep_goodbye(conn, parked.goodbye());
                self.close(conn, why, None);
            }
        }
    }

    /// A call asks for a connection: it gets one that is idle, or waits. From now on the pool has the word.
    fn acquire(&mut self, call: CallId, demand: Demand) {
        let Some(entry) = self.calls.get_mut(call) else { return };
        match self.pool.acquire_idle(entry.call.key(), demand, self.now) {
            Some((lease, parked, facts)) => self.grant(Some(call), lease, parked, facts),
            None => {
                let waiter = self.pool.acquire(entry.call.key(), demand, self.now);
                entry.waiter = Some(waiter);
                self.links.expect(waiter, call);
            }
        }
    }

    fn grant(&mut self, call: Option<CallId>, lease: Lease, parked: Conn, facts: Facts) {
        let conn = lease.conn();
        match call.and_then(|call| Some((call, self.calls.get_mut(call)?))) {
            Some((call, entry)) => {
                entry.waiter = None;
                entry.facts = facts;
                entry.lease = Some(lease);
                entry.call.attach(parked, facts, self.now);
                self.set_link(conn, Link::Busy(call));
                self.drive_soon(conn);
            }
            // Every waiter is a call's; one without would be a bug, and its connection is not lost.
            None => _ = self.pool.release(lease, parked, Fate::Untouched, self.now),
        }
    }

    /// Its `Hop` was said: the next attempt begins.
    pub(super) fn go_on(&mut self, call: CallId) {
        if let Some(entry) = self.calls.get_mut(call) {
            entry.hops = false;
            self.step_detached(call);
        }
    }

    /// The pool refuses who waits in it; those who wait for their next attempt would come later.
    pub(super) fn refuse_who_pauses(&mut self) {
        let pausing = self.calls.iter().filter(|(_, entry)| entry.call.is_pausing());
        for call in pausing.map(|(call, _)| call).collect::<Vec<_>>() {
            if let Some(entry) = self.calls.get_mut(call) {
                entry.call.refused(Refusal::ShutDown, None, self.now);
            }
            self.step_detached(call);
        }
    }

    /// Something about a call changed: let it speak, by way of its connection if it has one.
    pub(super) fn let_speak(&mut self, call: CallId) {
        let Some(entry) = self.calls.get(call).filter(|entry| !entry.ended) else { return };
        match entry.lease.as_ref().map(|lease| lease.conn()) {
            Some(conn) => self.drive_soon(conn),
            None => self.step_detached(call),
        }
    }

    pub(super) fn drive_soon(&mut self, conn: ConnId) {
        match self.links.get_mut(conn) {
            // Before an attempt has won there are no bytes.
            Some(link) if matches!(&link.state, Link::Dialing(dialing) if !dialing.dial.is_staged()) => {}
            Some(link) if !link.queued => {
                link.queued = true;
                self.tasks.push_back(Task::Drive(conn));
            }
            Some(_) => {}
            None => self.stale_inputs += 1,
        }
    }

    /// Lets a call that has no connection say what it has to say.
    pub(super) fn step_detached(&mut self, call: CallId) {
        let Some(entry) = self.calls.get_mut(call).filter(|entry| !entry.ended && !entry.hops) else {
            return;
        };
        match entry.call.step(&mut self.scratch, self.now) {
            CallStep::Acquire(demand) => self.acquire(call, demand),
            // In the pool, which knows its deadlines, and knows better what it waits for when they pass.
            CallStep::Wait(_) if entry.waiter.is_some() => {}
            CallStep::Wait(want) => {
                entry.alarm.set(&mut self.timers, Of::Call(call), want.until);
                self.drop_moot();
            }
            CallStep::Hop(hop) => {
                entry.hops = true;
                self.tasks.push_back(Task::Event { call, event: Event::Hop(hop) });
            }
            CallStep::Failed(error) => self.end_detached(call, Event::Failed(error)),
            CallStep::End => self.end_detached(call, Event::End { trailers: None }),
            // None of these is said without a connection.
            CallStep::Release(_)
            | CallStep::NeedBody { .. }
            | CallStep::Interim(_)
            | CallStep::Passing(_)
            | CallStep::Head(_)
            | CallStep::Data(_)
            | CallStep::Upgraded(_) => {}
        }
    }

    /// Lets a dial say what it has to say, as long as it is not about bytes: those the driver brings.
    pub(super) fn step_dial(&mut self, conn: ConnId) {
        loop {
            let now = self.now;
            let Some(dialing) = self.links.dialing_mut(conn) else { return };
            match dialing.dial.step_up_to_stages(now) {
                Some(step) => {
                    if self.dial_says(conn, step).is_some() {
                        return;
                    }
                }
                None => return self.drive_soon(conn),
            }
        }
    }

    /// Lets a dial go on with bytes, once an attempt has won; before, they mean nothing to it.
    pub(super) fn drive_dial(&mut self, conn: ConnId, io: &mut Io) -> Driven {
        let now = self.now;
        let Some(dialing) = self.links.dialing_mut(conn) else { return Driven::Free };
        if !dialing.dial.is_staged() {
            return Driven::Free;
        }
        let step = dialing.dial.step(io, now);
        self.dial_says(conn, step).unwrap_or(Driven::Free)
    }

    /// `None`: it has more to say.
    fn dial_says(&mut self, conn: ConnId, step: DialStep) -> Option<Driven> {
        let dialing = self.links.dialing_mut(conn)?;
        match step {
            DialStep::Resolve => self.tasks.push_back(Task::Resolve(conn)),
            DialStep::Connect { attempt, addr } => {
                dialing.unsaid.push(attempt);
                self.tasks.push_back(Task::Connect { conn, attempt, addr });
            }
            DialStep::Abandon { attempt } if dialing.take_unsaid(attempt) => {}
            DialStep::Abandon { attempt } => self.tasks.push_back(Task::Abandon { conn, attempt }),
            DialStep::Wait(want) => {
                self.arm_dial(conn, want.until);
                return Some(Driven::Wait(want));
            }
            DialStep::Ready(made) => {
                self.disarm_dial(conn);
                if let Some(Link::Dialing(dialing)) = self.set_link(conn, Link::Idle) {
                    self.pool.dialed(dialing.lease, made, self.now);
                }
                return Some(Driven::Free);
            }
            DialStep::Failed(error) => {
                self.end_dial(conn, error, CloseReason::NotMade);
                return Some(Driven::Free);
            }
        }
        None
    }

    /// One thing that a call with a connection has to say.
    pub(super) fn drive_call(&mut self, call: CallId, conn: ConnId, io: &mut Io) -> Driven {
        loop {
            let Some(entry) = self.calls.get_mut(call) else { return Driven::Free };
            let event = match entry.call.step(io, self.now) {
                CallStep::Wait(want) => {
                    entry.alarm.set(&mut self.timers, Of::Call(call), want.until);
                    self.drop_moot();
                    return Driven::Wait(want);
                }
                CallStep::Release(fate) => {
                    self.release(call, conn, fate);
                    continue;
                }
                CallStep::Acquire(demand) => {
                    self.acquire(call, demand);
                    return Driven::Free;
                }
                CallStep::Hop(hop) => {
                    entry.hops = true;
                    self.tasks.push_back(Task::Event { call, event: Event::Hop(hop) });
                    return Driven::Free;
                }
                CallStep::NeedBody { from } => Event::NeedBody { from },
                CallStep::Interim(len) => Event::Interim(len),
                CallStep::Passing(len) => Event::Passing(len),
                CallStep::Head(len) => Event::Head(len),
                CallStep::Data(len) => Event::Data(len),
                CallStep::End => {
                    let trailers = entry.call.trailers().map(Box::new);
                    self.forget_call(call);
                    Event::End { trailers }
                }
                CallStep::Failed(error) => {
                    self.forget_call(call);
                    Event::Failed(error)
                }
                CallStep::Upgraded(len) => {
                    self.hand_over(call, conn);
                    Event::Upgraded(len)
                }
            };
            return Driven::Event { call, event };
        }
    }

    /// Bytes, an end or an error on a connection that nobody uses: a fact, if there is any.
    pub(super) fn look_at_idle(&mut self, conn: ConnId, io: &mut Io) -> Driven {
        let found = self.pool.parked_mut(conn).and_then(|parked| parked.idle_input(io));
        if let Some(why) = found {
            self.pool.stirred(conn, why, self.now);
        }
        Driven::Free
    }

    pub(super) fn forget_call(&mut self, call: CallId) {
        let Some(entry) = self.calls.get_mut(call) else { return };
        entry.alarm.clear(&mut self.timers);
        if let Some(waiter) = entry.waiter.take() {
            self.links.take_waiter(waiter);
            self.pool.cancel(waiter, self.now);
        }
        self.calls.discard(call);
        self.drop_moot();
    }

    fn end_detached(&mut self, call: CallId, event: Event) {
        let Some(entry) = self.calls.get_mut(call) else { return };
        entry.alarm.clear(&mut self.timers);
        entry.ended = true;
        if let Some(waiter) = entry.waiter.take() {
            self.links.take_waiter(waiter);
            self.pool.cancel(waiter, self.now);
        }
        self.tasks.push_back(Task::Event { call, event });
        self.drop_moot();
    }

    fn release(&mut self, call: CallId, conn: ConnId, fate: Fate) {
        let Some(entry) = self.calls.get_mut(call) else { return };
        let (lease, parked) = (entry.lease.take(), entry.call.detach());
        entry.alarm.clear(&mut self.timers);
        self.set_link(conn, Link::Idle);
        if let (Some(lease), Some(parked)) = (lease, parked) {
            self.pool.release(lease, parked, fate, self.now);
        }
        self.drop_moot();
    }

    fn hand_over(&mut self, call: CallId, conn: ConnId) {
        if let Some(entry) = self.calls.get_mut(call) {
            self.handed = entry.call.detach().map(|detached| (conn, detached));
            if let Some(lease) = entry.lease.take() {
                self.pool.forget(lease, self.now);
            }
        }
        self.links.remove(conn);
        self.forget_call(call);
    }

    fn end_dial(&mut self, conn: ConnId, error: Error, why: CloseReason) {
        self.disarm_dial(conn);
        if let Some(Link::Dialing(mut dialing)) = self.close(conn, why, Some(error.clone())) {
            self.keep_goodbye(conn, dialing.dial.goodbye());
            self.pool.dial_failed(dialing.lease, error, self.now);
        }
    }

    /// Ends a connection; what it was last.
    fn close(&mut self, conn: ConnId, why: CloseReason, error: Option<Error>) -> Option<Link> {
        let link = self.links.remove(conn)?;
        self.tasks.push_back(Task::Close { conn, why, error });
        Some(link.state)
    }

    fn keep_goodbye(&mut self, conn: ConnId, goodbye: Vec<u8>) {
        if !goodbye.is_empty() {
            self.goodbyes.push((conn, goodbye));
        }
    }

    /// What the link was before.
    fn set_link(&mut self, conn: ConnId, state: Link) -> Option<Link> {
        self.links.get_mut(conn).map(|link| core::mem::replace(&mut link.state, state))
    }
}
