//! Requests written by a call in memory.

use std::sync::Arc;

use http::Request;
use httpocean_core::pool::Facts;
use httpocean_core::{BodyPlan, Call, CallStep, Config, Instant, Io, call};
use httpocean_testkit::fuzzing::connected;

/// All bytes of a request whose body comes in these parts; or why it is not sent.
pub(crate) fn written(request: Request<()>, plan: BodyPlan, parts: &[Vec<u8>]) -> Result<Vec<u8>, String> {
    let options = call::Options { user_agent: None, ..call::Options::default() };
    let config = Arc::new(Config { call: options, ..Config::default() });
    let now = Instant::ZERO;
    let mut call = Call::new(request, plan, &config, now).map_err(|error| error.to_string())?;
    let (mut io, mut wire, mut parts) = (Io::default(), Vec::new(), parts.iter());
    let mut is_finished = plan.is_empty();
    assert!(matches!(call.step(&mut io, now), CallStep::Acquire(_)));
    call.attach(connected(), Facts::default(), now);
    loop {
        match call.step(&mut io, now) {
            CallStep::NeedBody { .. } => match parts.next() {
                Some(part) => call.send_body(part, &mut io),
                None => {
                    call.finish_body(None, &mut io);
                    is_finished = true;
                }
            },
            CallStep::Wait(_) => {
                let pending = io.tx.pending().to_vec();
                io.tx.sent(pending.len());
                wire.extend_from_slice(&pending);
                if pending.is_empty() && (is_finished || parts.len() == 0) {
                    return Ok(wire);
                }
            }
            CallStep::Release(_) => _ = call.detach(),
            CallStep::Failed(error) => return Err(error.to_string()),
            step @ (CallStep::Acquire(_)
            | CallStep::Hop(_)
            | CallStep::Interim(_)
            | CallStep::Passing(_)
            | CallStep::Head(_)
            | CallStep::Data(_)
            | CallStep::End
            | CallStep::Upgraded(_)) => panic!("nobody answered: {step:?}"),
        }
    }
}
