//! What a message costs on its whole way: a visitor says it, it is stored with fsync and acked, an operator gets it,
//! over real WebSockets. Each figure stands beside its floors, the bare relay and the bare append writer, measured
//! in the same run; the ratios are what is promised.

use std::path::Path;
use std::process::Command;

use switchboard_benches::figures::Figures;
use switchboard_benches::process::{Product, Running};

/// Whole path at saturation: CPU of at most this many times relay and append writer together.
const CPU_RATIO_MAX: f64 = 3.0;
/// Whole path at the steady rate: ack p99 of at most this many times the append writer's.
const P99_RATIO_MAX: f64 = 4.0;
/// Memory a visitor with a running chat, in bytes.
const VISITOR_BYTES_MAX: u64 = 20 * 1024;

fn main() {
    let scale = Scale::of_environment();
    println!("{scale:?}");
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder on the disk of the target folder");
    saturation(&scale, folder.path());
    steady(&scale, folder.path());
    memory(&scale, folder.path());
}

fn saturation(scale: &Scale, folder: &Path) {
    println!("\nsaturation: {} pairs, {} messages of each under way", scale.pairs, scale.window);
    let relay = relay(scale, None);
    println!("relay        {relay}");
    let append = append(scale, &folder.join("append-full"), None);
    println!("append       {append}");
    let product = Served::start(scale, &folder.join("saturation"));
    let (whole, _) =
        product.drive(scale, &Shape { operators: scale.pairs, chats_each: 1, rate: None, both_talk: false });
    println!("whole path   {whole}");
    let floors = relay.cpu_per_message_us() + append.cpu_per_message_us();
    let ratio = whole.cpu_per_message_us() / floors;
    println!("CPU whole path ÷ (relay + append) = {ratio:.2} (at most {CPU_RATIO_MAX})");
}

fn steady(scale: &Scale, folder: &Path) {
    println!("\nsteady: {} messages a second over {} pairs", scale.rate, scale.pairs);
    let relay = relay(scale, Some(scale.rate));
    println!("relay        {relay}");
    let append = append(scale, &folder.join("append-steady"), Some(scale.rate));
    println!("append       {append}");
    let product = Served::start(scale, &folder.join("steady"));
    let shape = Shape { operators: scale.pairs, chats_each: 1, rate: Some(scale.rate), both_talk: false };
    let (whole, _) = product.drive(scale, &shape);
    println!("whole path   {whole}");
    let ratio = whole.latency.p99 as f64 / append.latency.p99.max(1) as f64;
    println!("p99 whole path ÷ append = {ratio:.2} (at most {P99_RATIO_MAX})");
}

fn memory(scale: &Scale, folder: &Path) {
    let (operators, chats_each) = (scale.pairs / 5, 5);
    let visitors = (operators * chats_each) as u64;
    println!("\nmemory: {visitors} visitors, {operators} operators with {chats_each} chats each, all talk");
    let product = Served::start(scale, &folder.join("memory"));
    // Everybody writes every four seconds or so: quicker than people do.
    let rate = u32::try_from(visitors / 2).unwrap_or(u32::MAX).max(1);
    let shape = Shape { operators, chats_each, rate: Some(rate), both_talk: true };
    let (whole, before) = product.drive(&Scale { seconds: scale.memory_seconds, ..scale.clone() }, &shape);
    println!("whole path   {whole}");
    let each = whole.resident_bytes.saturating_sub(before) / visitors.max(1);
    println!("memory a visitor with a running chat = {each} bytes (at most {VISITOR_BYTES_MAX})");
}

fn relay(scale: &Scale, rate: Option<u32>) -> Figures {
    let mut server = Running::start(&mut Command::new(env!("CARGO_BIN_EXE_bench-relay")));
    let address = server.line_after("listening on http://");
    let mut command = scale.driver("relay", &address, server.pid(), rate);
    command.arg("--pairs").arg(scale.pairs.to_string());
    Figures::read(&Running::start(&mut command).line_after("figures "))
}

fn append(scale: &Scale, folder: &Path, rate: Option<u32>) -> Figures {
    std::fs::create_dir_all(folder).expect("a folder for the database");
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench-append"));
    command.arg("--folder").arg(folder).arg("--seconds").arg(scale.seconds.to_string());
    command.args(rate.map(|rate| format!("--rate={rate}")));
    Figures::read(&Running::start(&mut command).line_after("figures "))
}

/// The product and who drives it.
struct Served(Product);

/// Who talks, and how often.
struct Shape {
    operators: usize,
    chats_each: usize,
    rate: Option<u32>,
    both_talk: bool,
}

impl Served {
    fn start(scale: &Scale, data: &Path) -> Self {
        // What one visitor may send is not what is measured here.
        let mut settings = vec![("SWITCHBOARD_VISITOR_COMMANDS_PER_SECOND", "100000".to_owned())];
        settings.extend(scale.workers.clone().map(|workers| ("SWITCHBOARD_WORKERS", workers)));
        Self(Product::serve(data, &settings))
    }

    /// The figures, and the memory before the first socket.
    fn drive(&self, scale: &Scale, shape: &Shape) -> (Figures, u64) {
        let mut command = scale.driver("product", &self.0.address, self.0.process.pid(), shape.rate);
        command.arg("--operators").arg(shape.operators.to_string());
        command.arg("--chats-each").arg(shape.chats_each.to_string());
        command.args(shape.both_talk.then_some("--both-talk"));
        let mut driver = Running::start(&mut command);
        let before = driver.line_after("resident before ").parse().expect("bytes");
        (Figures::read(&driver.line_after("figures ")), before)
    }
}

/// How large a run is; smaller ones, for a look whether it works at all, by environment.
#[derive(Debug, Clone)]
struct Scale {
    /// Visitors, and operators where each has one.
    pairs: usize,
    /// Messages of each visitor under way at saturation: so many that the relay costs what it does at its best pace.
    window: usize,
    /// Messages a second when it is steady.
    rate: u32,
    /// Seconds of each measurement.
    seconds: f64,
    /// Seconds of chatting before memory is read.
    memory_seconds: f64,
    /// The product's threads; by default its own choice.
    workers: Option<String>,
}

impl Scale {
    fn of_environment() -> Self {
        Self {
            pairs: number("BENCH_PAIRS", 1000),
            window: number("BENCH_WINDOW", 6),
            rate: number("BENCH_RATE", 5000),
            seconds: number("BENCH_SECONDS", 10.0),
            memory_seconds: number("BENCH_MEMORY_SECONDS", 60.0),
            workers: std::env::var("BENCH_WORKERS").ok(),
        }
    }

    fn driver(&self, what: &str, address: &str, pid: u32, rate: Option<u32>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bench-driver"));
        command.arg(what).arg("--address").arg(address).arg("--pid").arg(pid.to_string());
        command.arg("--window").arg(self.window.to_string()).arg("--seconds").arg(self.seconds.to_string());
        command.args(rate.map(|rate| format!("--rate={rate}")));
        command
    }
}

fn number<T: std::str::FromStr>(name: &str, usual: T) -> T {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} is not a number: {text}")),
        Err(_) => usual,
    }
}
