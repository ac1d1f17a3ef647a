//! `httpocean batch`: requests as JSON lines on stdin, answers as JSON lines on stdout.

mod answer;
mod exchange;
mod line;
mod words;

use std::io::{self, BufRead, Write};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

use lexopt::{Arg, Parser, ValueExt};

use crate::client::Client;
use crate::options::Run;
use crate::options::flags::number;
use crate::output::{Out, note};
use crate::picture::Picture;
use crate::stop::{Done, Stop};
use line::{Ask, Line};

const HELP: &str = "\
Carries out requests that come as JSON lines on stdin, through one client, and answers each with a JSON line.

Usage: httpocean batch [-c N] [--options JSON] < REQUESTS

  -c, --concurrency N   so many requests at a time (1: strictly in order)
      --timeline FILE   draw what the pool did: a page that shows which connection served what, and who waited
      --options JSON    options of the run, such as '{\"max_per_key\": 2, \"timeout_ms\": {\"total\": 5000}}'
      --transport std|mio, --record FILE, and every pool and time option of `httpocean get`
      --help            this text

A request: {\"id\": 1, \"method\": \"GET\", \"url\": \"http://...\", \"headers\": [[\"name\", \"value\"]],
            \"body\": \"base64\", \"body_kind\": \"bytes\" | \"stream\" | \"stream-once\", \"options\": {...}}
A pause:   {\"wait_ms\": 100}

At the end a line on stderr counts what the client did.

Example: echo '{\"id\": 1, \"url\": \"http://127.0.0.1:8080/\"}' | httpocean batch
";

pub(crate) fn main(mut args: Parser) -> Done {
    let mut run = Run::default();
    let mut concurrency = 1;
    let mut picture = None;
    while let Some(arg) = args.next()? {
        match arg {
            Arg::Short('c') | Arg::Long("concurrency") => {
                concurrency = match number("concurrency", &args.value()?.string()?)? {
                    threads @ 1..=1024 => threads,
                    _ => return Err(Stop::usage("--concurrency is between 1 and 1024")),
                };
            }
            Arg::Long("timeline") => {
                picture = Some(Picture::create(&args.value()?, "What httpocean batch did")?);
            }
            Arg::Long("help") | Arg::Short('h') => return Out::help(HELP),
            Arg::Long(flag) => {
                let flag = flag.to_owned();
                run.take_flag(&flag, &mut args)?;
            }
            unknown @ (Arg::Short(_) | Arg::Value(_)) => return Err(unknown.unexpected().into()),
        }
    }
    let client = run.observed_client(picture.as_mut().map(|picture| picture.part("")))?;
    let batch = Batch { run, client, failed: AtomicBool::new(false) };
    let outcome = if concurrency == 1 { batch.in_order() } else { batch.at_a_time(concurrency) };
    note(answer::stats(&batch.client.stats()?));
    picture.map_or(Ok(()), Picture::finish)?;
    outcome?;
    if batch.failed.into_inner() { Err(Stop::Failed) } else { Ok(()) }
}

struct Batch {
    run: Run,
    client: Client,
    failed: AtomicBool,
}

impl Batch {
    /// Reads a line, does it, answers it.
    fn in_order(&self) -> Done {
        self.lines(|ask| self.carry_out(ask))
    }

    /// Hands each request to whichever thread is free, and reads no further while none is.
    fn at_a_time(&self, threads: u64) -> Done {
        let (hand, take) = sync_channel(0);
        let take = Mutex::new(take);
        let halt = Halt::default();
        let read = std::thread::scope(|scope| {
            // Dropped on every way out of here, which ends the threads.
            let hand = hand;
            for _ in 0..threads {
                std::thread::Builder::new().spawn_scoped(scope, || self.work(&take, &halt))?;
            }
            self.lines(|ask| if halt.is_said() { Err(Stop::Unread) } else { hand_over(&hand, ask) })
        });
        halt.into_result().and(read)
    }

    fn work(&self, take: &Mutex<Receiver<Ask>>, halt: &Halt) {
        loop {
            let next = take.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(ask) = next else { return };
            if let Err(stop) = self.carry_out(ask) {
                halt.say(stop);
            }
        }
    }

    fn lines(&self, mut each: impl FnMut(Ask) -> Done) -> Done {
        let mut input = io::stdin().lock();
        let mut text = Vec::new();
        for number in 1_u64.. {
            text.clear();
            if input.read_until(b'\n', &mut text)? == 0 {
                break;
            }
            if text.trim_ascii().is_empty() {
                continue;
            }
            let line = Line::parse(&text, &self.run.request)
                .map_err(|what| Stop::usage(format!("line {number}: {what}")))?;
            match line {
                Line::Wait(time) => std::thread::sleep(time),
                Line::Ask(ask) => each(*ask)?,
            }
        }
        Ok(())
    }

    fn carry_out(&self, ask: Ask) -> Done {
        let answer = exchange::exchange(&self.client, ask);
        if !answer.is_response {
            self.failed.store(true, Relaxed);
        }
        let line = format!("{}\n", answer.json);
        let mut stdout = io::stdout().lock();
        stdout.write_all(line.as_bytes())?;
        Ok(stdout.flush()?)
    }
}

/// Why answers can't be printed: then no further request is worth making.
#[derive(Default)]
struct Halt(Mutex<Option<Stop>>);

impl Halt {
    fn say(&self, stop: Stop) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(stop);
    }

    fn is_said(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    fn into_result(self) -> Done {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
    }
}

fn hand_over(hand: &SyncSender<Ask>, ask: Ask) -> Done {
    hand.send(ask).map_err(|_| Stop::Unread)
}
