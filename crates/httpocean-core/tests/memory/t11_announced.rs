//! T11: what is allocated follows what came, never what was announced.

use httpocean_core::pool::Facts;
use httpocean_core::{BodyPlan, Config};

use crate::common::{Said, Scenario, request};
use crate::{alone, least, peak};

#[test]
fn t11_a_length_of_exabytes_costs_what_came_of_it() {
    alone(|| {
        for announced in [
            "Content-Length: 9223372036854775808\r\n\r\n",
            "Content-Length: 18446744073709551615\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
            "Transfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\n",
        ] {
            let response = format!("HTTP/1.1 200 OK\r\n{announced}0123456789");
            let (held, said) = least(|| {
                let mut it = Scenario::get();
                peak(|| {
                    it.feed(&response);
                    let said = it.run();
                    // What a driver is given to read into is no more than it asked for.
                    assert!(it.io.rx.space(1).len() < 4_096);
                    said
                })
            });
            assert!(said.contains(&Said::Data(b"0123456789".to_vec())), "{said:?}");
            assert!(held < 4_096, "{held} for {}", response.escape_debug());
        }
    });
}

#[test]
fn t11_a_body_of_exabytes_to_send_costs_nothing_before_it_is_there() {
    alone(|| {
        let plan = BodyPlan::sized(u64::MAX);
        let (held, said) = least(|| {
            peak(|| {
                let put = request("PUT", "http://example.com/", &[]);
                let mut it = Scenario::start(put, plan, Config::default());
                it.acquire(Facts::default());
                it.step()
            })
        });
        println!("{held} bytes held");
        assert_eq!(said, Said::NeedBody { from: 0 });
        assert!(held < 8_192, "{held}");
    });
}
