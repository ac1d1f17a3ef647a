//! Options as words of a line, `name=value`. A field that is added to the core's options is to be added here.

use core::time::Duration;
use std::net::{IpAddr, SocketAddr};

use http::{HeaderName, HeaderValue, Method, StatusCode};
use httpocean_core::Config;
use httpocean_core::dial::Pins;
use httpocean_core::policy::{Backoff, Exhausted, Methods};
use httpocean_core::pool::{self, DialPolicy, Order, Surplus};
use httpocean_core::proxy::{Choice, NoProxy, Rules};

use super::text::{escaped, unescaped};

/// One option's value as bytes, and back.
trait Value: Sized {
    fn put(&self) -> Vec<u8>;
    fn take(bytes: &[u8]) -> Option<Self>;
}

/// Two functions over the fields that are named: all of them as words, and one of them set by its name.
macro_rules! fields {
    ($all:ident, $one:ident, $type:ty: $($($part:ident).+),+ $(,)?) => {
        pub(super) fn $all(options: &$type) -> Vec<String> {
            let pairs = [$((stringify!($($part).+), options.$($part).+.put())),+];
            pairs.iter().map(|(name, value)| format!("{}={}", name.replace(' ', ""), escaped(value))).collect()
        }

        fn $one(options: &mut $type, name: &str, value: &[u8]) -> Option<()> {
            $(
                if stringify!($($part).+).replace(' ', "") == name {
                    options.$($part).+ = Value::take(value)?;
                    return Some(());
                }
            )+
            None
        }
    };
}

fields!(pool_words, set_pool, pool::Options:
    max_per_key, max_total, max_idle_per_key, max_idle_total, min_idle, max_waiters, max_dials_per_key, max_dials,
    order, dial, surplus, idle, idle_margin, lifetime, max_uses, jitter_percent, turns, seed,
);

fields!(config_words, set_config, Config:
    call.total, call.pool_wait, call.send, call.first_byte, call.idle, call.expect_continue,
    call.await_continue, call.user_agent, call.replay_any_method,
    dial.resolve, dial.connect, dial.connect_each, dial.proxy, dial.tls, dial.attempt_delay,
    dial.pins,
    redirects.limit, redirects.keep_method, redirects.https_only, redirects.same_host, redirects.referer,
    redirects.sensitive,
    retries.total, retries.connect, retries.read, retries.status, retries.other, retries.methods,
    retries.statuses, retries.respect_retry_after, retries.retry_after_max, retries.backoff,
    retries.exhausted,
    limits.head_bytes, limits.headers, limits.interim, limits.trailer_bytes, limits.chunk_line,
    limits.chunk_extensions, limits.request_head_bytes, limits.send_ahead, limits.drain_bytes,
    limits.drain_time, limits.proxy_head_bytes, limits.proxy_interim, limits.proxy_body_bytes, limits.addresses,
    proxy, local, partition,
);

pub(super) fn pool_of(words: &[&str]) -> Option<pool::Options> {
    let mut options = pool::Options::default();
    for word in words {
        let (name, value) = word.split_once('=')?;
        set_pool(&mut options, name, &unescaped(value)?)?;
    }
    Some(options)
}

pub(super) fn config_of(words: &[&str]) -> Option<Config> {
    let mut config = Config::default();
    for word in words {
        let (name, value) = word.split_once('=')?;
        set_config(&mut config, name, &unescaped(value)?)?;
    }
    Some(config)
}

/// By its own text.
macro_rules! plain {
    ($($type:ty),+) => {$(
        impl Value for $type {
            fn put(&self) -> Vec<u8> {
                self.to_string().into_bytes()
            }

            fn take(bytes: &[u8]) -> Option<Self> {
                core::str::from_utf8(bytes).ok()?.parse().ok()
            }
        }
    )+};
}

plain!(u8, u32, u64, usize, bool, IpAddr, Method, HeaderName);

impl Value for StatusCode {
    fn put(&self) -> Vec<u8> {
        self.as_str().into()
    }

    fn take(bytes: &[u8]) -> Option<Self> {
        Self::from_bytes(bytes).ok()
    }
}

impl Value for HeaderValue {
    fn put(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }

    fn take(bytes: &[u8]) -> Option<Self> {
        Self::from_bytes(bytes).ok()
    }
}

/// In nanoseconds.
impl Value for Duration {
    fn put(&self) -> Vec<u8> {
        self.as_nanos().to_string().into_bytes()
    }

    fn take(bytes: &[u8]) -> Option<Self> {
        let nanos: u128 = core::str::from_utf8(bytes).ok()?.parse().ok()?;
        let seconds = u64::try_from(nanos / 1_000_000_000).ok()?;
        Some(Self::new(seconds, u32::try_from(nanos % 1_000_000_000).ok()?))
    }
}

