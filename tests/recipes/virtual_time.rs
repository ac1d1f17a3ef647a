use std::time::Duration;

use httpocean_testkit::sim::{Host, Reply, Sim, Visit};

/// What your code needs of the world. In production it is a client and a real clock, in a test a [`Sim`].
pub trait World {
    fn status_of(&mut self, url: &str) -> u16;
    fn sleep(&mut self, duration: Duration);
}

/// Your code: asks every hour until the job is done, for a day at most.
pub fn wait_for_job(world: &mut impl World, url: &str) -> Option<u32> {
    for hour in 0..24 {
        if world.status_of(url) == 200 {
            return Some(hour);
        }
        world.sleep(Duration::from_secs(3_600));
    }
    None
}

impl World for Sim {
    fn status_of(&mut self, url: &str) -> u16 {
        self.fetch(Visit::get(url)).status.unwrap_or(0)
    }

    fn sleep(&mut self, duration: Duration) {
        Sim::sleep(self, duration);
    }
}

/// A day passes in a millisecond, and the same at every run.
pub fn a_job_that_is_done_after(hours: usize) -> Option<u32> {
    let mut sim = Sim::new(1);
    sim.host(
        "jobs.test",
        Host::new(move |request| match request.of_host {
            asked if asked < hours => Reply::status(202),
            _ => Reply::ok("done"),
        }),
    );
    wait_for_job(&mut sim, "http://jobs.test/job/7")
}
