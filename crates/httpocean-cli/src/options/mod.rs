//! Everything that a run or a request can be told, by name: the JSON of `--options` and of a batch line, and the
//! flags that stand for the same names.

pub(crate) mod flags;
mod policies;
mod proxies;
mod recording;
mod tls;
mod value;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use httpocean_std::pool::{self, Order};
use httpocean_std::session::Session;
use httpocean_std::{Config, Limits};
use serde_json::Value;

use crate::client::{Client, Pace, Reactor};
use crate::stop::{Done, Stop};
use tls::Trust;

/// What [`Run`] knows and [`PerRequest`] does not.
const OF_RUN: [&str; 14] = [
    "max_per_key",
    "max_total",
    "max_idle_per_key",
    "max_idle_total",
    "min_idle",
    "max_waiters",
    "idle_ms",
    "lifetime_ms",
    "max_uses",
    "order",
    "probe_after_ms",
    "seed",
    "unix_socket",
    "resolve",
];

/// Options of a whole run: those of its client, and those of its requests unless they bring their own.
#[derive(Clone, Debug, Default)]
pub(crate) struct Run {
    pub(crate) pool: pool::Options,
    pub(crate) request: PerRequest,
    pub(crate) transport: Transport,
    probe_after: Option<Duration>,
    unix_socket: Option<PathBuf>,
    session: Session,
    record: Option<PathBuf>,
    record_secrets: bool,
}

/// Which adapter carries requests out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Transport {
    /// Blocking sockets, on the thread that asks.
    #[default]
    Std,
    /// One thread with an event loop.
    Mio,
}

/// Options that a request can bring itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct PerRequest {
    pub(crate) config: Config,
    /// The protocol to switch to.
    pub(crate) upgrade: Option<String>,
    trust: Trust,
}

/// Why an option can't be obeyed, in a sentence.
type Unfit = String;

impl Run {
    /// Sets all options of a JSON object.
    pub(crate) fn apply(&mut self, options: &Value) -> Result<(), Unfit> {
        value::object("options", options)?.iter().try_for_each(|(name, value)| self.set(name, value))
    }

    /// For commands where nobody would speak the protocol that is switched to.
    pub(crate) fn without_upgrade(self) -> Done<Self> {
        match self.request.upgrade {
            Some(_) => Err(Stop::usage("`upgrade` is for `batch`")),
            None => Ok(self),
        }
    }

    /// The same, with what is added to requests.
    pub(crate) fn adding(self, session: Session) -> Self {
        Self { session, ..self }
    }

    /// The client of the run.
    pub(crate) fn client(&self) -> Done<Client> {
        Ok(match self.transport {
            Transport::Std => Client::Std(self.std_client()?),
            Transport::Mio => Client::Mio(Reactor::start(self.mio_options()?, Pace::Ahead)?),
        })
    }

    /// The client of the run, by the blocking adapter.
    pub(crate) fn std_client(&self) -> Done<httpocean_std::Client> {
        Ok(self.std_builder()?.build())
    }

    /// The client of the run, and somebody who may be told what it decides.
    pub(crate) fn observed_client<O: httpocean_std::Observer>(&self, observer: Option<O>) -> Done<Client> {
        let Some(observer) = observer else { return self.client() };
        Ok(match self.transport {
            Transport::Std => Client::Std(self.std_builder()?.observer(observer).build()),
            Transport::Mio => {
                let observer: Option<Arc<dyn httpocean_std::Observer>> = Some(Arc::new(observer));
                let options = httpocean_mio::Options { observer, ..self.mio_options()? };
                Client::Mio(Reactor::start(options, Pace::Ahead)?)
            }
        })
    }

    /// The same, with room for so many connections of one host, busy or idle.
    pub(crate) fn wide_enough(mut self, connections: usize) -> Self {
        let pool = &mut self.pool;
        let bounds = [
            &mut pool.max_per_key,
            &mut pool.max_total,
            &mut pool.max_idle_per_key,
            &mut pool.max_idle_total,
        ];
        for bound in bounds {
            *bound = connections.max(*bound);
        }
        self
    }

    fn std_builder(&self) -> Done<httpocean_std::ClientBuilder> {
        if self.record.is_some() {
            // Threads of their own have no order that could be kept.
            return Err(Stop::usage("--record needs --transport mio"));
        }
        let builder = httpocean_std::Client::builder()
            .pool(self.pool.clone())
            .config(self.request.config.clone())
            .probe_after(self.probe_after.unwrap_or_default())
            .session(self.session.clone())
            // What is to be decoded is decoded here, alike for both transports.
            .decoding(httpocean_std::Decoding::Raw);
        Ok(match &self.unix_socket {
            Some(path) => builder.connector(httpocean_std::UnixConnector::new(path)),
            None => builder,
        })
    }

    /// What the other adapter is made with.
    pub(crate) fn mio_options(&self) -> Done<httpocean_mio::Options> {
        use httpocean_mio::{Connector, Options, UnixConnector};
        let defaults = Options::default();
        Ok(Options {
            pool: self.pool.clone(),
            config: Arc::new(self.request.config.clone()),
            connector: match &self.unix_socket {
                Some(path) => Connector::Unix(UnixConnector::new(path)),
                None => defaults.connector.clone(),
            },
            record: self.recording()?,
            probe_after: self.probe_after.unwrap_or(defaults.probe_after),
            session: self.session.clone(),
            ..defaults
        })
    }

