//! A mean with its confidence interval. Waits of visitors who come one after another are alike, so that taken one by one
//! they would promise more than they know: they are put together by spans of time long beside the memory of the queue,
//! and the means of these scatter almost independently of each other.

use super::Waited;
use crate::moment::Micros;

/// A span is this many times the memory of the queue: after the longer of a chat and a patience half is forgotten.
const MEMORIES: f64 = 5.0;
/// Spans: fewer say nothing of their scatter, more say little more.
const SPANS: (usize, usize) = (5, 20);
/// What Student's t passes on either side once in twenty times, with 4, 5, … 19 degrees of freedom.
const STUDENT: [f64; 16] =
    [2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093];

/// The mean over all visitors, and half the width of its interval where the time is long enough to know it. The span is
/// given by its ends and the memory of the queue in seconds.
pub(super) fn mean(
    waits: &[&Waited],
    (from, to, memory_s): (Micros, Micros, f64),
    of: &dyn Fn(&Waited) -> f64,
) -> (f64, Option<f64>) {
    let mean = waits.iter().map(|waited| of(waited)).sum::<f64>() / waits.len().max(1) as f64;
    let length = to.saturating_sub(from);
    let spans = ((length as f64 / 1e6 / (MEMORIES * memory_s)) as usize).min(SPANS.1);
    if spans < SPANS.0 {
        return (mean, None);
    }
    let mut sums = vec![(0.0, 0_u32); spans];
    for waited in waits {
        let place = waited.came.saturating_sub(from) as u128 * spans as u128 / u128::from(length.max(1));
        let (sum, count) = &mut sums[usize::try_from(place).unwrap_or(spans).min(spans - 1)];
        *sum += of(waited);
        *count += 1;
    }
    // A ratio: spans in which more came weigh more.
    let each = waits.len() as f64 / spans as f64;
    let scatter: f64 = sums.iter().map(|(sum, count)| (sum - mean * f64::from(*count)).powi(2)).sum();
    let deviation = (scatter / (spans - 1) as f64).sqrt() / each.max(1.0);
    (mean, Some(STUDENT[spans - SPANS.0] * deviation / (spans as f64).sqrt()))
}
