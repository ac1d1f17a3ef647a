//! The users' part: what they are told, and what they do about it.

use httpocean_core::{CallId, ConnId, Driven, Event, Io, TransportError};

use super::dice::Dice;
use super::faults::Fault;
use super::sim::{Plan, Sim};
use super::visit::Act;

impl Sim {
    pub(super) fn begin(&mut self, number: usize) {
        let now = self.now();
        let Some(visit) = &self.users[number].visit else { return };
        let (mut request, plan, acts) = (visit.request.clone(), visit.plan, visit.acts.clone());
        request.headers_mut().insert("sim-call", http::HeaderValue::from(number));
        self.users[number].answer.began = now;
        self.ledger.begins(number, &request, plan, self.engine.config());
        self.note(20, number as u64, 0, || format!("user {number}: {} {}", request.method(), request.uri()));
        match self.engine.start(request, plan, now) {
            Ok(call) => {
                if self.numbers.len() <= call.index() {
                    self.numbers.resize(call.index() + 1, None);
                }
                self.numbers[call.index()] = Some((call, number));
                self.users[number].call = Some(call);
                self.ledger.has_begun(number, call, &self.engine);
            }
            Err(error) => {
                let answer = &mut self.users[number].answer;
                (answer.ended, answer.error) = (Some(now), Some(error));
                self.ledger.was_refused(number);
            }
        }
        for (after, act) in acts {
            self.plan_in(after, Plan::Act(number, act));
        }
    }

    pub(super) fn act(&mut self, number: usize, act: Act) {
        let now = self.now();
        let Some(call) = self.users[number].call else { return };
        self.note(32, number as u64, act as u64, || format!("user {number}: {act:?}"));
        if self.engine.call(call).is_some() {
            self.net.hit(if act == Act::Cancel { Fault::Cancel } else { Fault::Discard });
            self.ledger.acts(number, act);
        }
        match act {
            Act::Cancel => self.engine.cancel(call, now),
            Act::Discard => self.engine.discard(call, now),
        }
        // Who gives up holds nothing any more.
        for link in self.links.iter_mut().flatten() {
            if link.held.is_some_and(|(holder, _)| holder == number) {
                link.held = None;
            }
        }
    }

    /// Whether to drive on at once.
    pub(super) fn driven_event(&mut self, conn: ConnId, call: CallId, event: Event, io: &mut Io) -> bool {
        self.said += 1;
        let upgraded = matches!(event, Event::Upgraded(_));
        let lent = self.hear(call, event, Some(conn), io);
        if upgraded {
            self.ledger.hands_over(conn);
            self.drop_link(conn);
            return false;
        }
        let Some((number, len)) = lent else { return true };
        let reads = self.users[number].visit.as_ref().map(|visit| visit.reads).unwrap_or_default();
        if reads.is_zero() || !self.net.hit(Fault::SlowRead) {
            return true;
        }
        if let Some(Some(link)) = self.links.get_mut(conn.index()) {
            link.held = Some((number, len));
        }
        self.plan_in(reads, Plan::Read(conn, call));
        false
    }

    /// A user is done with what was lent; then the connection is driven on.
    pub(super) fn has_read(&mut self, conn: ConnId, call: CallId) {
        let Some(number) = self.number(call) else { return };
        let Some(Some(link)) = self.links.get_mut(conn.index()) else { return };
        if link.id == conn && link.held.is_some_and(|(holder, _)| holder == number) {
            link.held = None;
            self.pump(conn);
        }
    }

    /// Passes an event on; what it lends, and to whom.
    pub(super) fn hear(
        &mut self,
        call: CallId,
        event: Event,
        conn: Option<ConnId>,
        io: &mut Io,
    ) -> Option<(usize, usize)> {
        let now = self.now();
        let Some(number) = self.number(call) else {
            self.ledger.breaks("I4", "an event of a call that nobody began, or that has ended");
            return None;
        };
        self.note(40 + kind(&event), number as u64, len(&event), || {
            format!("user {number} hears {}", words(&event, io))
        });
        let socket =
            conn.and_then(|conn| self.socket_of(conn)).and_then(|id| self.net.socket(id).map(|s| &*s));
        self.ledger.hears(number, conn, &event, io, socket, &self.engine);
        let answer = &mut self.users[number].answer;
        match event {
            Event::Hop(_) => {
                answer.hops += 1;
                self.users[number].asked = false;
            }
            Event::Interim(_) => answer.interims += 1,
            Event::Passing(_) => answer.passing += 1,
            Event::Head(len) => {
                let head = io.head(len);
                answer.status = Some(head.status().as_u16());
                if !self.terse {
                    answer.fields = head.to_response().into_parts().0.headers;
                }
            }
            Event::Data(len) => {
                if !self.terse {
                    answer.body.extend_from_slice(io.data(len));
                }
                return Some((number, len));
            }
            Event::NeedBody { from } => {
                let user = &mut self.users[number];
                (user.handed, user.asked) = (usize::try_from(from).unwrap_or(usize::MAX), true);
                let delay =
                    self.users[number].visit.as_ref().map(|visit| visit.body_delay).unwrap_or_default();
                if !delay.is_zero() {
                    self.net.hit(Fault::SlowBody);
                }
                self.plan_in(delay, Plan::Body(call, number));
            }
            Event::End { .. } => answer.ended = Some(now),
            Event::Upgraded(len) => {
                answer.ended = Some(now);
                answer.upgraded = Some(io.rx.bytes()[..len].to_vec());
            }
            Event::Failed(error) => (answer.ended, answer.error) = (Some(now), Some(error)),
        }
        if self.users[number].answer.ended.is_some() {
            self.users[number].visit = None;
            self.numbers[call.index()] = None;
        }
        None
    }

