//! Servers of several origins that redirect to each other, and what each of them was told.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use httpocean_testkit::server::{Reply, Request, Server};

use crate::lock;
use crate::names::Names;

/// One server for each origin. A request for `/n` is answered by the n-th redirect of the present chain, one behind
/// its end, or for another path, by 200.
pub struct Sites {
    servers: Vec<(String, Server)>,
    pins: Vec<(String, SocketAddr)>,
    told: Arc<Mutex<Told>>,
}

/// What a server was told.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Which one: its `host:port`.
    pub site: String,
    /// All but the body.
    pub request: Request,
}

#[derive(Default)]
struct Told {
    status: u16,
    locations: Vec<String>,
    /// Requests that are answered by 503 before they are by their redirect.
    busy: BTreeSet<usize>,
    /// What is behind the name and the value of the cookie that each answer sets, if it sets one.
    cookies: Option<String>,
    /// By the numbers of the servers.
    seen: Vec<(usize, Request)>,
}

impl Sites {
    /// A server for each `host:port`, known by that name to [`names`](Self::names) alone.
    pub fn named(origins: &[&str]) -> Self {
        let mut sites = Self { servers: Vec::new(), pins: Vec::new(), told: Arc::default() };
        for origin in origins {
            let addr = sites.serve(Some(origin), ([127, 0, 0, 1], 0).into()).expect("loopback has a port");
            sites.pins.push(((*origin).to_owned(), addr));
        }
        sites
    }

    /// A server at each of these addresses of loopback, all at one port, which is returned. Addresses that this
    /// system has not are left out.
    pub fn at(mut self, addresses: &[IpAddr]) -> (Self, u16) {
        'ports: loop {
            let before = self.servers.len();
            let mut port = 0;
            for address in addresses {
                match self.serve(None, SocketAddr::new(*address, port)) {
                    Ok(addr) => port = addr.port(),
                    // Taken by somebody else: then all at another.
                    Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
                        self.servers.truncate(before);
                        continue 'ports;
                    }
                    Err(error) => println!("this system has no {address}: {error}"),
                }
            }
            return (self, port);
        }
    }

    /// Where all the names are.
    pub fn names(&self) -> Names {
        Names::pinned(self.pins())
    }

    /// The same, for who looks them up elsewhere.
    pub fn pins(&self) -> impl Iterator<Item = (String, SocketAddr)> + '_ {
        self.pins.iter().cloned()
    }

    /// From now on these are the redirects.
    pub fn redirect<L: Into<String>>(&self, status: u16, locations: impl IntoIterator<Item = L>) {
        let mut told = lock(&self.told);
        (told.status, told.locations) = (status, locations.into_iter().map(Into::into).collect());
        told.busy.clear();
    }

    /// The next request for `/n` is answered by 503.
    pub fn busy(&self, n: usize) {
        lock(&self.told).busy.insert(n);
    }

    /// From now on each answer sets a cookie, of the site's name with `-` for dots and colons, whose value is the number
    /// of answers before it, with these attributes.
    pub fn set_cookies(&self, attributes: Option<&str>) {
        lock(&self.told).cookies = attributes.map(Into::into);
    }

    /// What all of them were told since this was asked last, in order.
    pub fn take(&self) -> Vec<Seen> {
        let seen = std::mem::take(&mut lock(&self.told).seen);
        seen.into_iter().map(|(site, request)| Seen { site: self.servers[site].0.clone(), request }).collect()
    }

    /// The server of an origin, if there is one.
    pub fn server(&self, site: &str) -> Option<&Server> {
        self.servers.iter().find(|(name, _)| name == site).map(|(_, server)| server)
    }

    /// How many connections all of them accepted.
    pub fn accepted(&self) -> u64 {
        self.servers.iter().map(|(_, server)| server.stats().accepted).sum()
    }

    fn serve(&mut self, name: Option<&str>, addr: SocketAddr) -> std::io::Result<SocketAddr> {
        let (told, number) = (self.told.clone(), self.servers.len());
        let cookie = name.unwrap_or("by-address").replace(['.', ':'], "-");
        let handler = move |request: &Request| {
            let mut told = lock(&told);
            let count = told.seen.len();
            let reply = told.answer(number, request);
            match &told.cookies {
                Some(more) => reply.header("Set-Cookie", format!("{cookie}={count}{more}")),
                None => reply,
            }
        };
        let server = Server::builder().bind(addr).start(handler)?;
        let addr = server.addr();
        self.servers.push((name.map_or_else(|| addr.to_string(), str::to_owned), server));
        Ok(addr)
    }
}

impl Told {
    fn answer(&mut self, site: usize, request: &Request) -> Reply {
        self.seen.push((site, request.clone()));
        let path = request.target.split('?').next().and_then(|path| path.strip_prefix('/'));
        let number: Option<usize> = path.and_then(|path| path.parse().ok());
        if number.is_some_and(|n| self.busy.remove(&n)) {
            return Reply::status(503, "Busy").header("Retry-After", "0");
        }
        match number.and_then(|n| self.locations.get(n)) {
            Some(location) => Reply::status(self.status, "Elsewhere").header("Location", location.as_bytes()),
            None => Reply::ok("here"),
        }
    }
}