impl<T: Value> Value for Option<T> {
    fn put(&self) -> Vec<u8> {
        self.as_ref().map_or_else(|| b"-".to_vec(), |value| [b"+", &value.put()[..]].concat())
    }

    fn take(bytes: &[u8]) -> Option<Self> {
        match bytes {
            b"-" => Some(None),
            [b'+', value @ ..] => T::take(value).map(Some),
            _ => None,
        }
    }
}

/// With commas, which none of the values has.
impl<T: Value> Value for Vec<T> {
    fn put(&self) -> Vec<u8> {
        self.iter().map(Value::put).collect::<Vec<_>>().join(&b","[..])
    }

    fn take(bytes: &[u8]) -> Option<Self> {
        if bytes.is_empty() {
            return Some(Self::new());
        }
        bytes.split(|byte| *byte == b',').map(T::take).collect()
    }
}

impl Value for Methods {
    fn put(&self) -> Vec<u8> {
        if let Self::Only(methods) = self {
            return [b"only:", &methods.put()[..]].concat();
        }
        if *self == Self::Any { b"any".to_vec() } else { b"idempotent".to_vec() }
    }

    fn take(bytes: &[u8]) -> Option<Self> {
        match bytes {
            b"any" => Some(Self::Any),
            b"idempotent" => Some(Self::Idempotent),
            _ => Some(Self::Only(Value::take(bytes.strip_prefix(b"only:")?)?)),
        }
    }
}

impl Value for Backoff {
    fn put(&self) -> Vec<u8> {
        [self.base.put(), self.max.put(), self.jitter_percent.put()].join(&b","[..])
    }

    fn take(bytes: &[u8]) -> Option<Self> {
        let parts: Vec<_> = bytes.split(|byte| *byte == b',').collect();
        let [base, max, jitter] = parts[..] else { return None };
        Some(Self { base: Value::take(base)?, max: Value::take(max)?, jitter_percent: Value::take(jitter)? })
    }
}

impl Value for DialPolicy {
    fn put(&self) -> Vec<u8> {
        match self {
            Self::Eager => b"eager".to_vec(),
            Self::Wait(time) => [b"wait:", &time.put()[..]].concat(),
        }
    }

    fn take(bytes: &[u8]) -> Option<Self> {
        match bytes {
            b"eager" => Some(Self::Eager),
            _ => Some(Self::Wait(Value::take(bytes.strip_prefix(b"wait:")?)?)),
        }
    }
}

/// A host in a line, with its addresses behind it.
impl Value for Pins {
    fn put(&self) -> Vec<u8> {
        let line = |(host_port, addresses): (&str, &[SocketAddr])| {
            [&[host_port.to_owned()], &addresses.iter().map(ToString::to_string).collect::<Vec<_>>()[..]]
                .concat()
        };
        self.iter().map(|pinned| line(pinned).join(" ")).collect::<Vec<_>>().join("\n").into_bytes()
    }

    fn take(bytes: &[u8]) -> Option<Self> {
        core::str::from_utf8(bytes).ok()?.lines().try_fold(Self::default(), |pins, line| {
            let mut words = line.split(' ');
            let host_port = words.next()?;
            let addresses: Option<Vec<SocketAddr>> = words.map(|word| word.parse().ok()).collect();
            pins.pin(host_port, addresses?).ok()
        })
    }
}

/// On a line each. Who we are to a proxy is nobody's business.
impl Value for Rules {
    fn put(&self) -> Vec<u8> {
        let Self { http, https, no_proxy } = self;
        [http.put(), https.put(), no_proxy.to_string().into_bytes()].join(&b"\n"[..])
    }

    fn take(bytes: &[u8]) -> Option<Self> {
        let mut lines = bytes.splitn(3, |byte| *byte == b'\n');
        let (http, https) = (Value::take(lines.next()?)?, Value::take(lines.next()?)?);
        let no_proxy = NoProxy::new(core::str::from_utf8(lines.next()?).ok()?);
        Some(Self { http, https, no_proxy })
    }
}

impl Value for Choice {
    fn put(&self) -> Vec<u8> {
        match self {
            Self::Direct => b"direct".to_vec(),
            Self::By(proxy) => proxy.redacted().into_bytes(),
            Self::Wrong(_) => b"wrong".to_vec(),
        }
    }

    fn take(bytes: &[u8]) -> Option<Self> {
        match bytes {
            b"direct" => Some(Self::Direct),
            b"wrong" => Some(Self::Wrong("its URL was wrong when this was recorded")),
            url => core::str::from_utf8(url).ok()?.parse().ok().map(Self::By),
        }
    }
}

