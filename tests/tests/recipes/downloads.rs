//! A download from nginx: whole, in two parts, and of a file that changed in between.

use std::fs::{self, File};
use std::panic::{AssertUnwindSafe, catch_unwind};

use httpocean_std::Client;
use httpocean_tests::real::{Blocks, Home, Real};

use crate::recipe::download::download;

const SIZE: u64 = 8 * 1024 * 1024;

fn nginx(content: Blocks) -> Option<Real> {
    let home = Home::new();
    content.write_to(&home.www("file")).unwrap();
    Real::nginx(home, "location / { }")
}

/// Breaks off when half of it is there.
fn half(client: &Client, nginx: &Real) {
    let there = nginx.home().path("copy");
    let broken = catch_unwind(AssertUnwindSafe(|| {
        download(client, &nginx.url("/file"), &there, |have, total| {
            assert_eq!(total, Some(SIZE));
            assert!(have < SIZE / 2, "this is where the power fails");
        })
    }));
    assert!(broken.is_err());
    assert!(!there.exists(), "half a file is no file");
}

#[test]
fn progress_is_told_to_the_end() {
    let Some(nginx) = nginx(Blocks::new(SIZE)) else { return };
    let mut told = Vec::new();
    let there = nginx.home().path("copy");
    download(&Client::new(), &nginx.url("/file"), &there, |have, total| told.push((have, total))).unwrap();
    Blocks::new(SIZE).compare(&mut File::open(there).unwrap());
    assert_eq!(told[0], (0, Some(SIZE)));
    assert_eq!(told[told.len() - 1], (SIZE, Some(SIZE)));
    assert!(told.is_sorted());
}

#[test]
fn what_broke_off_goes_on() {
    let Some(nginx) = nginx(Blocks::new(SIZE)) else { return };
    let client = Client::new();
    half(&client, &nginx);
    let mut first = None;
    let there = nginx.home().path("copy");
    download(&client, &nginx.url("/file"), &there, |have, _| {
        first.get_or_insert(have);
    })
    .unwrap();
    assert!(first.unwrap() >= SIZE / 2 - 64 * 1024, "{first:?}: it went on");
    Blocks::new(SIZE).compare(&mut File::open(&there).unwrap());
    let statuses: Vec<u16> = nginx.nginx_log(2).iter().map(|logged| logged.status).collect();
    assert_eq!(statuses, [200, 206]);
}

#[test]
fn a_file_that_changed_begins_again() {
    let Some(nginx) = nginx(Blocks::new(SIZE)) else { return };
    let client = Client::new();
    half(&client, &nginx);
    fs::write(nginx.home().www("file"), "something shorter").unwrap();
    let there = nginx.home().path("copy");
    download(&client, &nginx.url("/file"), &there, |_, _| ()).unwrap();
    assert_eq!(fs::read_to_string(there).unwrap(), "something shorter");
}

#[test]
fn a_file_that_is_not_there_is_an_error() {
    let Some(nginx) = nginx(Blocks::new(1)) else { return };
    let there = nginx.home().path("copy");
    let error = download(&Client::new(), &nginx.url("/none"), &there, |_, _| ()).unwrap_err();
    assert!(error.to_string().ends_with("/none: 404 Not Found"), "{error}");
    assert!(!there.exists());
}
