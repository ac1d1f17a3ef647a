//! The `httpocean` command.

fn main() {}