/// Variants without data, by a name each.
macro_rules! names {
    ($type:ty: $($variant:ident = $name:literal),+) => {
        impl Value for $type {
            fn put(&self) -> Vec<u8> {
                $(
                    if *self == Self::$variant {
                        return $name.to_vec();
                    }
                )+
                b"unknown".to_vec()
            }

            fn take(bytes: &[u8]) -> Option<Self> {
                $(
                    if bytes == $name {
                        return Some(Self::$variant);
                    }
                )+
                None
            }
        }
    };
}

names!(Order: Lifo = b"lifo", Fifo = b"fifo", RoundRobin = b"round-robin");
names!(Surplus: Keep = b"keep", Cancel = b"cancel");
names!(Exhausted: Response = b"response", Error = b"error");

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use http::{Method, StatusCode};
    use httpocean_core::Config;
    use httpocean_core::dial::Pins;
    use httpocean_core::policy::Methods;
    use httpocean_core::pool::{DialPolicy, Options};
    use httpocean_core::proxy::{NoProxy, Rules};

    use super::{config_of, config_words, pool_of, pool_words};

    fn refs(words: &[String]) -> Vec<&str> {
        words.iter().map(String::as_str).collect()
    }

    #[test]
    fn options_come_back() {
        let pool = Options { dial: DialPolicy::Wait(Duration::from_nanos(7)), seed: 9, ..Options::default() };
        assert_eq!(pool_of(&refs(&pool_words(&pool))), Some(pool));
        let mut config = Config::default();
        config.call.total = Some(Duration::from_millis(3));
        config.call.user_agent = None;
        config.redirects.sensitive = vec![http::header::ACCEPT, http::header::VIA];
        config.retries.methods = Methods::Only(vec![Method::GET, Method::PUT]);
        config.retries.statuses = vec![StatusCode::BAD_GATEWAY];
        config.local = Some([127, 0, 0, 1].into());
        config.proxy = Rules::all("https://proxy.example:3128".parse().expect("a proxy"));
        config.proxy.no_proxy = NoProxy::new("a:80,[::1]:8080 10.0.0.0/8,*,::1,.b");
        let pinned = ["127.0.0.1:80".parse().expect("an address"), "[::1]:81".parse().expect("an address")];
        config.dial.pins = Pins::default()
            .pin("a.example:80", pinned)
            .and_then(|pins| pins.pin("[::2]:9", []))
            .expect("hosts");
        let words = config_words(&config);
        let back = config_of(&refs(&words)).expect("what was written is read");
        assert_eq!(format!("{back:?}"), format!("{config:?}"));
        assert_eq!(back.proxy, config.proxy);
    }

    #[test]
    fn who_we_are_to_a_proxy_is_not_written_but_for_its_length() {
        let proxy = "socks5://annie:hunter22@proxy".parse().expect("a proxy");
        let config = Config { proxy: Rules::all(proxy), ..Config::default() };
        let words = config_words(&config).join(" ");
        assert!(!words.contains("annie") && !words.contains("hunter22"), "{words}");
        assert!(words.contains("xxxxx:xxxxxxxx@proxy:1080"), "{words}");
    }

    #[test]
    fn unknown_options_are_refused() {
        for word in ["max_total", "max_total=x", "nothing=1"] {
            assert_eq!(pool_of(&[word]), None);
        }
        assert!(config_of(&["call.total=5"]).is_none());
    }

    /// The paths of all fields, by what `{:#?}` prints.
    fn paths(printed: &str) -> Vec<String> {
        let (mut at, mut paths) = (Vec::new(), Vec::new());
        for line in printed.lines().map(str::trim) {
            let name = line.split_once(": ").map(|(name, _)| name);
            if line.ends_with('{') {
                at.push(name.unwrap_or_default());
            } else if line.starts_with('}') {
                at.pop();
            } else if let Some(name) = name {
                paths.push([&at[1..], &[name]].concat().join("."));
            }
        }
        paths
    }

    #[test]
    fn no_option_is_forgotten() {
        let unrecorded = ["dial.filter", "retries.when", "tls"];
        let pairs = [
            (paths(&format!("{:#?}", Options::default())), pool_words(&Options::default())),
            (paths(&format!("{:#?}", Config::default())), config_words(&Config::default())),
        ];
        for (paths, words) in pairs {
            assert!(paths.len() > 10, "{paths:?}");
            for path in paths {
                let is_there =
                    words.iter().any(|word| path.starts_with(word.split('=').next().expect("a name")));
                assert!(is_there || unrecorded.iter().any(|other| path.starts_with(other)), "{path}");
            }
        }
    }
}
