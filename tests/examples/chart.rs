//! Draws `docs/performance.svg`: `cargo run -p httpocean-tests --example chart < docs/performance.tsv > docs/performance.svg`

use std::io::Read;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut table = String::new();
    let drawn = match std::io::stdin().read_to_string(&mut table) {
        Ok(_) => httpocean_tests::chart::draw(&table),
        Err(error) => Err(error.to_string()),
    };
    match drawn {
        Ok(svg) => {
            print!("{svg}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("chart: {why}");
            ExitCode::FAILURE
        }
    }
}
