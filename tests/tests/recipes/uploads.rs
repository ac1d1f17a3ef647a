//! An upload to node, which is asked first.

use std::fs;

use httpocean_tests::real::{Home, Real};

use crate::recipe::upload::upload;

/// Tells how long what it got was; does not want what is larger than a megabyte; drops the first of `/twice`.
const HANDLER: &str = "(request, response) => {
    let length = 0;
    request.on('data', piece => length += piece.length);
    request.on('end', () => {
        if (request.url === '/twice' && !server.dropped) {
            server.dropped = true;
            request.socket.destroy();
        } else {
            server.got = length;
            response.end();
        }
    });
    if (request.url === '/got') response.end(String(server.got));
}";
const SETTINGS: &str = "server.on('checkContinue', (request, response) => {
    if (Number(request.headers['content-length']) > 1000000) {
        response.writeHead(413);
        response.end('a megabyte at most');
    } else {
        response.writeContinue();
        server.emit('request', request, response);
    }
})";

fn got(node: &Real) -> String {
    let client = httpocean_std::Client::new();
    client.get(node.url("/got")).unwrap().send().unwrap().body_mut().read_to_string(100).unwrap()
}

#[test]
fn a_file_arrives_whole_though_the_connection_is_dropped_once() {
    let Some(node) = Real::node(HANDLER, SETTINGS) else { return };
    let home = Home::new();
    fs::write(home.path("file"), vec![b'x'; 900_000]).unwrap();
    for path in ["/put", "/twice"] {
        upload(&node.url(path), &home.path("file")).unwrap();
        assert_eq!(got(&node), "900000", "{path}");
    }
}

#[test]
fn what_is_not_wanted_is_refused_with_a_reason() {
    let Some(node) = Real::node(HANDLER, SETTINGS) else { return };
    let home = Home::new();
    fs::write(home.path("file"), vec![b'x'; 2_000_000]).unwrap();
    let error = upload(&node.url("/put"), &home.path("file")).unwrap_err().to_string();
    assert!(error.ends_with("413 Payload Too Large: a megabyte at most"), "{error}");
    assert_eq!(got(&node), "undefined", "nothing of it came");
}
