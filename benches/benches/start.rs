//! From the start of the process until it says that it listens, with many stored chats. The chats are made through
//! the server itself; each start comes after a kill, so that nothing was put in order for it.

use std::time::Duration;

use switchboard_benches::process::Product;
use switchboard_benches::product::fill;

/// From start to listening (promise).
const START_MAX: Duration = Duration::from_millis(500);
/// Starts that are measured.
const STARTS: usize = 7;
/// What was written last is in its place by then.
const INDEXED_WITHIN: Duration = Duration::from_secs(5);

fn main() {
    let chats = std::env::var("BENCH_CHATS").map_or(100_000, |text| text.parse().expect("BENCH_CHATS is a number"));
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder on the disk of the target folder");
    let data = folder.path().join("data");
    let settings = [("SWITCHBOARD_VISITOR_COMMANDS_PER_SECOND", "100000".to_owned())];

    let empty = Product::serve(&data, &settings);
    println!("first start, which makes the demo: {:?}", empty.started_in);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(fill(&empty.address, chats));
    std::thread::sleep(INDEXED_WITHIN);
    drop(empty);

    let mut spans: Vec<Duration> = (0..STARTS).map(|_| Product::serve(&data, &settings).started_in).collect();
    spans.sort();
    println!("{chats} chats, starts in order of their length: {spans:?}");
    println!("median {:?} (at most {START_MAX:?})", spans[STARTS / 2]);
}
