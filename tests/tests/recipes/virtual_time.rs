//! A day in a moment.

use crate::recipe::virtual_time::a_job_that_is_done_after;

#[test]
fn a_day_passes_at_once() {
    assert_eq!(a_job_that_is_done_after(0), Some(0));
    assert_eq!(a_job_that_is_done_after(7), Some(7));
    assert_eq!(a_job_that_is_done_after(30), None);
}
