//! Cases read in memory.

use httpocean_core::Limits;
use httpocean_testkit::fuzzing::{self, Heard, How, Peer};
use httpocean_testkit::reference::exchange::{self, Head, Question};
use httpocean_tests::Dice;

use super::cases::Case;
use super::judge::{Response, Seen};

const SPLITS: usize = 50;

/// By a call: whole, byte by byte, and in random pieces, the body taken in each way there is.
pub(crate) fn by_call(cases: &'static [Case]) -> Vec<Result<Seen, String>> {
    let mut dice = Dice::new(658);
    cases.iter().map(|case| one(case, &mut dice)).collect()
}

/// By the reader that testkit made from the RFC alone.
pub(crate) fn by_reference(cases: &'static [Case]) -> Vec<Result<Seen, String>> {
    let read = |case: &Case| {
        let answer = exchange::read(question(case), &case.bytes(), case.ending, &Limits::default());
        let response = answer.head.as_ref().map(|head| response(head, &answer.interim, &answer.body));
        match (answer.end, response) {
            (exchange::End::Whole { reuse }, Some(response)) => {
                Seen::Response(Box::new(Response { trailers: answer.trailers, reuse, ..response }))
            }
            (exchange::End::Tunnel(_), Some(response)) => Seen::Response(Box::new(response)),
            (exchange::End::Wrong(class), response) => failed(response, class.to_owned()),
            (exchange::End::Open | exchange::End::Whole { .. } | exchange::End::Tunnel(_), _) => {
                Seen::Nothing
            }
        }
    };
    cases.iter().map(|case| Ok(read(case))).collect()
}

fn one(case: &Case, dice: &mut Dice) -> Result<Seen, String> {
    let bytes = case.bytes();
    let play = |parts, how| {
        Peer { question: question(case), limits: Limits::default(), parts, ending: case.ending }.play(how)
    };
    let tunnelled = |parts, how| {
        Peer { question: question(case), limits: Limits::default(), parts, ending: case.ending }
            .play_in_tunnel(how)
    };
    let whole = play(vec![&bytes[..]], How::Lent);
    if play(bytes.chunks(1).collect(), How::Lent) != whole {
        return Err("byte by byte it reads otherwise".to_owned());
    }
    // What is no HTTP any more comes out of the layers in another way.
    let is_told_alike = !matches!(whole.end, fuzzing::End::Upgraded(_));
    if is_told_alike && tunnelled(bytes.chunks(1).collect(), How::Lent) != whole {
        return Err("through a proxy and two layers it reads otherwise".to_owned());
    }
    for _ in 0..SPLITS {
        let cuts = cuts(bytes.len(), dice);
        let parts = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect();
        let how = [How::Lent, How::Copied(7), How::Direct(4096)][dice.roll(3) as usize];
        let parts: Vec<_> = parts;
        if is_told_alike && tunnelled(parts.clone(), how) != whole {
            return Err(format!(
                "cut at {cuts:?} it reads otherwise through a proxy and two layers, {how:?}"
            ));
        }
        if play(parts, how) != whole {
            return Err(format!("cut at {cuts:?} it reads otherwise, {how:?}"));
        }
    }
    Ok(seen(whole))
}

/// Where it is cut, its edges included: here and there, or almost everywhere at some place.
fn cuts(len: usize, dice: &mut Dice) -> Vec<usize> {
    let mut cuts = vec![0, len];
    let place = |dice: &mut Dice| dice.roll(len as u64 + 1) as usize;
    for _ in 0..=dice.roll(5) {
        let at = place(dice);
        cuts.push(at);
        if dice.roll(3) == 0 {
            cuts.extend((at..len).take(8));
        }
    }
    cuts.sort_unstable();
    cuts.dedup();
    cuts
}

fn question(case: &Case) -> Question<'_> {
    Question { method: &case.method, upgrade: false }
}

fn seen(heard: Heard) -> Seen {
    let response = heard.head.as_ref().map(|head| response(head, &heard.interim, &heard.body));
    match (heard.end, response) {
        (fuzzing::End::Whole { reuse, trailers }, Some(response)) => {
            let trailers = trailers.iter().flatten();
            let trailers =
                trailers.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
            Seen::Response(Box::new(Response { trailers, reuse, ..response }))
        }
        (fuzzing::End::Upgraded(_), Some(response)) => Seen::Response(Box::new(response)),
        (fuzzing::End::Failed(error), response) => failed(response, format!("{error:?}")),
        (fuzzing::End::Open | fuzzing::End::Whole { .. } | fuzzing::End::Upgraded(_), _) => Seen::Nothing,
    }
}

fn failed(response: Option<Response>, what: String) -> Seen {
    let status = response.as_ref().map(|response| response.status);
    Seen::Error { status, partial_body: response.map(|response| response.body).unwrap_or_default(), what }
}

fn response(head: &Head, interim: &[Head], body: &[u8]) -> Response {
    Response {
        status: head.status,
        is_http10: head.http10,
        reason: head.reason.clone(),
        fields: head.fields.clone(),
        interim: interim.iter().map(|head| head.status).collect(),
        body: body.to_vec(),
        trailers: Vec::new(),
        reuse: false,
    }
}