    fn set(&mut self, name: &str, value: &Value) -> Result<(), Unfit> {
        let pool = &mut self.pool;
        match name {
            "max_per_key" => pool.max_per_key = value::at_least_1(name, value)?,
            "max_total" => pool.max_total = value::at_least_1(name, value)?,
            "max_idle_per_key" => pool.max_idle_per_key = value::count(name, value)?,
            "max_idle_total" => pool.max_idle_total = value::count(name, value)?,
            "min_idle" => pool.min_idle = value::count(name, value)?,
            "max_waiters" => pool.max_waiters = value::count(name, value)?,
            "idle_ms" => pool.idle = value::duration(name, value)?,
            "lifetime_ms" => pool.lifetime = value::maybe(name, value, value::duration)?,
            "max_uses" => pool.max_uses = value::maybe(name, value, value::count)?,
            "order" => pool.order = order(name, value)?,
            "probe_after_ms" => self.probe_after = Some(value::duration(name, value)?),
            "seed" => pool.seed = seed(value::count(name, value)?),
            "unix_socket" => {
                self.unix_socket = value::maybe(name, value, value::text)?.map(PathBuf::from);
            }
            "resolve" => self.pin_all(name, value)?,
            "timeout_ms" => {
                let limits = value::object(name, value)?;
                return limits.iter().try_for_each(|(clock, value)| self.set_timeout(clock, value));
            }
            _ => return self.request.set(name, value),
        }
        Ok(())
    }

    fn set_timeout(&mut self, clock: &str, value: &Value) -> Result<(), Unfit> {
        let dial = &mut self.request.config.dial;
        let name = format!("timeout_ms.{clock}");
        match clock {
            "resolve" => dial.resolve = value::maybe(&name, value, value::duration)?,
            "connect" => {
                dial.connect = value::maybe(&name, value, value::duration)?;
                dial.proxy = dial.connect;
            }
            "tls" => dial.tls = value::maybe(&name, value, value::duration)?,
            _ => return self.request.set_timeout(clock, value),
        }
        Ok(())
    }

    fn pin_all(&mut self, name: &str, value: &Value) -> Result<(), Unfit> {
        for (host_port, addresses) in value::object(name, value)? {
            self.pin(host_port, value::addresses(name, addresses)?)?;
        }
        Ok(())
    }

    /// Pins `host_port`, such as `example.com:80`.
    pub(crate) fn pin(&mut self, host_port: &str, addresses: Vec<SocketAddr>) -> Result<(), Unfit> {
        let pins = &mut self.request.config.dial.pins;
        *pins = pins.clone().pin(host_port, addresses).map_err(|what| format!("`{host_port}`: {what}"))?;
        Ok(())
    }
}

impl PerRequest {
    /// These options with some of a request's own.
    pub(crate) fn with(&self, options: &Value) -> Result<Self, Unfit> {
        let mut own = self.clone();
        for (name, value) in value::object("options", options)? {
            own.set(name, value)?;
        }
        Ok(own)
    }

    fn set(&mut self, name: &str, value: &Value) -> Result<(), Unfit> {
        if policies::set(&mut self.config, name, value)? || proxies::set(&mut self.config.proxy, name, value)?
        {
            return Ok(());
        }
        match name {
            "timeout_ms" => {
                let limits = value::object(name, value)?;
                return limits.iter().try_for_each(|(clock, value)| self.set_timeout(clock, value));
            }
            "limits" => {
                let limits = value::object(name, value)?;
                return limits.iter().try_for_each(|(limit, value)| self.set_limit(limit, value));
            }
            "expect_continue" => self.config.call.expect_continue = value::yes_or_no(name, value)?,
            "ca_file" => {
                let path = value::maybe(name, value, value::text)?;
                self.config.tls = self.trust.set_ca_file(path)?;
            }
            "insecure" => self.config.tls = self.trust.set_insecure(value::yes_or_no(name, value)?)?,
            "upgrade" => self.upgrade = value::maybe(name, value, value::text)?,
            of_run if OF_RUN.contains(&of_run) => return Err(belongs_to_run(name)),
            _ => return Err(format!("there is no option `{name}`")),
        }
        Ok(())
    }

    fn set_timeout(&mut self, clock: &str, value: &Value) -> Result<(), Unfit> {
        let call = &mut self.config.call;
        let name = format!("timeout_ms.{clock}");
        let limit = match clock {
            "total" => &mut call.total,
            "pool" => &mut call.pool_wait,
            "send" => &mut call.send,
            "first_byte" => &mut call.first_byte,
            "idle" => &mut call.idle,
            "resolve" | "connect" | "tls" => return Err(belongs_to_run(&name)),
            _ => return Err(format!("there is no option `{name}`")),
        };
        *limit = value::maybe(&name, value, value::duration)?;
        Ok(())
    }

    fn set_limit(&mut self, limit: &str, value: &Value) -> Result<(), Unfit> {
        let limits: &mut Limits = &mut self.config.limits;
        let name = format!("limits.{limit}");
        match limit {
            "head_bytes" => limits.head_bytes = value::count(&name, value)?,
            "headers" => limits.headers = value::count(&name, value)?,
            "interim" => limits.interim = value::count(&name, value)?,
            "trailer_bytes" => limits.trailer_bytes = value::count(&name, value)?,
            "chunk_line" => limits.chunk_line = value::count(&name, value)?,
            _ => return Err(format!("there is no option `{name}`")),
        }
        Ok(())
    }
}

fn belongs_to_run(name: &str) -> Unfit {
    format!("`{name}` belongs to the run, not to a request: give it in --options")
}

fn order(name: &str, value: &Value) -> Result<Order, Unfit> {
    match value.as_str() {
        Some("lifo") => Ok(Order::Lifo),
        Some("fifo") => Ok(Order::Fifo),
        Some("round-robin") => Ok(Order::RoundRobin),
        _ => Err(format!("`{name}` is `lifo`, `fifo` or `round-robin`, not {value}")),
    }
}

/// The client takes 0 for "any".
fn seed(given: u64) -> u64 {
    if given == 0 { u64::MAX } else { given }
}
