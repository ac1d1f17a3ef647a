//! What everybody writes first, to node.

use std::fs;

use httpocean_std::Client;
use httpocean_tests::real::{Home, Real};

use crate::recipe::first_day::{log_in, order, save, search, send_file};

/// Tells what it got, as JSON.
const TELLS: &str = "(request, response) => {
    let body = '';
    request.on('data', piece => body += piece);
    request.on('end', () => {
        const { authorization, accept, 'content-type': type } = request.headers;
        const status = request.url === '/missing' ? 404 : 200;
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ url: request.url, authorization, accept, type, body }));
    });
}";

#[test]
fn each_line_does_what_it_says() {
    let Some(node) = Real::node(TELLS, "") else { return };
    let (client, site) = (Client::new(), node.url(""));

    let found = search(&client, &site, "a b&c").unwrap();
    assert_eq!(found["url"], "/search?q=a+b%26c&page=1");
    assert_eq!(found["accept"], "application/json");

    let told: serde_json::Value = serde_json::from_str(&order(&client, &site, "tea").unwrap()).unwrap();
    assert_eq!(told["body"], r#"{"item":"tea"}"#);
    assert_eq!((&told["authorization"], &told["type"]), (&"Bearer t0ken".into(), &"application/json".into()));

    assert_eq!(log_in(&client, &site).unwrap(), 200);

    let home = Home::new();
    fs::write(home.path("picture.png"), "pixels").unwrap();
    let told: serde_json::Value =
        serde_json::from_str(&send_file(&client, &site, &home.path("picture.png")).unwrap()).unwrap();
    let body = told["body"].as_str().unwrap();
    assert!(body.contains("name=\"title\"") && body.contains("A picture"), "{body}");
    assert!(body.contains("filename=\"picture.png\"") && body.contains("pixels"), "{body}");

    let saved = save(&client, &format!("{site}/page"), &home.path("saved")).unwrap();
    assert_eq!(fs::metadata(home.path("saved")).unwrap().len(), saved);
    let error = save(&client, &format!("{site}/missing"), &home.path("none")).unwrap_err();
    assert!(error.to_string().contains("404"), "{error}");
    assert!(!home.path("none").exists());
    assert_eq!(client.stats().connections_opened, 1, "all of it on one connection");
}
