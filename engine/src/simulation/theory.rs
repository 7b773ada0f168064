//! What the theory of queues says of the simplest centres, to compare with: visitors who come by chance (Poisson),
//! chats of exponential length, one at a time at each of `n` operators, served in the order in which they came. With
//! visitors who wait for ever that is M/M/n, Erlang's delay formula (Gross and Harris, *Fundamentals of Queueing
//! Theory*, section on M/M/c); with exponential patience M/M/n + M (Palm 1957; Garnett, Mandelbaum and Reiman,
//! *Designing a call center with impatient customers*, 2002; Mandelbaum and Zeltyn on its waits).

/// A centre as the theory sees it. Time is in one unit throughout, say seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Erlang {
    operators: u32,
    arrival_rate: f64,
    handling: f64,
    patience: Option<f64>,
}

/// The probability of so many chats is left out when it is this much below the greatest: nothing of it is left in a
/// sum of doubles.
const NEGLIGIBLE: f64 = 1e-18;

impl Erlang {
    /// So many operators with one chat each, so many visitors a unit of time, the mean length of a chat, and the mean
    /// patience. `None`: numbers that are not positive, or visitors without end to their patience whom the operators
    /// can never serve all.
    pub fn new(operators: u32, arrival_rate: f64, handling: f64, patience: Option<f64>) -> Option<Self> {
        let positive = |value: f64| value.is_finite() && value > 0.0;
        let sound = operators > 0 && positive(arrival_rate) && positive(handling) && patience.is_none_or(positive);
        let settles = patience.is_some() || arrival_rate * handling < f64::from(operators);
        (sound && settles).then_some(Self { operators, arrival_rate, handling, patience })
    }

    /// The probability that a visitor waits at all.
    pub fn waits(&self) -> f64 {
        self.queued().iter().sum()
    }

    /// The mean wait, of those who leave until they do.
    pub fn mean_wait(&self) -> f64 {
        // Little: those who wait are as many as come while one waits.
        let waiting: f64 = self.queued().iter().enumerate().map(|(ahead, part)| ahead as f64 * part).sum();
        waiting / self.arrival_rate
    }

    /// The part of the visitors who leave.
    pub fn abandons(&self) -> f64 {
        self.patience.map_or(0.0, |patience| self.mean_wait() / patience)
    }

    /// The probability that a visitor still waits after that time.
    pub fn waits_longer_than(&self, time: f64) -> f64 {
        let served = f64::from(self.operators) / self.handling;
        let Some(patience) = self.patience else {
            return self.waits() * (-(served - self.arrival_rate) * time).exp();
        };
        // Behind k others the wait for an operator is a sum of exponential times with the rates served + i / patience,
        // i = 0 … k, so that exp(-wait / patience) has a beta distribution (served × patience, k + 1). Its incomplete
        // integral is summed here over k by terms that are all positive: nothing cancels.
        let (shape, x) = (served * patience, (-time / patience).exp());
        let (mut term, mut integral, mut sum) = (x.powf(shape), 0.0, 0.0);
        for (ahead, part) in self.queued().iter().enumerate() {
            integral += term;
            sum += part * f64::min(integral, 1.0);
            let next = ahead as f64 + 1.0;
            term *= (1.0 - x) * (shape + next - 1.0) / next;
        }
        x * sum
    }

