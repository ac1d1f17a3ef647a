//! Flags that stand for options.

use lexopt::{Arg, Parser, ValueExt};
use serde_json::{Value, json};

use super::{Run, Transport};
use crate::stop::{Done, Stop};

/// What follows a flag.
#[derive(Clone, Copy)]
enum Takes {
    Count,
    Time,
    Text,
    Nothing,
    /// Nothing; the option's value is `null`, which means any.
    Null,
    /// `HOST:PORT:ADDRESS`
    Pin,
}

/// The flags, and the options that they stand for: a dot leads into an object.
const FLAGS: [(&str, &str, Takes); 36] = [
    ("max-per-host", "max_per_key", Takes::Count),
    ("max-total", "max_total", Takes::Count),
    ("max-idle-per-host", "max_idle_per_key", Takes::Count),
    ("max-idle", "max_idle_total", Takes::Count),
    ("min-idle-per-host", "min_idle", Takes::Count),
    ("max-waiters", "max_waiters", Takes::Count),
    ("keep-idle", "idle_ms", Takes::Time),
    ("lifetime", "lifetime_ms", Takes::Time),
    ("max-uses", "max_uses", Takes::Count),
    ("order", "order", Takes::Text),
    ("probe-after", "probe_after_ms", Takes::Time),
    ("seed", "seed", Takes::Count),
    ("timeout", "timeout_ms.total", Takes::Time),
    ("pool-timeout", "timeout_ms.pool", Takes::Time),
    ("resolve-timeout", "timeout_ms.resolve", Takes::Time),
    ("connect-timeout", "timeout_ms.connect", Takes::Time),
    ("tls-timeout", "timeout_ms.tls", Takes::Time),
    ("send-timeout", "timeout_ms.send", Takes::Time),
    ("first-byte-timeout", "timeout_ms.first_byte", Takes::Time),
    ("idle-timeout", "timeout_ms.idle", Takes::Time),
    ("expect-continue", "expect_continue", Takes::Nothing),
    ("unix-socket", "unix_socket", Takes::Text),
    ("resolve", "resolve", Takes::Pin),
    ("redirects", "redirects", Takes::Count),
    ("retries", "retries", Takes::Count),
    ("keep-method", "keep_method", Takes::Nothing),
    ("same-host", "same_host", Takes::Nothing),
    ("retry-any-method", "retry_methods", Takes::Null),
    ("backoff", "backoff.base_ms", Takes::Time),
    ("retry-after-max", "retry_after_max_ms", Takes::Time),
    ("proxy", "proxy", Takes::Text),
    ("no-proxy", "no_proxy", Takes::Text),
    ("proxy-from-env", "proxy_from_env", Takes::Nothing),
    ("ca-file", "ca_file", Takes::Text),
    ("https-only", "https_only", Takes::Nothing),
    ("insecure", "insecure", Takes::Nothing),
];

/// What `--help` says of them.
pub(crate) const HELP: &str = "\
Pool:
      --max-per-host N         connections of one host at most (64); further requests wait
      --max-total N            connections at most (512)
      --max-idle-per-host N    idle connections that are kept of one host (16); 0 keeps none
      --max-idle N             idle connections that are kept (128)
      --min-idle-per-host N    connections that are made ahead while a host is in use (0)
      --max-waiters N          requests that may wait for a connection (16384)
      --keep-idle TIME         how long a connection may be idle (90)
      --lifetime TIME          how old a connection may get (any age)
      --max-uses N             how many requests a connection may serve (any number)
      --order ORDER            which idle connection is used: lifo, fifo, round-robin (lifo)
      --probe-after TIME       ask a connection that was idle for so long whether it lives (0)
      --seed N                 what chance is made from

Time limits, in seconds, or with a unit as in 250ms or 2m:
      --timeout TIME           for all of a request and its response
      --pool-timeout TIME      waiting for a connection that others use
      --resolve-timeout TIME   looking up the host's name
      --connect-timeout TIME   connecting (10)
      --tls-timeout TIME       securing a connection, once it is connected (10)
      --send-timeout TIME      while the server takes no further byte of the request
      --first-byte-timeout TIME  from the end of the request to the first byte of the response
      --idle-timeout TIME      between two bytes of the response

Redirects and retries:
      --redirects N            redirects that are followed (10); 0 shows them instead
      --keep-method            a POST stays a POST at 301 and 302
      --same-host              a redirect to another scheme, host or port is an error
      --https-only             a redirect to plain http is an error
      --retries N              further attempts after a failure (0)
      --retry-any-method       retry what may do harm when it is done twice, too
      --backoff TIME           the first wait between attempts (0.1), less a random part; it doubles
      --retry-after-max TIME   the longest wait that a server can ask for (60)

Proxies:
      --proxy URL              http://, https://, socks5://, socks5h:// or socks4a://, with USER:PASSWORD@
                               before the host if need be
      --no-proxy LIST          hosts, and ranges of addresses, that are reached directly; * is all
      --proxy-from-env         those of the environment: http_proxy, https_proxy, all_proxy, no_proxy;
                               `get` does so by itself

