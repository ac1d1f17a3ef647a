use httpocean_testkit::{reference, steps};
use proptest::prelude::*;
impl std::fmt::Debug for Seq {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.o)?;
        for s in &self.s {
            write!(f, "\n  {s:?}")?;
        }
        Ok(())
    }
}
#[derive(Clone)]
struct Seq {
    o: httpocean_core::pool::Options,
    s: Vec<steps::Step>,
}
fn seq() -> impl Strategy<Value = Seq> {
    prop::collection::vec(any::<u8>(), 0..600).prop_map(|b| {
        let (o, s) = steps::from_bytes(&b);
        Seq { o, s: s.collect() }
    })
}
proptest! {
    #![proptest_config(ProptestConfig { cases: std::env::var("HTTPOCEAN_CASES").map_or(500, |v| v.parse().unwrap()), max_shrink_iters: 50000, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn loose(s in seq()) { reference::loosely(s.o, s.s); }
    #[test]
    fn faithful(s in seq()) { reference::faithfully(s.o, s.s); }
}
