//! What the user ordered.

use std::ffi::OsString;

use httpocean_std::http::header::AUTHORIZATION;
use httpocean_std::http::{HeaderName, HeaderValue, Method};
use lexopt::{Arg, Parser, ValueExt};

use super::data::{self, Data};
use super::session;
use super::sink::Target;
use crate::client::shown;
use crate::options::Run;
use crate::options::flags::{self, number};
use crate::stop::{Done, Stop};
use crate::threads;

const HELP: &str = "\
Fetches URLs through one pool and prints what comes.

Usage: httpocean get URL... [OPTIONS]

      -n, --times N            fetch each URL so many times (1)
      -c, --concurrency N      so many at a time (1)
      -o, --output FILE        all bodies go into FILE, one after the other; - is stdout
      -O, --remote-name        each body goes into a file named by the end of its URL
      -X, --request METHOD     the method (GET, or POST with -d)
      -I, --head               HEAD: the head only, which is printed
      -H, --header 'N: VALUE'  a header field; may be given again
      -u, --user USER:PASSWORD for the servers of the URLs, and for none that they redirect to
      -A, --user-agent NAME    the User-Agent
          --netrc              ~/.netrc, or the file that NETRC names, says who the user is to which host
          --netrc-file FILE    FILE says so
          --cookie-jar FILE    keep cookies, in FILE too: what is in it is used, and it is written anew at the end
      -d, --data BODY          a body; @FILE sends a file, @- what comes on stdin
          --json BODY          the same, said to be JSON, and so is what is wanted
          --data-urlencode D   a piece of a form: NAME=TEXT, or TEXT, or NAME@FILE; may be given again
      -F, --form NAME=TEXT     a part of a multipart form; NAME=@FILE sends a file, with ;type=TYPE of
                               that type; may be given again
          --compressed         ask for a compressed response, and decode it
      -i, --include            print the head of the response, too
      -v, --verbose            say each decision with its reason
      -f, --fail               a status of 400 and more is a failure
          --timeline FILE      draw what the pool did: a page that shows which connection served what, and who waited

";

const EXAMPLE: &str = "
Example: httpocean get -v -n 3 http://127.0.0.1:8080/
";

pub(super) fn help() -> String {
    [HELP, flags::HELP, EXAMPLE].concat()
}

/// What the user ordered.
pub(super) struct Order {
    pub(super) urls: Vec<String>,
    pub(super) times: usize,
    pub(super) concurrency: usize,
    pub(super) target: Target,
    pub(super) method: Method,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) data: Option<Data>,
    /// The body is JSON.
    pub(super) json: bool,
    pub(super) compressed: bool,
    pub(super) include: bool,
    pub(super) verbose: bool,
    pub(super) fail: bool,
    pub(super) timeline: Option<OsString>,
    pub(super) session: session::Order,
    pub(super) run: Run,
}

impl Order {
    /// `None`: help is all that was wanted.
    pub(super) fn parse(mut args: Parser) -> Done<Option<Self>> {
        let mut order = Self::nothing();
        let (mut method, mut user) = (None, None);
        let mut head = false;
        while let Some(arg) = args.next()? {
            match arg {
                Arg::Value(url) => order.urls.push(with_scheme(url.string()?)),
                Arg::Short('n') | Arg::Long("times") => order.times = at_least_1("times", &mut args)?,
                Arg::Short('c') | Arg::Long("concurrency") => {
                    order.concurrency = at_least_1("concurrency", &mut args)?;
                    if order.concurrency > threads::MOST {
                        return Err(Stop::usage(format!("--concurrency is at most {}", threads::MOST)));
                    }
                }
                Arg::Short('o') | Arg::Long("output") => order.target = Target::file(args.value()?),
                Arg::Short('O') | Arg::Long("remote-name") => order.target = Target::ByName,
                Arg::Short('X') | Arg::Long("request") => method = Some(method_of(&args.value()?.string()?)?),
                Arg::Short('I') | Arg::Long("head") => head = true,
                Arg::Short('H') | Arg::Long("header") => {
                    order.headers.push(header_of(&args.value()?.string()?)?);
                }
                Arg::Short('d') | Arg::Long("data") => order.set_data(Data::of(args.value()?), false)?,
                Arg::Long("json") => order.set_data(Data::of(args.value()?), true)?,
                Arg::Long("data-urlencode") => {
                    Data::add_urlencoded(&mut order.data, &args.value()?.string()?)?;
                }
                Arg::Short('F') | Arg::Long("form") => {
                    Data::add_field(&mut order.data, &args.value()?.string()?)?;
                }
                Arg::Long("compressed") => order.compressed = true,
                Arg::Short('u') | Arg::Long("user") => user = Some(session::user(&args.value()?.string()?)?),
                Arg::Short('A') | Arg::Long("user-agent") => {
                    order.run.request.config.call.user_agent = Some(agent_of(&args.value()?.string()?)?);
                }
                Arg::Long("netrc") => order.session.netrc = Some(session::From::Environment),
                Arg::Long("netrc-file") => order.session.netrc = Some(session::From::File(args.value()?)),
                Arg::Long("cookie-jar") => order.session.cookies = Some(args.value()?),
                Arg::Short('i') | Arg::Long("include") => order.include = true,
                Arg::Short('v') | Arg::Long("verbose") => order.verbose = true,
                Arg::Short('f') | Arg::Long("fail") => order.fail = true,
                Arg::Long("timeline") => order.timeline = Some(args.value()?),
                Arg::Short('h') | Arg::Long("help") => return Ok(None),
                Arg::Long(flag) => {
                    let flag = flag.to_owned();
                    order.run.take_flag(&flag, &mut args)?;
                }
                unknown @ Arg::Short(_) => return Err(unknown.unexpected().into()),
            }
        }
        order.include |= head;
        order.method = method.unwrap_or(match (head, &order.data) {
            (true, _) => Method::HEAD,
            (false, Some(_)) => Method::POST,
            (false, None) => Method::GET,
        });
        let says_who = order.headers.iter().any(|(name, _)| name == AUTHORIZATION);
        order.headers.extend(user.filter(|_| !says_who).map(|value| (AUTHORIZATION, value)));
        order.run = order.run.without_upgrade()?;
        order.check().map(Some)
    }

