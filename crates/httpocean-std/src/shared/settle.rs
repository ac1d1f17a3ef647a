//! What the pool says, sorted under its lock and carried out when that is gone.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use httpocean_core::{CloseReason, ConnId, Instant, Key, PoolCommand, WaitId};
use httpocean_driver::Observed;

use super::{Parked, Shared, State};
use crate::mailbox::{Answer, Mailbox};
use crate::wire::last_words;

/// What a look at the pool left to do outside of its lock: mostly there is none.
#[derive(Default)]
pub(super) struct Outbox {
    answers: Vec<(Arc<Mailbox>, Answer)>,
    pub(super) closes: Vec<ToClose>,
    spawn: usize,
}

pub(super) struct ToClose {
    ticket: u64,
    conn: ConnId,
    key: Key,
    number: u64,
    parked: Parked,
    why: CloseReason,
}

/// Who looks at the pool for an answer of its own, and needs no mailbox if that is there.
pub(super) struct Asker {
    pub(super) waiter: WaitId,
    pub(super) answer: Option<Answer>,
}

impl Shared {
    /// Polls the pool dry and sorts what it says.
    pub(super) fn settle(
        &self,
        state: &mut State,
        asker: Option<&mut Asker>,
        now: Instant,
    ) -> Option<Box<Outbox>> {
        self.settle_some(state, asker, now, usize::MAX)
    }

    /// The same, but leaves off after so many closes.
    pub(super) fn settle_some(
        &self,
        state: &mut State,
        mut asker: Option<&mut Asker>,
        now: Instant,
        closes: usize,
    ) -> Option<Box<Outbox>> {
        let mut outbox: Option<Box<Outbox>> = None;
        while outbox.as_ref().is_none_or(|outbox| outbox.closes.len() < closes) {
            let Some(command) = state.pool.poll(now) else { break };
            match command {
                PoolCommand::Grant { waiter, lease, parked, facts } => {
                    let answer = Answer::Granted { lease, parked, facts };
                    state.answer(waiter, answer, asker.as_deref_mut(), &mut outbox);
                }
                PoolCommand::Refuse { waiter, why, error } => {
                    let answer = Answer::Refused { why, error };
                    state.answer(waiter, answer, asker.as_deref_mut(), &mut outbox);
                }
                PoolCommand::Dial { lease } => {
                    state.held_back.push_back((state.closes_said, lease));
                }
                PoolCommand::Abandon { conn } => state.abandoned.push(conn),
                PoolCommand::Close { conn, number, key, parked, why } => {
                    let ticket = state.closes_said;
                    state.closes_said += 1;
                    state.closing.insert(ticket);
                    self.teller.count_close(why);
                    outbox.get_or_insert_default().closes.push(ToClose {
                        ticket,
                        conn,
                        key,
                        number,
                        parked,
                        why,
                    });
                }
            }
        }
        state.let_dials_begin();
        let spawn = self.threads_to_spawn(state);
        if spawn > 0 {
            outbox.get_or_insert_default().spawn = spawn;
        }
        outbox
    }

    pub(super) fn carry_out(self: &Arc<Self>, outbox: Option<Box<Outbox>>) {
        if let Some(outbox) = outbox {
            self.carry_out_all(*outbox);
        }
    }

    fn carry_out_all(self: &Arc<Self>, outbox: Outbox) {
        for (mailbox, answer) in outbox.answers {
            mailbox.put(answer);
        }
        let mut spawn = outbox.spawn;
        let mut closed = Vec::with_capacity(outbox.closes.len());
        for ToClose { ticket, conn, key, number, mut parked, why } in outbox.closes {
            // A transport of the user's that panics while it is closed is gone all the same.
            let words = AssertUnwindSafe(|| last_words(&mut *parked.transport, &parked.conn.goodbye()));
            let _ = catch_unwind(words);
            let _ = catch_unwind(AssertUnwindSafe(|| drop(parked)));
            closed.push((ticket, conn, key, number, why));
        }
        if !closed.is_empty() {
            let mut state = self.lock();
            for (ticket, ..) in &closed {
                state.closing.remove(ticket);
            }
            state.let_dials_begin();
            spawn += self.threads_to_spawn(&mut state);
        }
        for _ in 0..spawn {
            self.spawn_dial_thread();
        }
        for (_, conn, key, number, why) in &closed {
            self.teller.tell(&Observed::Closed { conn: *conn, key, number: *number, why: *why });
        }
    }

    /// How many more threads the jobs in the queue need; they are counted as running from here on.
    fn threads_to_spawn(&self, state: &mut State) -> usize {
        if state.jobs.is_empty() {
            return 0;
        }
        self.work.notify_all();
        let missing = state.jobs.len().saturating_sub(state.idle_threads + state.starting);
        let spawn = missing.min(self.dial_threads.saturating_sub(state.threads));
        state.threads += spawn;
        state.starting += spawn;
        spawn
    }
}

impl State {
    /// A dial takes the place of a socket that another thread may be about to close: it waits for that.
    fn let_dials_begin(&mut self) {
        while let Some((closes, _)) = self.held_back.front() {
            if self.closing.first().is_some_and(|first_open| first_open < closes) {
                return;
            }
            self.jobs.extend(self.held_back.pop_front().map(|(_, lease)| lease));
        }
    }

    fn answer(
        &mut self,
        waiter: WaitId,
        answer: Answer,
        asker: Option<&mut Asker>,
        outbox: &mut Option<Box<Outbox>>,
    ) {
        if let Some(asker) = asker.filter(|asker| asker.waiter == waiter) {
            asker.answer = Some(answer);
        } else if let Some(mailbox) = self.mailboxes.remove(&waiter) {
            self.answers += 1;
            outbox.get_or_insert_default().answers.push((mailbox, answer));
        }
    }
}
