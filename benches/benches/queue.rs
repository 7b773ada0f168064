//! What newcomers, positions and those who leave cost in a queue of 10,000 to 1,000,000 waiting chats, each in O(log n).
//! Bounds are on the growth, all sizes in one run: of comparisons, which are exact; of time with rows that are in the
//! cache at every size, where little but the algorithm grows; and of time as chats come, where a hundred times as much
//! memory misses caches. `cargo bench -p switchboard-benches --bench queue`.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use engine::domain::chat::Tried;
use engine::domain::queue::positions::Stands;
use engine::domain::queue::ranked::Ranked;
use engine::domain::queue::{Offering, Place, Queue, Waiting};
use engine::domain::routing::{Demand, Wishes};
use engine::domain::time::Timestamp;

#[path = "shared/chats.rs"]
mod chats;
#[path = "shared/scattered.rs"]
mod scattered;

use chats::chat;
use scattered::{operator, scattered};

const SIZES: [u64; 3] = [10_000, 100_000, 1_000_000];
/// O(log n) allows log 1,000,000 / log 10,000, which is 1.5; the rest is for levels, of which there are whole ones only.
const COMPARISONS_GROWTH_MAX: f64 = 2.0;
/// Twice what O(log n) allows: a longer path needs more of the cache's lines, and not all fit into the quickest one.
const IN_CACHE_GROWTH_MAX: f64 = 3.0;
/// A step of the path that misses all caches costs many times what it does otherwise. A look at all who wait would take 100
/// times as long.
const AS_THEY_COME_GROWTH_MAX: f64 = 20.0;
/// Steps that are timed together, so that looking at the clock costs none of them anything.
const TOGETHER: u64 = 1_000;
/// Of so many rounds, all sizes by turns, the quickest counts: what else runs on the machine only adds.
const ROUNDS: u64 = 50;
/// So few rows, asked for in turn, that they stay in the cache nearest to the processor.
const IN_CACHE: u64 = 4;
/// After all of them have entered.
const NOW: Timestamp = Timestamp::from_millis(1_000_000_000);

fn main() {
    count();
    measure("a queue", false);
    measure("a queue of chats that somebody declined", true);
}

type Step = fn(&mut Waits, u64) -> Duration;

const STEPS: [(&str, Step, f64); 5] = [
    ("a position, the row in the cache", Waits::asked_in_cache, IN_CACHE_GROWTH_MAX),
    ("one leaves and comes back, the row in the cache", Waits::back_in_cache, IN_CACHE_GROWTH_MAX),
    ("a position, any row", Waits::asked, AS_THEY_COME_GROWTH_MAX),
    ("a newcomer", Waits::come, AS_THEY_COME_GROWTH_MAX),
    ("one leaves", Waits::left, AS_THEY_COME_GROWTH_MAX),
];

fn measure(what: &str, let_go: bool) {
    let mut queues = SIZES.map(|size| Waits::of(size, let_go));
    let mut quickest = SIZES.map(|_| STEPS.map(|_| Duration::MAX));
    for round in 0..ROUNDS {
        for (queue, quickest) in queues.iter_mut().zip(&mut quickest) {
            for ((_, step, _), quickest) in STEPS.iter().zip(quickest) {
                *quickest = step(queue, round).min(*quickest);
            }
        }
    }
    let mut too_steep = Vec::new();
    for (n, (step, _, growth_max)) in STEPS.into_iter().enumerate() {
        let nanos = quickest.map(|steps| steps[n].as_secs_f64() * 1e9 / TOGETHER as f64);
        let growth = nanos[SIZES.len() - 1] / nanos[0];
        let each = nanos.map(|nanos| format!("{nanos:.0} ns")).join(", ");
        println!("{what}, {step}: {each} among {SIZES:?}: {growth:.2} times as long (at most {growth_max})");
        too_steep.extend((growth > growth_max).then_some(step));
    }
    assert!(too_steep.is_empty(), "it grows faster than is promised: {too_steep:?}");
}

/// A queue in which one comes for each that goes, so that it keeps its size.
struct Waits {
    queue: Queue,
    let_go: bool,
    first: u64,
    next: u64,
}

impl Waits {
    /// Everybody has been told their position.
    fn of(size: u64, let_go: bool) -> Self {
        let mut queue = Queue::default();
        (0..size).for_each(|n| queue.enqueue(chat(n), waiting(n, let_go)));
        let stands = |_: &Queue, _: &Waiting, _, ahead: usize| Stands { ahead, about: false, wait: None };
        while !queue.positions_due(NOW, stands).is_empty() {}
        Self { queue, let_go, first: 0, next: size }
    }

