//! The same seed goes the same way (I7). The digest that is printed is the same in every build.

use httpocean_testkit::sim::{Campaign, Scene};

#[test]
fn the_same_seed_goes_the_same_way_a_thousand_times() {
    let small =
        (1..).map(Scene::new).find(|scene| (2..5).contains(&scene.users.len()) && !scene.hostile.is_empty());
    let scene = small.expect("a small world");
    let first = scene.play(false);
    assert!(first.violation.is_none() && first.faults.total() > 0, "{first:?}");
    for _ in 1..1_000 {
        assert_eq!(scene.play(false).digest, first.digest, "{scene:?}");
    }
    println!("seed {}: digest {:016x}", scene.seed, first.digest);
}

#[test]
fn keeping_lines_changes_nothing() {
    let scene = Scene::new(3);
    let (with, without) = (scene.play(true), scene.play(false));
    assert_eq!(with.digest, without.digest);
    assert!(!with.lines.is_empty() && without.lines.is_empty());
}

#[test]
fn other_seeds_go_other_ways() {
    assert_ne!(Scene::new(1).play(false).digest, Scene::new(2).play(false).digest);
}

#[test]
fn many_worlds_have_one_digest() {
    let run = || Campaign::run(500, 1_000).unwrap_or_else(|failure| panic!("{failure}"));
    let (once, again) = (run(), run());
    assert_eq!((once.digest, once.requests), (again.digest, again.requests));
    println!("{} worlds: digest {:016x}", once.worlds, once.digest);
}