    /// The piece of the body that starts where it was asked for.
    pub(super) fn give_body(&mut self, call: CallId, number: usize) {
        let Some((conn, _)) = self.engine.connection(call) else { return };
        let user = &mut self.users[number];
        if !core::mem::take(&mut user.asked) {
            return;
        }
        let (Some(visit), Some(Some(link))) = (&user.visit, self.links.get_mut(conn.index())) else { return };
        let mut start = 0;
        let piece = visit.body.iter().find(|piece| {
            start += piece.len();
            start > user.handed
        });
        if visit.body_fails && self.net.hit(Fault::BodyFails) {
            self.engine.body_failed(call, "the disk is gone");
        } else if let Some(piece) = piece {
            // A body that is asked for again from its middle goes on from there.
            let skip = user.handed - (start - piece.len());
            self.engine.send_body(call, &piece[skip..], &mut link.io);
        } else {
            self.engine.finish_body(call, None, &mut link.io);
        }
        self.watch();
    }

    fn number(&self, call: CallId) -> Option<usize> {
        let (id, number) = (*self.numbers.get(call.index())?)?;
        (id == call).then_some(number)
    }

    /// Now and then, ids of what is gone: each is counted, and nothing else changes (I5).
    pub(super) fn haunt(&mut self) {
        let every = self.habits.haunts_every;
        if every == 0 || self.said % every != every - 1 || !self.net.hit(Fault::Ghost) {
            return;
        }
        self.said += 1;
        let now = self.now();
        let mut dice = Dice::of(&[self.net.seed, 9, self.said]);
        let conn = match self.dead.len() as u64 {
            0 => ConnId::from_bits(u64::MAX),
            len => self.dead[dice.below(len) as usize],
        };
        let call = CallId::from_bits(u64::MAX - dice.below(9));
        let before = (self.engine.next_timeout(), self.engine.counts(), self.engine.calls());
        let mut io = Io::default();
        self.engine.cancel(call, now);
        self.engine.discard(call, now);
        self.engine.send_body(call, b"ghost", &mut io);
        self.engine.resolved(conn, Err(TransportError::NotFound), now);
        self.engine.connected(conn, 0, Ok(()), now);
        self.engine.ready(conn, now);
        let free = matches!(self.engine.drive(conn, &mut io, now), Driven::Free);
        let mut after = (self.engine.next_timeout(), self.engine.counts(), self.engine.calls());
        let counted = after.1.stale_inputs == before.1.stale_inputs + 7;
        (after.1.stale_inputs, after.1.work) = (before.1.stale_inputs, before.1.work);
        self.ledger.judges("I5");
        if !free || !counted || after != before || !io.tx.pending().is_empty() {
            self.ledger.breaks("I5", "an id of something that is gone changed something, or was not counted");
        }
    }
}

fn kind(event: &Event) -> u64 {
    match event {
        Event::Hop(_) => 0,
        Event::Interim(_) => 1,
        Event::Head(_) => 2,
        Event::Data(_) => 3,
        Event::NeedBody { .. } => 4,
        Event::End { .. } => 5,
        Event::Upgraded(_) => 6,
        Event::Failed(_) => 7,
        Event::Passing(_) => 8,
    }
}

fn len(event: &Event) -> u64 {
    match event {
        Event::Interim(len)
        | Event::Passing(len)
        | Event::Head(len)
        | Event::Data(len)
        | Event::Upgraded(len) => *len as u64,
        Event::NeedBody { from } => *from,
        Event::Hop(hop) => hop.after.as_micros() as u64,
        Event::End { .. } | Event::Failed(_) => 0,
    }
}

fn words(event: &Event, io: &Io) -> String {
    match event {
        Event::Hop(hop) => {
            format!("a hop: {} after {:?}, {:?} {:?}", hop.why.word(), hop.after, hop.status, hop.error)
        }
        Event::Interim(len) => format!("an interim response {}", io.head(*len).status()),
        Event::Passing(len) => format!("a response in passing {}", io.head(*len).status()),
        Event::Head(len) => format!("a head {}", io.head(*len).status()),
        Event::Data(len) => format!("{len} bytes"),
        Event::NeedBody { from } => format!("that its body is wanted from {from}"),
        Event::End { .. } => "the end".to_owned(),
        Event::Upgraded(len) => format!("another protocol, with {len} bytes"),
        Event::Failed(error) => format!("a failure: {error}"),
    }
}
