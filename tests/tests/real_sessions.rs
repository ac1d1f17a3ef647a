//! Logging in to nginx, by a cookie and by a password; and files of cookies that python reads and writes.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;
use std::process::Command;

use httpocean_std::session::{Credentials, Jar, Session};
use httpocean_tests::real::{Home, Real, page};
use httpocean_tests::{On, on_both_adapters};

on_both_adapters!("real": a_cookie_of_a_login_opens_what_is_behind_it, a_password_opens_what_is_behind_it);

const NOW: u64 = 1_800_000_000;

fn a_cookie_of_a_login_opens_what_is_behind_it(on: On) {
    let site = "location = /login {
            add_header Set-Cookie 'id=7; Path=/; HttpOnly; Max-Age=600' always;
            add_header Set-Cookie 'theme=dark; Path=/in' always;
            return 302 /in;
        }
        location = /in { if ($cookie_id != '7') { return 401 'who are you?'; } return 200 $http_cookie; }
        location = /out { add_header Set-Cookie 'id=; Path=/; Max-Age=0'; return 200 'bye'; }";
    let Some(nginx) = Real::nginx(Home::new(), site) else { return };
    let jar = Jar::new();
    let client = on.builder().session(Session::new().jar(jar.clone())).build();
    assert_eq!(client.get(nginx.url("/in")).send().unwrap().status(), 401);
    assert_eq!(page(&client, &nginx.url("/login")), "theme=dark; id=7");
    assert_eq!(page(&client, &nginx.url("/in")), "theme=dark; id=7");
    // By another name it is another host.
    let elsewhere = nginx.url("/in").replace("127.0.0.1", "localhost");
    assert_eq!(client.get(elsewhere).send().unwrap().status(), 401);
    assert_eq!(page(&client, &nginx.url("/out")), "bye");
    assert_eq!(client.get(nginx.url("/in")).send().unwrap().status(), 401);
    assert_eq!(jar.len(), 1);
}

fn a_password_opens_what_is_behind_it(on: On) {
    let home = Home::new().page("page", "secret");
    let users = home.path("users");
    std::fs::write(&users, "ann:{PLAIN}s3cret\n").unwrap();
    let site = format!("location = /page {{ auth_basic 'here'; auth_basic_user_file {}; }}", users.display());
    let Some(nginx) = Real::nginx(home, &site) else { return };
    let of = |credentials: Credentials| on.builder().session(Session::new().credentials(credentials)).build();
    let url = nginx.url("/page");
    let status =
        |client: &httpocean_tests::Client, url: &str| client.get(url).send().unwrap().status().as_u16();
    assert_eq!(status(&of(Credentials::new()), &url), 401);
    let known = of(Credentials::new().basic(&url, "ann", "s3cret").unwrap());
    assert_eq!(page(&known, &url), "secret");
    assert_eq!(status(&known, &url.replace("127.0.0.1", "localhost")), 401);
    assert_eq!(status(&of(Credentials::new().basic(&url, "ann", "wrong").unwrap()), &url), 401);
    let netrc = "machine 127.0.0.1\nlogin ann\npassword s3cret".parse().unwrap();
    assert_eq!(page(&of(Credentials::new().netrc(netrc)), &url), "secret");
    assert_eq!(page(&on.client(), &url.replace("//", "//ann:s3cr%65t@")), "secret");
}

const URLS: [&str; 6] = [
    "https://www.shop.example/",
    "https://shop.example/a/b",
    "http://www.shop.example/a",
    "https://other.example/",
    "http://127.0.0.1/",
    "http://xshop.example/a",
];

/// Loads a file, says what goes to each URL, and writes it anew.
const PYTHON: &str = "
import http.cookiejar, sys, urllib.request
jar = http.cookiejar.MozillaCookieJar(sys.argv[1])
jar.load(ignore_discard=True)
for url in sys.argv[2:]:
    request = urllib.request.Request(url)
    jar.add_cookie_header(request)
    print(request.get_header('Cookie') or '-')
jar.save(ignore_discard=True)
";

fn cookies(header: &str) -> BTreeSet<String> {
    header.split("; ").filter(|cookie| *cookie != "-").map(str::to_owned).collect()
}

#[test]
fn python_reads_our_file_and_we_read_its() {
    let (jar, home) = (Jar::new(), Home::new());
    for (url, cookie) in [
        ("https://www.shop.example/", "host=1; Secure; HttpOnly; Max-Age=60000000"),
        ("https://www.shop.example/", "domain=2; Domain=shop.example; Path=/a; Max-Age=60000000"),
        ("https://other.example/", "other=3; Max-Age=60000000"),
        ("http://127.0.0.1:81/", "address=4; Path=/; Max-Age=60000000"),
    ] {
        jar.set(&url.parse().unwrap(), cookie.as_bytes(), NOW).unwrap();
    }
    let ours = |jar: &Jar| {
        let of = |url: &str| jar.cookies(&url.parse().unwrap(), NOW);
        URLS.map(|url| of(url).map_or_else(BTreeSet::new, |value| cookies(value.to_str().unwrap())))
    };
    let file = home.path("cookies.txt");
    std::fs::write(&file, jar.to_text(NOW)).unwrap();
    let run = Command::new("python3").args(["-c", PYTHON]).arg(&file).args(URLS).output();
    let said = match run {
        Ok(said) => said,
        Err(error) if std::env::var_os("HTTPOCEAN_REQUIRE_SERVERS").is_none() => {
            return println!("skipped: python3 can't be run: {error}");
        }
        Err(error) => panic!("python3 can't be run: {error}"),
    };
    let (told, errors) = (String::from_utf8(said.stdout).unwrap(), String::from_utf8_lossy(&said.stderr));
    assert!(said.status.success(), "{errors}");
    assert_eq!(told.lines().map(cookies).collect::<Vec<_>>(), ours(&jar), "{told}");
    let again = Jar::new();
    assert_eq!(again.load(&std::fs::read(&file).unwrap(), NOW), Ok(4));
    assert_eq!(ours(&again), ours(&jar));
}
