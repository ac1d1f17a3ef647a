use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use httpocean_std::policy::Retries;
use httpocean_std::policy::redirect::Redirects;
use httpocean_std::{Client, ClientBuilder, pool};

/// Pages of one host.
pub struct Host {
    pub name: String,
    pub paths: Vec<String>,
}

/// The client of a crawler: never more than one connection to a host, never more than 64 in all, nothing that is
/// waited for without end.
pub fn polite() -> ClientBuilder {
    Client::builder()
        .pool(pool::Options { max_per_key: 1, max_total: 64, max_idle_total: 64, ..Default::default() })
        .redirects(Redirects { limit: 5, same_host: true, ..Default::default() })
        .retries(Retries { retry_after_max: Duration::from_secs(60), ..Retries::new(2) })
        .connect_timeout(Duration::from_secs(5))
        .total_timeout(Duration::from_secs(120))
}

/// Fetches all pages: a host at a time on each of `threads` threads, with a `pause` between two pages of a host. `found`
/// is told what became of each.
pub fn crawl(
    client: &Client,
    hosts: Vec<Host>,
    threads: usize,
    pause: Duration,
    found: impl Fn(&str, Result<(u16, Vec<u8>), httpocean_std::Error>) + Sync,
) {
    let queue = Mutex::new(hosts.into_iter());
    let next = || queue.lock().ok().and_then(|mut queue| queue.next());
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(host) = next() {
                    for (n, path) in host.paths.iter().enumerate() {
                        if n > 0 {
                            thread::sleep(pause);
                        }
                        let url = format!("http://{}{path}", host.name);
                        found(&url, page(client, &url));
                    }
                }
            });
        }
    });
}

/// A page of at most a megabyte.
fn page(client: &Client, url: &str) -> Result<(u16, Vec<u8>), httpocean_std::Error> {
    let mut response = client.get(url)?.header("user-agent", "example-crawler/1.0").send()?;
    let body = response.body_mut().read_to_vec(1_000_000)?;
    Ok((response.status().as_u16(), body))
}
