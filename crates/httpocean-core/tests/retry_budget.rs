//! However many calls fail, only a share of them is retrying.

mod judging;

use http::Method;
use httpocean_core::NotRetried;
use httpocean_core::policy::{Budget, Common, Place, Retries};

use judging::{Judge, refused};

fn enter(budget: &Budget, calls: usize) -> Vec<Place> {
    (0..calls).map(|_| budget.enter()).collect()
}

fn taken(places: &mut [Place]) -> usize {
    places.iter_mut().map(Place::take).filter(|taken| *taken).count()
}

#[test]
fn so_many_in_any_case_and_a_share_of_the_active_beyond() {
    for (calls, expected) in [(1, 1), (3, 3), (5, 3), (20, 4), (100, 20)] {
        let budget = Budget::new(3, 20);
        assert_eq!(taken(&mut enter(&budget, calls)), expected, "{calls} calls");
        assert_eq!((budget.active(), budget.retrying()), (0, 0), "all have ended");
    }
    assert_eq!(taken(&mut enter(&Budget::new(0, 0), 9)), 0);
    assert_eq!(taken(&mut enter(&Budget::unlimited(), 1_000)), 1_000);
}

#[test]
fn what_it_was_made_with_can_be_asked_and_printed() {
    for (at_least, percent) in [(3, 20), (0, 0), (u32::MAX, 1)] {
        let budget = Budget::new(at_least, percent);
        assert_eq!(budget.bounds(), Some((at_least, percent)));
        let printed = format!("{budget:?}");
        assert!(printed.contains(&format!("at_least: {at_least}, percent: {percent}")), "{printed}");
    }
    assert_eq!(Budget::default().bounds(), Some((20, 20)));
    assert_eq!(Budget::unlimited().bounds(), None);
    assert_eq!(format!("{:?}", Budget::unlimited()), "Budget(unlimited)");
}

#[test]
fn a_call_that_is_retried_again_takes_no_second_place() {
    let budget = Budget::new(1, 0);
    let mut place = budget.enter();
    assert!(place.take() && place.take() && place.take());
    assert_eq!(budget.retrying(), 1);
}

#[test]
fn an_answer_ends_the_retrying_but_not_the_call() {
    let budget = Budget::new(1, 0);
    let (mut a, mut b) = (budget.enter(), budget.enter());
    assert!(a.take() && !b.take());
    a.settle();
    a.settle();
    assert_eq!((budget.active(), budget.retrying()), (2, 0));
    assert!(b.take() && !a.take());
}

#[test]
fn who_is_retrying_is_asked_again_when_the_share_has_shrunk() {
    let budget = Budget::new(1, 50);
    let mut places = enter(&budget, 8);
    assert_eq!(taken(&mut places[..4]), 4);
    places.truncate(4);
    assert!(!places[0].take(), "4 of 4 are retrying");
    places.truncate(2);
    drop(places.pop());
    assert!(places[0].take(), "the one that may in any case");
}

#[test]
fn a_storm_is_refused_by_the_verdict() {
    let common = Common { budget: Budget::new(2, 10), ..Common::default() };
    let mut judges: Vec<_> = (0..50).map(|_| Judge::with(&common, Retries::new(3), Method::GET)).collect();
    let verdicts: Vec<_> = judges.iter_mut().map(|judge| judge.of_error(&refused())).collect();
    assert_eq!(verdicts.iter().filter(|verdict| verdict.is_ok()).count(), 5);
    assert!(verdicts[5..].iter().all(|verdict| *verdict == Err(NotRetried::BudgetEmpty)));
}

#[test]
fn a_verdict_that_is_no_for_another_reason_takes_nothing() {
    let retries = Retries { connect: Some(0), ..Retries::new(3) };
    let common = Common::default();
    assert!(Judge::with(&common, retries.clone(), Method::GET).of_error(&refused()).is_err());
    let mut judge = Judge::with(&common, retries, Method::GET);
    assert!(judge.of_error(&refused()).is_err());
    assert_eq!((common.budget.active(), common.budget.retrying()), (1, 0));
}

#[test]
fn many_threads_stay_within_it_and_leave_nothing_behind() {
    let budget = Budget::new(3, 0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..2_000 {
                    let mut place = budget.enter();
                    place.take();
                    assert!(budget.retrying() <= 3);
                    place.settle();
                }
            });
        }
    });
    assert_eq!((budget.active(), budget.retrying()), (0, 0));
}
