//! The programs of a measurement, each in a process of its own, and how large a run is: the floors, the product, and
//! who drives them.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::figures::Figures;
use crate::process::{Product, Running, product_binary};

/// How large a run is, and where its programs are.
#[derive(Debug, Clone)]
pub struct Stage {
    /// Visitors, and operators where each has one.
    pub pairs: usize,
    /// Messages of each visitor under way at saturation: so many that the relay costs what it does at its best pace.
    pub window: usize,
    /// Messages a second when it is steady.
    pub rate: u32,
    /// Seconds of each measurement.
    pub seconds: f64,
    /// The product's threads; by default its own choice.
    pub workers: Option<String>,
}

/// Who talks, and how often.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Operators.
    pub operators: usize,
    /// Chats of each.
    pub chats_each: usize,
    /// Messages a second; none: as many as the server takes.
    pub rate: Option<u32>,
    /// Operators talk too, as much as visitors.
    pub both_talk: bool,
}

/// Memory of a server in bytes, before the first socket and with all of them.
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    before: u64,
    after: u64,
}

impl Memory {
    /// What each of so many takes.
    pub fn each(&self, count: usize) -> u64 {
        self.after.saturating_sub(self.before) / count.max(1) as u64
    }
}

impl Stage {
    /// The relay under its load, one of each pair talks.
    ///
    /// # Panics
    /// When it does not run to its end.
    pub fn relay(&self, rate: Option<u32>) -> (Figures, Memory) {
        let mut server = Running::start(&mut Command::new(program("bench-relay")));
        let address = server.line_after("listening on http://");
        let mut command = self.driver("relay", &address, server.pid(), rate);
        command.arg("--pairs").arg(self.pairs.to_string());
        driven(&mut command)
    }

    /// The bare append writer.
    ///
    /// # Panics
    /// When it does not run to its end.
    pub fn append(&self, folder: &Path, rate: Option<u32>) -> Figures {
        std::fs::create_dir_all(folder).expect("a folder for the database");
        let mut command = Command::new(program("bench-append"));
        command.arg("--folder").arg(folder).arg("--seconds").arg(self.seconds.to_string());
        command.args(rate.map(|rate| format!("--rate={rate}")));
        Figures::read(&Running::start(&mut command).line_after("figures "))
    }

    /// The product, serving from a folder.
    ///
    /// # Panics
    /// When it does not listen.
    pub fn serve(&self, data: &Path) -> Product {
        // What one visitor may send is not what is measured here.
        let mut settings = vec![("SWITCHBOARD_VISITOR_COMMANDS_PER_SECOND", "100000".to_owned())];
        settings.extend(self.workers.clone().map(|workers| ("SWITCHBOARD_WORKERS", workers)));
        Product::serve(data, &settings)
    }

    /// The product under its load.
    ///
    /// # Panics
    /// When it does not run to its end.
    pub fn drive(&self, product: &Product, shape: Shape) -> (Figures, Memory) {
        let mut command = self.driver("product", &product.address, product.process.pid(), shape.rate);
        command.arg("--operators").arg(shape.operators.to_string());
        command.arg("--chats-each").arg(shape.chats_each.to_string());
        command.args(shape.both_talk.then_some("--both-talk"));
        driven(&mut command)
    }

    /// So many connections without a word: to the relay, or to the product as visitors who have been greeted.
    ///
    /// # Panics
    /// When one of them is refused.
    pub fn idle(&self, product: Option<&Product>, sockets: usize) -> Memory {
        let mut relay = None;
        let (side, address, pid) = match product {
            Some(product) => ("visitors", product.address.clone(), product.process.pid()),
            None => {
                let mut command = Command::new(program("bench-relay"));
                let server = relay.insert(Running::start(command.arg("--pairs").arg((2 * sockets + 100).to_string())));
                let address = server.line_after("listening on http://");
                ("relay", address, server.pid())
            }
        };
        let mut command = Command::new(program("bench-driver"));
        command.args(["idle", side, "--address", &address]).arg("--pid").arg(pid.to_string());
        let mut driver = Running::start(command.arg("--sockets").arg(sockets.to_string()));
        let before = bytes(&driver.line_after("resident before "));
        Memory { before, after: bytes(&driver.line_after("resident after ")) }
    }

    fn driver(&self, what: &str, address: &str, pid: u32, rate: Option<u32>) -> Command {
        let mut command = Command::new(program("bench-driver"));
        command.arg(what).arg("--address").arg(address).arg("--pid").arg(pid.to_string());
        command.arg("--window").arg(self.window.to_string()).arg("--seconds").arg(self.seconds.to_string());
        command.args(rate.map(|rate| format!("--rate={rate}")));
        command
    }
}

fn driven(command: &mut Command) -> (Figures, Memory) {
    let mut driver = Running::start(command);
    let before = bytes(&driver.line_after("resident before "));
    let figures = Figures::read(&driver.line_after("figures "));
    let after = figures.resident_bytes;
    (figures, Memory { before, after })
}

fn bytes(text: &str) -> u64 {
    text.parse().expect("a number of bytes")
}

/// A program of these benchmarks, built with the product's profile.
fn program(name: &str) -> PathBuf {
    let path = product_binary().with_file_name(name);
    assert!(path.is_file(), "{} is not there: cargo build -p switchboard-benches", path.display());
    path
}