    fn nothing() -> Self {
        Self {
            urls: Vec::new(),
            times: 1,
            concurrency: 1,
            target: Target::Stdout,
            method: Method::GET,
            headers: Vec::new(),
            data: None,
            json: false,
            compressed: false,
            include: false,
            verbose: false,
            fail: false,
            timeline: None,
            session: session::Order::default(),
            run: Run::default().with_env_proxies(),
        }
    }

    fn set_data(&mut self, data: Data, json: bool) -> Done {
        if self.data.is_some() {
            return Err(data::one_body());
        }
        (self.data, self.json) = (Some(data), json);
        Ok(())
    }

    fn check(self) -> Done<Self> {
        if self.urls.is_empty() {
            return Err(Stop::usage("a URL is missing"));
        }
        if matches!(self.target, Target::ByName) {
            self.check_names()?;
        }
        Ok(self)
    }

    fn check_names(&self) -> Done {
        if self.times > 1 {
            return Err(Stop::usage("-O would write each file anew -n times; use -o"));
        }
        let mut seen = Vec::new();
        for url in &self.urls {
            let name = super::sink::remote_name(url)
                .ok_or_else(|| Stop::usage(format!("`{}` ends in no name for -O; use -o", shown(url))))?;
            if seen.contains(&name) {
                return Err(Stop::usage(format!("-O would write `{name}` twice; use -o")));
            }
            seen.push(name);
        }
        Ok(())
    }
}

fn with_scheme(url: String) -> String {
    if url.contains("://") { url } else { format!("http://{url}") }
}

fn at_least_1(flag: &str, args: &mut Parser) -> Done<usize> {
    match number(flag, &args.value()?.string()?)?.try_into() {
        Ok(0) => Err(Stop::usage(format!("--{flag} is at least 1"))),
        Ok(number) => Ok(number),
        Err(_) => Err(Stop::usage(format!("--{flag} is too large"))),
    }
}

fn method_of(text: &str) -> Done<Method> {
    text.parse().map_err(|_| Stop::usage(format!("`{text}` is no method")))
}

fn agent_of(text: &str) -> Done<HeaderValue> {
    text.parse().map_err(|_| Stop::usage("--user-agent has a byte that no field may have"))
}

/// What is wrong with a field is said without what may be its value: it may be a secret.
fn header_of(text: &str) -> Done<(HeaderName, HeaderValue)> {
    let begin = text.split_whitespace().next().unwrap_or_default();
    let (name, value) = text.split_once(':').ok_or_else(|| {
        Stop::usage(format!("a header is 'Name: value': there is no colon behind `{begin}`"))
    })?;
    let name =
        name.trim().parse().map_err(|_| Stop::usage(format!("`{begin}` begins no name for a header")))?;
    let value = HeaderValue::from_bytes(value.trim().as_bytes()).map_err(|_| {
        Stop::usage(format!("the value of header `{name}` has a byte that no value may have"))
    })?;
    Ok((name, value))
}
