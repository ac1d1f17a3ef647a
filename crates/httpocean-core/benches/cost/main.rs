//! What the core costs: instructions, allocations and bytes for one operation, in memory. They are counted, so they
//! are the same on a busy machine; times are not.
//!
//! ```sh
//! cargo bench -p httpocean-core --bench cost                      # the table
//! cargo bench -p httpocean-core --bench cost -- --tsv FILE        # and its numbers, as `.ci/cost` compares them
//! ```
//!
//! Instructions are counted by valgrind, and left out where there is none: the program runs itself twice, with more
//! operations the second time, and what the difference took is what they cost.

#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, clippy::disallowed_methods)]

mod calls;
mod engines;
mod pools;

use std::alloc::System;
use std::process::Command;
use std::{env, fs};

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Something to repeat, made with whatever it needs.
pub(crate) struct Operation {
    name: &'static str,
    make: fn() -> Box<dyn FnMut()>,
}

/// What one operation costs.
struct Cost {
    instructions: Option<u64>,
    allocations: f64,
    bytes: f64,
}

/// Operations before any is counted: buffers and tables have their size by then.
const WARM: usize = 64;
const FEW: usize = 64;
const MANY: usize = 1_064;

fn main() {
    let args: Vec<String> = env::args().collect();
    let operations: Vec<Operation> =
        [calls::operations(), pools::operations(), engines::operations()].into_iter().flatten().collect();
    if let Some(at) = args.iter().position(|arg| arg == "--one") {
        let operation = operations.iter().find(|operation| operation.name == args[at + 1]).unwrap();
        let mut run = (operation.make)();
        (0..args[at + 2].parse().unwrap()).for_each(|_| run());
        // What it holds is not let go of: how long that takes depends on the order in which it came about.
        std::mem::forget(run);
        return;
    }
    let mut tsv = String::new();
    println!("| one operation | instructions | allocations | bytes allocated |\n|---|---|---|---|");
    for operation in &operations {
        let cost = Cost::of(operation);
        let instructions = cost.instructions.map_or("-".to_owned(), |n| n.to_string());
        let Cost { allocations, bytes, .. } = cost;
        println!("| {} | {instructions} | {allocations:.2} | {bytes:.0} |", operation.name);
        tsv += &format!("{}\t{instructions}\t{allocations:.2}\t{bytes:.0}\n", operation.name);
    }
    if let Some(at) = args.iter().position(|arg| arg == "--tsv") {
        fs::write(&args[at + 1], tsv).unwrap();
    }
}

impl Cost {
    fn of(operation: &Operation) -> Self {
        let mut run = (operation.make)();
        (0..WARM).for_each(|_| run());
        let before = ALLOCATOR.stats();
        (0..MANY).for_each(|_| run());
        let after = ALLOCATOR.stats() - before;
        let few = instructions(operation.name, FEW);
        let many = few.and_then(|_| instructions(operation.name, MANY));
        Self {
            instructions: few.zip(many).map(|(few, many)| (many - few) / (MANY - FEW) as u64),
            allocations: (after.allocations + after.reallocations) as f64 / MANY as f64,
            bytes: after.bytes_allocated as f64 / MANY as f64,
        }
    }
}

/// Of a whole run; `None` without valgrind.
fn instructions(name: &str, times: usize) -> Option<u64> {
    let run = Command::new("valgrind")
        .args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"])
        .arg(env::current_exe().unwrap())
        .args(["--one", name, &times.to_string()])
        // Valgrind counts each byte of a `rep movsb`: let the C library copy in another way.
        .env(
            "GLIBC_TUNABLES",
            "glibc.cpu.x86_rep_movsb_threshold=2000000000:glibc.cpu.x86_rep_stosb_threshold=2000000000",
        )
        .output()
        .ok()?;
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let told = String::from_utf8_lossy(&run.stderr).into_owned();
    let line = told.lines().find(|line| line.contains("I ") && line.contains("refs:")).unwrap();
    Some(line.rsplit(':').next().unwrap().trim().replace(',', "").parse().unwrap())
}
