//! A head as an engine sees it, in the receive buffer, is judged as one that was made of it.

mod common;
mod judging;

use std::time::Duration;

use common::{at, conn, request};
use http::{HeaderMap, Method};
use httpocean_core::policy::{Answer, Attempt, Common, Outcome, Retries, Spent, judge, retry_after};
use httpocean_core::pool::Facts;
use httpocean_core::{BodyPlan, Call, CallStep, Config, Io};

use judging::moment;

#[test]
fn the_view_and_its_copy_are_the_same_answer() {
    let mut io = Io::default();
    let request = request("GET", "http://example.com/", &[]);
    let mut call = Call::new(request, BodyPlan::empty(), &Config::default().into(), at(0)).unwrap();
    assert!(matches!(call.step(&mut io, at(0)), CallStep::Acquire(_)));
    call.attach(conn(), Facts::default(), at(0));
    assert!(matches!(call.step(&mut io, at(0)), CallStep::Wait(_)));
    io.tx.sent(io.tx.pending().len());
    io.rx.append(b"HTTP/1.1 503 Busy\r\nRetry-After: 5\r\nRETRY-AFTER: 7\r\ncontent-length: 0\r\n\r\n");
    let CallStep::Head(len) = call.step(&mut io, at(0)) else { panic!("no head") };

    let head = io.head(len);
    let copy = head.to_response();
    for answer in [Answer::from(&head), Answer::from(&copy)] {
        assert_eq!(answer.status(), 503);
        assert_eq!(answer.field("retry-after"), Some(&b"5"[..]));
        assert_eq!(answer.values("retry-after").count(), 2);
        assert_eq!(answer.field("x-other"), None);
        assert_eq!(retry_after(&answer, None), Some(Duration::from_secs(7)));
        let fields = HeaderMap::new();
        let attempt = Attempt { method: &Method::GET, fields: &fields, outcome: Outcome::Answer(answer) };
        let retries = Retries::new(3);
        let mut place = Common::default().enter();
        let retry = judge(&attempt, &Spent::default(), &retries, moment(), &mut place);
        assert_eq!(retry.map(|retry| retry.after), Ok(Duration::from_secs(7)));
    }
}
