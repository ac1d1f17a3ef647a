use std::error::Error;

use httpocean_std::Client;
use httpocean_std::proxy::{NoProxy, Rules};

/// A client whose requests go by `proxy`, such as `http://ann:s3cret@proxy.example:3128` or `socks5h://127.0.0.1:1080`,
/// but for hosts of our own.
pub fn by_proxy(proxy: &str) -> Result<Client, Box<dyn Error>> {
    let rules = Rules {
        no_proxy: NoProxy::new("localhost, .corp.example, 10.0.0.0/8"),
        ..Rules::all(proxy.parse()?)
    };
    Ok(Client::builder().proxy(rules).build())
}