TLS:
      --ca-file FILE           trust the certificates in this file (PEM), and nobody else
      --insecure               trust anybody: whoever is on the way can read and change everything

More:
      --expect-continue        ask before a body is sent
      --resolve HOST:PORT:ADDRESS  connect to that address instead, such as example.com:80:127.0.0.1
      --unix-socket PATH       connect to a Unix socket, whatever the URL says
      --options JSON           any option by the name it has in `batch`
      --transport std|mio      by whom requests are carried out: blocking sockets, or an event loop (std)
      --record FILE            write what decides the run into FILE, for `httpocean replay`, without
                               bodies, secret fields and queries; with --transport mio
      --record-secrets         with them
      --help                   this text
";

impl Run {
    /// Takes a flag that stands for an option, and what follows it. All other flags are refused.
    pub(crate) fn take_flag(&mut self, flag: &str, args: &mut Parser) -> Done {
        match flag {
            "transport" => return self.take_transport(&args.value()?.string()?),
            "record" => {
                self.record = Some(args.value()?.into());
                return Ok(());
            }
            "record-secrets" => {
                self.record_secrets = true;
                return Ok(());
            }
            "options" => return self.apply_text(&args.value()?.string()?),
            _ => {}
        }
        let Some((_, option, takes)) = FLAGS.iter().find(|(known, ..)| *known == flag) else {
            return Err(Arg::Long(flag).unexpected().into());
        };
        let value = match takes {
            Takes::Count => json!(number(flag, &args.value()?.string()?)?),
            Takes::Time => json!(milliseconds(flag, &args.value()?.string()?)?),
            Takes::Text => json!(args.value()?.string()?),
            Takes::Nothing => json!(true),
            Takes::Null => Value::Null,
            Takes::Pin => return self.take_pin(&args.value()?.string()?),
        };
        let options = match option.split_once('.') {
            Some((outer, inner)) => json!({ outer: { inner: value } }),
            None => json!({ *option: value }),
        };
        self.obey(flag, &options)
    }

    fn take_transport(&mut self, name: &str) -> Done {
        self.transport = match name {
            "std" => Transport::Std,
            "mio" => Transport::Mio,
            _ => return Err(Stop::usage(format!("--transport is `std` or `mio`, not `{name}`"))),
        };
        Ok(())
    }

    /// Options as a JSON text.
    pub(crate) fn apply_text(&mut self, options: &str) -> Done {
        let options: Value = serde_json::from_str(options)
            .map_err(|error| Stop::usage(format!("--options is not JSON: {error}")))?;
        self.obey("options", &options)
    }

    /// What a flag asks for: what is wrong with it is told by the name that the user knows.
    fn obey(&mut self, flag: &str, options: &Value) -> Done {
        self.apply(options).map_err(|what| Stop::Usage(format!("--{flag}: {what}")))
    }

    fn take_pin(&mut self, text: &str) -> Done {
        let wrong = || Stop::usage(format!("--resolve takes HOST:PORT:ADDRESS, not `{text}`"));
        // The address may be IPv6 and hold colons itself, the host may be one in brackets.
        let host_end = text.find(']').map_or(0, |at| at + 1);
        let colon = host_end + text[host_end..].find(':').ok_or_else(wrong)?;
        let (port, address) = text[colon + 1..].split_once(':').ok_or_else(wrong)?;
        let address = address.trim_start_matches('[').trim_end_matches(']').parse().map_err(|_| wrong())?;
        let port_number = port.parse().map_err(|_| wrong())?;
        let addresses = vec![std::net::SocketAddr::new(address, port_number)];
        self.pin(&text[..colon + 1 + port.len()], addresses).map_err(Stop::Usage)
    }
}

/// A whole number after a flag.
pub(crate) fn number(flag: &str, text: &str) -> Done<u64> {
    whole(&format!("--{flag} takes"), text)
}

/// A whole number, of which `what` says that it has to be one.
pub(crate) fn whole(what: &str, text: &str) -> Done<u64> {
    text.parse().map_err(|_| Stop::usage(format!("{what} a whole number, not `{text}`")))
}

fn milliseconds(flag: &str, text: &str) -> Done<f64> {
    let (digits, unit) = match text {
        _ if text.ends_with("ms") => (&text[..text.len() - 2], 1.0),
        _ if text.ends_with('s') => (&text[..text.len() - 1], 1e3),
        _ if text.ends_with('m') => (&text[..text.len() - 1], 60e3),
        _ => (text, 1e3),
    };
    match digits.parse::<f64>() {
        Ok(number) if number.is_finite() && number >= 0.0 => Ok(number * unit),
        _ => Err(Stop::usage(format!("--{flag} takes a time such as 2.5, 250ms, 2.5s or 2m, not `{text}`"))),
    }
}
