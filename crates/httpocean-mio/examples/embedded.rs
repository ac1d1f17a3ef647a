//! A client beside a listener and a timer in one poll: a tiny service that answers each guest with what it fetched
//! for them.
//!
//! ```text
//! cargo run -p httpocean-mio --example embedded -- http://example.com/
//! nc 127.0.0.1 8081
//! ```

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use httpocean_mio::http::{Request, Uri};
use httpocean_mio::mio::net::{TcpListener, TcpStream};
use httpocean_mio::mio::{Events, Interest, Poll, Token};
use httpocean_mio::{BodyPlan, CallId, Client, Event, Options};

const LISTENER: Token = Token(0);
/// All tokens from here on are the client's.
const CLIENT: usize = 1_000;
const EVERY: Duration = Duration::from_secs(5);

fn main() -> io::Result<()> {
    let url: Uri = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "http://example.com/".to_owned())
        .parse()
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    let mut poll = Poll::new()?;
    let mut listener = TcpListener::bind(([127, 0, 0, 1], 8081).into())?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let options = Options::default();
    let mut client = Client::new(poll.registry(), CLIENT..CLIENT + 4 * options.tokens(), options)?;

    let mut guests = BTreeMap::<CallId, (TcpStream, u64)>::new();
    let mut events = Events::with_capacity(256);
    let mut tick = Instant::now() + EVERY;
    loop {
        while let Some((call, event)) = client.next_event() {
            note(&mut guests, call, event);
        }
        let timer = tick.saturating_duration_since(Instant::now());
        let timeout = client.next_timeout().map_or(timer, |timeout| timeout.min(timer));
        match poll.poll(&mut events, Some(timeout)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            done => done?,
        }
        if tick <= Instant::now() {
            let stats = client.stats();
            println!("{} requests on {} connections", stats.requests_sent, stats.connections_opened);
            tick += EVERY;
        }
        for event in &events {
            if client.handle(event) || event.token() != LISTENER {
                continue;
            }
            while let Ok((guest, _)) = listener.accept() {
                let mut request = Request::new(());
                *request.uri_mut() = url.clone();
                match client.start(request, BodyPlan::empty()) {
                    Ok(call) => _ = guests.insert(call, (guest, 0)),
                    Err(error) => eprintln!("{error}"),
                }
            }
        }
    }
}

/// Counts the body for the guest, and tells them at its end.
fn note(guests: &mut BTreeMap<CallId, (TcpStream, u64)>, call: CallId, event: Event<'_>) {
    let Some((guest, size)) = guests.get_mut(&call) else { return };
    let told = match event {
        Event::Data(bytes) => {
            *size += bytes.len() as u64;
            return;
        }
        Event::End { .. } => writeln!(guest, "{size} bytes"),
        Event::Failed(error) => writeln!(guest, "{error}"),
        Event::Hop(_)
        | Event::Interim(_)
        | Event::Passing(_)
        | Event::Head(_)
        | Event::NeedBody { .. }
        | Event::Upgraded(_) => {
            return;
        }
    };
    // A guest who left does not care.
    let _ = told;
    guests.remove(&call);
}
