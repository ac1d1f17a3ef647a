//! An adapter that panics is told so.

use std::panic::resume_unwind;
use std::sync::Arc;

use http::Request;
use httpocean_testkit::conformance::{self, Adapter, Answer, Client, Failure, Setup, Upload};

/// At which of its methods.
#[derive(Clone, Copy, PartialEq)]
enum At {
    Client,
    Send,
}

struct Panics(At);

impl Adapter for Panics {
    fn name(&self) -> &str {
        "one that panics"
    }

    fn client(&self, _: Setup) -> Arc<dyn Client> {
        if self.0 == At::Client { resume_unwind(Box::new("in client")) } else { Arc::new(Panics(self.0)) }
    }
}

impl Client for Panics {
    fn send(&self, _: Request<()>, _: Upload) -> Result<Box<dyn Answer>, Failure> {
        resume_unwind(Box::new("in send"))
    }
}

#[test]
fn an_adapter_that_panics_is_told_so() {
    for at in [At::Client, At::Send] {
        let report = conformance::run_some(Panics(at), |check| check == "keep_alive");
        assert!(report.to_string().contains("the adapter panicked"), "{report}");
    }
}
