//! The clients of a benchmark, in a process of their own: opens the sockets, runs the load and prints the figures.

use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use switchboard_benches::load::{Pace, Span, run};
use switchboard_benches::product::Staffing;
use switchboard_benches::socket::{Socket, connect};
use switchboard_benches::{pairs, process, product};

/// Drives a server that runs already.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// The relay: pairs of sockets.
    Relay {
        #[command(flatten)]
        load: Load,
        /// Pairs.
        #[arg(long, default_value_t = 1000)]
        pairs: usize,
    },
    /// The product: visitors and operators in chats.
    Product {
        #[command(flatten)]
        load: Load,
        /// Operators.
        #[arg(long, default_value_t = 1000)]
        operators: usize,
        /// Chats of each operator.
        #[arg(long, default_value_t = 1)]
        chats_each: usize,
        /// Operators talk too, as much as visitors.
        #[arg(long)]
        both_talk: bool,
    },
    /// Connections without a word: only the server's memory is told.
    Idle {
        /// To what.
        #[arg(value_enum)]
        side: Side,
        /// Where the server listens.
        #[arg(long)]
        address: String,
        /// Its process.
        #[arg(long)]
        pid: u32,
        /// How many.
        #[arg(long, default_value_t = 1000)]
        sockets: usize,
    },
}

/// What idle connections are made to.
#[derive(Clone, Copy, ValueEnum)]
enum Side {
    /// The relay.
    Relay,
    /// The product, as visitors who have been greeted.
    Visitors,
}

/// What was done for a connection is over by then.
const SETTLED: Duration = Duration::from_secs(3);

#[derive(Args)]
struct Load {
    /// Where the server listens.
    #[arg(long)]
    address: String,
    /// Its process.
    #[arg(long)]
    pid: u32,
    /// Messages a second; without it as many as the server takes.
    #[arg(long)]
    rate: Option<u32>,
    /// Messages that each talker keeps under way, without a rate.
    #[arg(long, default_value_t = 6)]
    window: usize,
    /// Seconds to run before it counts.
    #[arg(long, default_value_t = 3.0)]
    warm_up: f64,
    /// Seconds that count.
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
}

impl Load {
    fn pace(&self) -> Pace {
        self.rate.map_or(Pace::Closed(self.window), Pace::Open)
    }

    fn span(&self) -> Span {
        let (warm_up, measured) = (Duration::from_secs_f64(self.warm_up), Duration::from_secs_f64(self.seconds));
        Span { pid: self.pid, warm_up, measured }
    }
}

fn main() {
    let arguments = Arguments::parse();
    end_at_the_first_panic();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(drive(arguments.what));
}

/// A talker that fails would only be missing from the figures: there must be none then.
fn end_at_the_first_panic() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        tell(panic);
        std::process::exit(1);
    }));
}

/// 60 letters: with its envelope a message has about 100 bytes.
const TEXT: &str = "Where is my parcel? It should have been here on Tuesday, no?";

async fn drive(what: What) {
    match what {
        What::Relay { load, pairs } => {
            println!("resident before {}", process::resident_bytes(load.pid));
            run(pairs::open(&load.address, pairs, TEXT).await, load.pace(), load.span()).await.print();
        }
        What::Product { load, operators, chats_each, both_talk } => {
            let staff = product::sign_in(&load.address, Staffing { operators, chats_each }).await;
            println!("resident before {}", without_hashes(load.pid).await);
            let talkers = product::open(&load.address, staff, TEXT, both_talk).await;
            run(talkers, load.pace(), load.span()).await.print();
        }
        What::Idle { side, address, pid, sockets } => {
            // The first of them make what all of them share.
            let shared = idle(side, &address, 0..SHARED_BY).await;
            let before = match side {
                Side::Relay => settled(pid).await,
                Side::Visitors => without_hashes(pid).await,
            };
            println!("resident before {before}");
            let open = idle(side, &address, SHARED_BY..SHARED_BY + sockets).await;
            println!("resident after {}", settled(pid).await);
            drop((shared, open));
        }
    }
}

/// Memory of a server when it is done with what just came.
async fn settled(pid: u32) -> u64 {
    tokio::time::sleep(SETTLED).await;
    process::resident_bytes(pid)
}

/// Memory of a server before anything counts: hashing passwords takes some that is not the connections', and the allocator
/// gives it back when it likes. The least of a while counts, or they would seem to cost less than they do.
async fn without_hashes(pid: u32) -> u64 {
    let mut least = process::resident_bytes(pid);
    for _ in 0..HASHES_FORGOTTEN_AFTER {
        tokio::time::sleep(Duration::from_secs(1)).await;
        least = least.min(process::resident_bytes(pid));
    }
    least
}

/// Seconds: the threads that hash end ten after their last hash.
const HASHES_FORGOTTEN_AFTER: u32 = 15;

/// Connections before those that count.
const SHARED_BY: usize = 10;

async fn idle(side: Side, address: &str, numbers: std::ops::Range<usize>) -> Vec<Socket> {
    let mut open = Vec::with_capacity(numbers.len());
    for number in numbers {
        open.push(match side {
            Side::Relay => connect(address, &format!("/pair/{number}/0"), &[]).await,
            Side::Visitors => product::looks_on(address).await,
        });
    }
    open
}