    fn come(&mut self, _: u64) -> Duration {
        let comers = self.next..self.next + TOGETHER;
        self.next = comers.end;
        let rows: Vec<_> = comers.map(|n| (chat(n), waiting(n, self.let_go))).collect();
        let begin = Instant::now();
        rows.into_iter().for_each(|(chat, row)| self.queue.enqueue(chat, row));
        begin.elapsed()
    }

    fn left(&mut self, _: u64) -> Duration {
        let leavers = self.first..self.first + TOGETHER;
        self.first = leavers.end;
        let begin = Instant::now();
        leavers.for_each(|n| drop(black_box(self.queue.remove(chat(n)))));
        begin.elapsed()
    }

    fn asked(&mut self, round: u64) -> Duration {
        let begin = Instant::now();
        for n in round * TOGETHER..(round + 1) * TOGETHER {
            assert!(black_box(self.queue.ahead(chat(self.any(n)))).is_some());
        }
        begin.elapsed()
    }

    fn asked_in_cache(&mut self, round: u64) -> Duration {
        let few = self.few(round);
        self.in_turn(|queue, n| assert!(black_box(queue.ahead(chat(few[n]))).is_some()))
    }

    fn back_in_cache(&mut self, round: u64) -> Duration {
        let few = self.few(round);
        self.in_turn(|queue, n| {
            if let Some(row) = queue.remove(chat(few[n])) {
                queue.enqueue(chat(few[n]), row);
            }
        })
    }

    /// What is done once before, for each of the few, fills the cache.
    fn in_turn(&mut self, mut step: impl FnMut(&mut Queue, usize)) -> Duration {
        (0..IN_CACHE).for_each(|n| step(&mut self.queue, n as usize));
        let begin = Instant::now();
        (0..TOGETHER).for_each(|n| step(&mut self.queue, (n % IN_CACHE) as usize));
        begin.elapsed()
    }

    fn few(&self, round: u64) -> [u64; IN_CACHE as usize] {
        std::array::from_fn(|n| self.any(round * IN_CACHE + n as u64))
    }

    /// One of those who wait.
    fn any(&self, n: u64) -> u64 {
        self.first + scattered(n) % (self.next - self.first)
    }
}

/// `let_go`: somebody declined it when it came.
fn waiting(n: u64, let_go: bool) -> Waiting {
    let at = Timestamp::from_millis(n as i64);
    let tried = let_go.then(|| Tried { operator: operator(n % 100), at });
    Waiting {
        entered_at: at,
        priority: (scattered(n) % 3) as i32,
        wishes: Wishes::default(),
        demand: Demand::new(tried),
        guest_of: None,
        moved: false,
        offering: Offering::No,
        rests_until: None,
    }
}

/// What is in order, and counts each comparison.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Counted<K>(K);

static COMPARED: AtomicU64 = AtomicU64::new(0);

impl<K: Ord> Ord for Counted<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        COMPARED.fetch_add(1, Relaxed);
        self.0.cmp(&other.0)
    }
}

impl<K: Ord> PartialOrd for Counted<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Of a position, as the queue finds it: the row by its chat, then how many places are before its own.
fn count() {
    let counts = SIZES.map(|size| {
        let (mut rows, mut order) = (BTreeSet::new(), Ranked::default());
        let place = |n| Place::new(chat(n), Timestamp::from_millis(n as i64), (scattered(n) % 3) as i32);
        for n in 0..size {
            rows.insert(Counted(chat(n)));
            order.insert(Counted(place(n)));
        }
        COMPARED.store(0, Relaxed);
        for n in (0..TOGETHER).map(|n| scattered(n) % size) {
            let found = rows.contains(&Counted(chat(n))) && order.rank(&Counted(place(n))).is_some();
            assert!(found, "{n} waits");
        }
        COMPARED.load(Relaxed) as f64 / TOGETHER as f64
    });
    let growth = counts[SIZES.len() - 1] / counts[0];
    println!(
        "comparisons of a position: {counts:.1?} among {SIZES:?}: {growth:.2} times as many (at most {COMPARISONS_GROWTH_MAX})"
    );
    assert!(growth <= COMPARISONS_GROWTH_MAX, "it grows faster than is promised");
}
