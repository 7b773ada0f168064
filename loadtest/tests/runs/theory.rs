//! Waits of a real server beside those that the theory of queues predicts for the scenario.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::{loadtest, result_of, run_with, server, words};

/// The shipped scenario `erlang` in short: lengths of a second, so that half a minute has many of them.
const CENTRE: &str = r#"
name = "centre"
length_s = 36
warm_up_s = 4
service_level_s = 0.25
[[visitors]]
arrivals = { kind = "poisson", per_minute = 720 }
patience = { kind = "exponential", mean_s = 1 }
messages = { least = 0, most = 0 }
linger = { kind = "exponential", mean_s = 1 }
[[operators]]
count = 11
limit = 1
accepts = { kind = "fixed", s = 0 }
"#;

#[test]
fn a_centre_of_the_formula_is_held_against_it() {
    let mut scenario = tempfile::NamedTempFile::new().unwrap();
    scenario.write_all(CENTRE.as_bytes()).unwrap();
    let server = server();
    let arguments = run_with(&server, &[scenario.path().to_str().unwrap()]);
    // The formula knows no disk that stands still for a moment: where there is a folder in memory the server has that.
    let folder = Path::new("/dev/shm");
    let mut runs = (0..3).map(|_| {
        let mut run = loadtest(&arguments);
        if folder.is_dir() {
            run.env("TMPDIR", folder);
        }
        let machine = Machine::watched();
        (result_of(run), machine.stood_still())
    });
    // Where other work stalls the machine the run says so, and the formula is for another one.
    let mut stalled = true;
    let quiet = runs.find(|((_, json), stood_still)| {
        let remarks = &json["theory"]["remarks"];
        eprintln!("remarks: {remarks}; the machine stood still for {:.2} % of the time", stood_still * 100.0);
        stalled &= *stood_still > STALLED;
        remarks.as_array().is_some_and(Vec::is_empty)
    });
    let Some(((output, json), _)) = quiet else {
        assert!(stalled, "the runs say that the machine was busy, and it was not");
        return eprintln!("the machine stood still in each of three runs: nothing can be held against a formula here");
    };
    assert_eq!(output.status.code(), Some(0), "{}", words(&output));
    let theory = &json["theory"];
    assert_eq!(theory["why_not"].as_array().map(Vec::len), Some(0), "{theory}");
    assert_eq!(theory["centre"]["slots"], 11, "{theory}");
    assert!(theory["centre"]["counted"].as_u64() > Some(200), "{theory}");
    let handling = theory["centre"]["handling_s"].as_f64().unwrap();
    assert!((0.9..1.3).contains(&handling), "what the scenario asks for, and the server's own work: {theory}");
    // Some five hundred visitors, and a machine that may be busy: within a factor, not more.
    for (figure, factor) in [("mean_wait_s", 2.0), ("abandoned", 2.0), ("service_level", 1.5)] {
        let beside = &theory["figures"][figure];
        let [predicted, measured] = ["predicted", "measured"].map(|side| beside[side].as_f64().unwrap());
        assert!(predicted > 0.03, "there is something to predict: {theory}");
        assert!((predicted / factor..predicted * factor).contains(&measured), "{figure}: {theory}");
        assert!(beside["give_or_take"].as_f64() > Some(0.0), "{figure}: {theory}");
    }
    let words = words(&output);
    assert!(words.contains("erlang a   11 slots, 12.00 visitors/s") && words.contains("mean wait"), "{words}");
}

/// Whether the machine stands still, as seen by a thread that does nothing but sleep.
struct Machine {
    over: Arc<AtomicBool>,
    sleeper: JoinHandle<f64>,
}

impl Machine {
    fn watched() -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&over);
        let sleeper = std::thread::spawn(move || {
            let (begun, mut lost) = (Instant::now(), Duration::ZERO);
            while !ends.load(Ordering::Relaxed) {
                let asleep = Instant::now();
                std::thread::sleep(NAP);
                lost += asleep.elapsed().checked_sub(NAP).filter(|late| *late > LATE).unwrap_or_default();
            }
            lost.as_secs_f64() / begun.elapsed().as_secs_f64()
        });
        Self { over, sleeper }
    }

    /// The share of the time, from 0 to 1, that was slept too long.
    fn stood_still(self) -> f64 {
        self.over.store(true, Ordering::Relaxed);
        self.sleeper.join().expect("a thread that sleeps ends")
    }
}

/// How long the thread means to sleep, and by how much it wakes late where something is wrong.
const NAP: Duration = Duration::from_millis(5);
const LATE: Duration = Duration::from_millis(20);
/// One chat in a hundred is late, and says so, where a machine of several cores loses as much as this.
const STALLED: f64 = 0.003;

#[test]
fn a_limit_on_what_the_formula_cannot_say_is_refused_at_once() {
    let mut scenario = tempfile::NamedTempFile::new().unwrap();
    let text = CENTRE.replace("limit = 1\n", "limit = 1\ndeclines = 0.1\n") + "[limits]\ntheory_off = 3\n";
    scenario.write_all(text.as_bytes()).unwrap();
    let output = super::loadtest(&["run", scenario.path().to_str().unwrap()]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(words(&output).contains("operators decline offers"), "{}", words(&output));
}
