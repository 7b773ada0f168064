//! What a message costs on its whole way: a visitor says it, it is stored with fsync and acked, an operator gets it,
//! over real WebSockets. Each figure stands beside its floors, the bare relay and the bare append writer, measured
//! in the same run; the ratios are what is promised.

use std::path::Path;

use switchboard_benches::figures::kibibytes;
use switchboard_benches::machine::Host;
use switchboard_benches::stage::{Shape, Stage};

/// Whole path at saturation: CPU of at most this many times relay and append writer together.
const CPU_RATIO_MAX: f64 = 3.0;
/// Whole path at the steady rate: ack p99 of at most this many times the append writer's.
const P99_RATIO_MAX: f64 = 4.0;
/// How often floor and whole path are measured by turns at the steady rate; the median ratio counts. A virtual disk or a host
/// that stands still for a quarter of a second once is not what a 99th percentile shall tell of.
const STEADY_ROUNDS: usize = 5;
/// How long each of them is, as a part of the other measurements.
const STEADY_PART: f64 = 0.6;
/// Memory a visitor with a running chat, in KiB.
const VISITOR_KIB_MAX: f64 = 20.0;

fn main() {
    let stage = stage_of_environment();
    let memory_seconds = number("BENCH_MEMORY_SECONDS", 60.0);
    println!("{stage:?}, {memory_seconds} s of memory");
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder on the disk of the target folder");
    saturation(&stage, folder.path());
    steady(&Stage { seconds: stage.seconds * STEADY_PART, ..stage.clone() }, folder.path());
    memory(&Stage { seconds: memory_seconds, ..stage }, folder.path());
}

fn saturation(stage: &Stage, folder: &Path) {
    println!("\nsaturation: {} pairs, {} messages of each under way", stage.pairs, stage.window);
    let host = Host::from_now();
    let (relay, _) = stage.relay(None);
    println!("relay        {relay}");
    let append = stage.append(&folder.join("append-full"), None);
    println!("append       {append}");
    let product = stage.serve(&folder.join("saturation"));
    let shape = Shape { operators: stage.pairs, chats_each: 1, rate: None, both_talk: false };
    let (whole, _) = stage.drive(&product, shape);
    println!("whole path   {whole}");
    let floors = relay.cpu_per_message_us() + append.cpu_per_message_us();
    let ratio = whole.cpu_per_message_us() / floors;
    println!("CPU whole path ÷ (relay + append) = {ratio:.2} (at most {CPU_RATIO_MAX}); {}", disturbed(&host));
}

fn steady(stage: &Stage, folder: &Path) {
    println!("\nsteady: {} messages a second over {} pairs", stage.rate, stage.pairs);
    let (relay, _) = stage.relay(Some(stage.rate));
    println!("relay        {relay}");
    let mut ratios: Vec<f64> = (1..=STEADY_ROUNDS).map(|round| steady_round(stage, folder, round)).collect();
    ratios.sort_unstable_by(f64::total_cmp);
    let (least, median, most) = (ratios[0], ratios[STEADY_ROUNDS / 2], ratios[STEADY_ROUNDS - 1]);
    println!("p99 whole path ÷ append = {median:.2}, {least:.2} to {most:.2} (at most {P99_RATIO_MAX})");
}

/// Floor and whole path one after the other: their ratio.
fn steady_round(stage: &Stage, folder: &Path, round: usize) -> f64 {
    let host = Host::from_now();
    let append = stage.append(&folder.join(format!("append-steady-{round}")), Some(stage.rate));
    println!("append       {append}");
    let product = stage.serve(&folder.join(format!("steady-{round}")));
    let shape = Shape { operators: stage.pairs, chats_each: 1, rate: Some(stage.rate), both_talk: false };
    let (whole, _) = stage.drive(&product, shape);
    println!("whole path   {whole}");
    let ratio = whole.latency.p99 as f64 / append.latency.p99.max(1) as f64;
    println!("  p99 whole path ÷ append in round {round} = {ratio:.2}; {}", disturbed(&host));
    ratio
}

fn disturbed(host: &Host) -> String {
    format!("the host took {:.1} % of the processors meanwhile", host.took() * 100.0)
}

fn memory(stage: &Stage, folder: &Path) {
    let (operators, chats_each) = (stage.pairs / 5, 5);
    let visitors = operators * chats_each;
    println!("\nmemory: {visitors} visitors, {operators} operators with {chats_each} chats each, all talk");
    let product = stage.serve(&folder.join("memory"));
    // Everybody writes every four seconds or so: quicker than people do.
    let rate = u32::try_from(visitors / 2).unwrap_or(u32::MAX).max(1);
    let (whole, memory) = stage.drive(&product, Shape { operators, chats_each, rate: Some(rate), both_talk: true });
    println!("whole path   {whole}");
    let each = kibibytes(memory.each(visitors));
    println!("memory a visitor with a running chat = {each:.1} KiB (at most {VISITOR_KIB_MAX})");
}

/// The usual size; smaller ones, for a look whether it works at all, by environment.
fn stage_of_environment() -> Stage {
    Stage {
        pairs: number("BENCH_PAIRS", 1000),
        window: number("BENCH_WINDOW", 6),
        rate: number("BENCH_RATE", 5000),
        seconds: number("BENCH_SECONDS", 10.0),
        workers: std::env::var("BENCH_WORKERS").ok(),
    }
}

fn number<T: std::str::FromStr>(name: &str, usual: T) -> T {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} is not a number: {text}")),
        Err(_) => usual,
    }
}
