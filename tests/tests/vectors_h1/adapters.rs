//! Cases read by an adapter, over loopback: bare, over TLS, and through a tunnel.

use http::{Method, Request, Uri};
use httpocean_core::policy::redirect::Redirects;
use httpocean_core::{Arrival, call};
use httpocean_tests::{BOUND, Body, By, Client, Error, On, Way, of_reading, wait_until};

use super::cases::Case;
use super::judge::{Response, Seen};
use super::player::{Pace, Player};

/// Whole and byte by byte, each case behind a request on a connection that may have served the one before, with one
/// more request behind it.
pub(crate) fn by(adapter: By, way: Way, cases: &'static [Case]) -> Vec<Result<Seen, String>> {
    let read = |pace| {
        let player = Player::start(cases, pace, way);
        let redirects = Redirects { limit: 0, ..Redirects::default() };
        // A broken client must not wait for ever.
        let patient = call::Options { total: Some(BOUND), ..call::Options::default() };
        let client = On::new(adapter, way).builder().redirects(redirects).call(patient).build();
        let one = |(index, case)| one(&client, &player, index, case);
        let all = cases.iter().enumerate().filter(|(_, case)| is_asked(way, case)).map(one);
        all.collect::<Vec<_>>()
    };
    let (whole, bytewise) = (read(Pace::Whole), read(Pace::Bytewise));
    let both = whole.into_iter().zip(bytewise);
    both.map(|pair| match pair {
        (Ok(whole), Ok(bytewise)) if is_same(&whole, &bytewise) => Ok(whole),
        (Ok(whole), Ok(bytewise)) => Err(format!("byte by byte it reads otherwise: {whole:?}, {bytewise:?}")),
        (Err(wrong), _) | (_, Err(wrong)) => Err(wrong),
    })
    .collect()
}

/// A tunnel of the user's own is made without TLS to where it is made: `CONNECT` goes to an authority, which has no scheme.
pub(crate) fn is_asked(way: Way, case: &Case) -> bool {
    way == Way::Plain || case.method != "CONNECT"
}

/// An error tells of its connection, which is another one each time.
fn is_same(a: &Seen, b: &Seen) -> bool {
    match (a, b) {
        (
            Seen::Error { status, partial_body, .. },
            Seen::Error { status: other_status, partial_body: other_body, .. },
        ) => (status, partial_body) == (other_status, other_body),
        (a, b) => a == b,
    }
}

fn one(client: &Client, player: &Player, index: usize, case: &Case) -> Result<Seen, String> {
    let method: Method = case.method.parse().unwrap();
    let uri: Uri = if method == Method::CONNECT {
        player.addr().to_string().parse().unwrap()
    } else {
        player.url().parse().unwrap()
    };
    let body = if method == Method::POST { Body::from("x") } else { Body::empty() };
    let request = Request::builder().method(method).uri(uri).header("x-case", index).body(body).unwrap();
    let (mut seen, connection) = answer(client, request);
    player.wait_until_played();
    wait_until("a proxy hands it on", || client.is_reached_by(&player.sent()));
    let next = next(client, player)?;
    let reused = connection.is_some_and(|number| number == next);
    match &mut seen {
        Seen::Response(response) => response.reuse = reused,
        Seen::Error { .. } if reused => {
            return Err(format!("after an error its connection is used: {seen:?}"));
        }
        Seen::Error { .. } | Seen::Nothing => {}
    }
    Ok(seen)
}

/// The connection that serves the next request, which gets its own answer.
fn next(client: &Client, player: &Player) -> Result<u64, String> {
    let wrong = |error: Error| format!("the next request suffers: {error}");
    let mut response = client.get(player.url()).send().map_err(wrong)?;
    let body = response.body_mut().read_to_vec(1 << 20).map_err(wrong)?;
    if body != Player::NEXT {
        return Err(format!("the next request gets {:?}", String::from_utf8_lossy(&body)));
    }
    Ok(response.body().connection().unwrap().number)
}

/// And the number of its connection.
fn answer(client: &Client, request: Request<Body>) -> (Seen, Option<u64>) {
    let failed = |error: &Error, status, partial_body| {
        let number = error.connection().map(|connection| connection.number);
        (Seen::Error { status, partial_body, what: error.to_string() }, number)
    };
    let mut response = match client.send(request) {
        Ok(response) => response,
        Err(error) => return failed(&error, None, Vec::new()),
    };
    let status = response.status().as_u16();
    let number = response.body().connection().map(|connection| connection.number);
    let mut body = Vec::new();
    if let Err(error) = std::io::Read::read_to_end(response.body_mut(), &mut body) {
        return failed(&of_reading(error), Some(status), body);
    }
    let trailers = response.body_mut().take_trailers();
    let bytes = |value: &http::HeaderValue| value.as_bytes().to_vec();
    let fields = Arrival::fields(&response).map(|(name, value)| (name.to_string(), bytes(value))).collect();
    let seen = Response {
        status,
        is_http10: response.version() == http::Version::HTTP_10,
        reason: response.body().reason().to_vec(),
        fields,
        interim: response.body().interim().iter().map(|head| head.status().as_u16()).collect(),
        body,
        trailers: trailers.iter().flatten().map(|(name, value)| (name.to_string(), bytes(value))).collect(),
        reuse: false,
    };
    (Seen::Response(Box::new(seen)), number)
}