    /// Probabilities that a visitor who comes finds all operators at work and 0, 1, … others waiting.
    fn queued(&self) -> Vec<f64> {
        let busy = self.operators as usize;
        let leaves = |present: usize| {
            let served = present.min(busy) as f64 / self.handling;
            served + self.patience.map_or(0.0, |patience| present.saturating_sub(busy) as f64 / patience)
        };
        // From the most probable number both ways: every term is at most 1, and none is lost that matters.
        let mut top = 0;
        while self.arrival_rate > leaves(top + 1) {
            top += 1;
        }
        let mut parts = vec![0.0; top + 1];
        parts[top] = 1.0;
        for present in (0..top).rev() {
            parts[present] = parts[present + 1] * leaves(present + 1) / self.arrival_rate;
        }
        while parts.last().is_some_and(|last| *last > NEGLIGIBLE) {
            let present = parts.len();
            parts.push(parts[present - 1] * self.arrival_rate / leaves(present));
        }
        let all: f64 = parts.iter().sum();
        parts.iter().skip(busy).map(|part| part / all).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Within that part of the expected value.
    fn close(found: f64, expected: f64, part: f64) {
        assert!((found - expected).abs() <= part * expected.abs(), "{found} instead of {expected}");
    }

    #[test]
    fn a_queue_without_end_has_no_formula() {
        assert_eq!(Erlang::new(5, 5.0, 1.0, None), None);
        assert_eq!(Erlang::new(5, f64::NAN, 1.0, Some(1.0)), None);
        assert!(Erlang::new(5, 50.0, 1.0, Some(1.0)).is_some_and(|centre| centre.abandons() > 0.89));
    }

    #[test]
    fn one_and_two_operators_are_as_in_the_closed_formulas() {
        for share in [0.1_f64, 0.5, 0.9, 0.99] {
            let one = Erlang { operators: 1, arrival_rate: share, handling: 1.0, patience: None };
            close(one.waits(), share, 1e-12);
            close(one.mean_wait(), share / (1.0 - share), 1e-9);
            close(one.waits_longer_than(3.0), share * (-(1.0 - share) * 3.0).exp(), 1e-12);
            let two = Erlang { operators: 2, arrival_rate: 2.0 * share, ..one };
            close(two.waits(), 2.0 * share * share / (1.0 + share), 1e-12);
            close(two.mean_wait(), share * share / (1.0 - share * share), 1e-9);
        }
    }

    #[test]
    fn as_patient_as_the_chats_are_long_it_is_as_if_there_were_operators_without_number() {
        // Then everybody leaves at the same rate, waiting or not, and those present are Poisson distributed.
        let centre = Erlang { operators: 3, arrival_rate: 4.0, handling: 1.0, patience: Some(1.0) };
        let none = (-4.0_f64).exp();
        close(centre.waits(), 1.0 - none * (1.0 + 4.0 + 8.0), 1e-12);
        // Those present are 4 on average, those at work min(present, 3).
        let at_work = 3.0 - none * (3.0 + 2.0 * 4.0 + 8.0);
        close(centre.mean_wait(), (4.0 - at_work) / 4.0, 1e-9);
    }

    #[test]
    fn fifty_agents_are_as_garnett_mandelbaum_and_reiman_printed() {
        // 48 calls a minute of a minute each; without and with a mean patience of two minutes.
        let patient = Erlang { operators: 50, arrival_rate: 48.0, handling: 1.0, patience: None };
        close(patient.mean_wait() * 60.0, 20.8, 0.005);
        let impatient = Erlang { patience: Some(2.0), ..patient };
        close(impatient.abandons(), 0.031, 0.02);
        close(impatient.mean_wait() * 60.0, 3.7, 0.02);
    }

    /// The same probability from the equations of a visitor who comes, without their solution: the chain is cut off far
    /// out, and the distribution over what is ahead is carried on in small steps of time.
    fn step_by_step(centre: &Erlang, time: f64) -> f64 {
        let (n, lambda, mu) = (centre.operators as usize, centre.arrival_rate, 1.0 / centre.handling);
        let theta = centre.patience.map_or(0.0, |patience| 1.0 / patience);
        let far = n + 400;
        let leaves = |k: usize| k.min(n) as f64 * mu + k.saturating_sub(n) as f64 * theta;
        let mut weight = vec![0.0_f64; far];
        for k in 1..far {
            weight[k] = weight[k - 1] + (lambda / leaves(k)).ln();
        }
        let greatest = weight.iter().copied().fold(f64::MIN, f64::max);
        let mut parts: Vec<f64> = weight.iter().map(|w| (w - greatest).exp()).collect();
        let all: f64 = parts.iter().sum();
        parts.iter_mut().for_each(|part| *part /= all);
        let mut ahead: Vec<f64> = parts[n..].to_vec();
        const STEPS: usize = 20_000;
        let step = time / STEPS as f64;
        // Who waits leaves at theta, is served at n mu when nobody is ahead, and moves up otherwise.
        let flow = |ahead: &[f64]| -> Vec<f64> {
            let up = |j: usize| n as f64 * mu + j as f64 * theta;
            (0..ahead.len())
                .map(|j| ahead.get(j + 1).map_or(0.0, |next| next * up(j + 1)) - ahead[j] * (up(j) + theta))
                .collect()
        };
        for _ in 0..STEPS {
            let first = flow(&ahead);
            let half: Vec<f64> = ahead.iter().zip(&first).map(|(a, f)| a + f * step / 2.0).collect();
            ahead.iter_mut().zip(flow(&half)).for_each(|(a, f)| *a += f * step);
        }
        ahead.iter().sum()
    }

    #[test]
    fn long_waits_are_as_likely_as_the_equations_say_step_by_step() {
        for (operators, arrival_rate, patience) in
            [(5, 4.0, None), (5, 4.0, Some(0.5)), (5, 7.0, Some(2.0)), (40, 38.0, Some(1.0)), (40, 44.0, Some(3.0))]
        {
            let centre = Erlang { operators, arrival_rate, handling: 1.0, patience };
            for time in [0.05, 0.3] {
                close(centre.waits_longer_than(time), step_by_step(&centre, time), 1e-5);
            }
            close(centre.waits_longer_than(0.0), centre.waits(), 1e-12);
        }
    }

    #[test]
    fn the_mean_wait_is_all_that_is_waited() {
        let centre = Erlang { operators: 500, arrival_rate: 520.0, handling: 1.0, patience: Some(1.5) };
        const STEPS: u32 = 20_000;
        let step = 2.0 / f64::from(STEPS);
        let sum: f64 = (0..STEPS).map(|n| centre.waits_longer_than((f64::from(n) + 0.5) * step) * step).sum();
        close(sum, centre.mean_wait(), 1e-4);
    }
}
