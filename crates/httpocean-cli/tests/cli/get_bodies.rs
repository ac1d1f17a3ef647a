//! Where bodies go.

use std::fs;
use std::io::Read;
use std::path::PathBuf;

use httpocean_testkit::is_pattern;
use httpocean_testkit::server::{Reply, Server};

use super::command::{command, run};

/// A new directory of the test's own.
fn directory(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

#[test]
fn several_bodies_follow_each_other_on_stdout() {
    let server = Server::start(|request| Reply::ok(request.target.as_bytes()));
    let said = run(&["get", &server.url("/a"), &server.url("/b"), "-n", "2"]);
    assert_eq!((said.code, said.text()), (0, "/a/b/a/b"));
    assert_eq!(server.stats().accepted, 1);
}

#[test]
fn a_long_body_arrives_whole_in_a_file() {
    let server = Server::start(|_| Reply::generated(3_000_000));
    let file = directory("long").join("body");
    let said = run(&["get", "-o", file.to_str().unwrap(), &server.url("/")]);
    assert_eq!((said.code, said.text()), (0, ""), "{}", said.stderr);
    let body = fs::read(&file).unwrap();
    assert!(body.len() == 3_000_000 && is_pattern(0, &body));
}

#[test]
fn concurrent_bodies_are_not_mixed() {
    let server = Server::start(|request| {
        let letter = request.target.as_bytes()[1];
        Reply::ok(vec![letter; 200_000])
    });
    let urls: Vec<String> = ["/a", "/b", "/c", "/d"].iter().map(|path| server.url(path)).collect();
    let mut args = vec!["get", "-c", "4"];
    args.extend(urls.iter().map(String::as_str));
    let said = run(&args);
    let changes = said.stdout.windows(2).filter(|pair| pair[0] != pair[1]).count();
    assert_eq!((said.stdout.len(), changes), (800_000, 3));
}

#[test]
fn a_body_can_be_named_by_its_url() {
    let server = Server::start(|_| Reply::ok("content"));
    let directory = directory("named");
    let output = command(&["get", "-O", &server.url("/some/page.html?query")])
        .current_dir(&directory)
        .output()
        .unwrap();
    assert!(output.status.success());
    assert_eq!(fs::read_to_string(directory.join("page.html")).unwrap(), "content");
    assert_eq!(run(&["get", "-O", &server.url("/")]).code, 2, "a path that ends in no name");
}

#[test]
fn a_reader_that_leaves_is_no_trouble() {
    let server = Server::start(|_| Reply::generated(50_000_000));
    let mut child = command(&["get", &server.url("/")]).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 1000]).unwrap();
    drop(stdout);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}
