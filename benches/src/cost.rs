//! What a visitor costs on this machine, as a table of a few lines: memory of a connection, CPU of a message, each beside
//! the least that could do the same, measured in the same run and built with the same profile.

use std::fmt::Write;
use std::path::Path;

use clap::Parser;
use serde::Serialize;
use switchboard_benches::figures::kibibytes;
use switchboard_benches::machine::Machine;
use switchboard_benches::process::product_binary;
use switchboard_benches::stage::{Shape, Stage};

/// Operators who share the visitors: their passwords would take longer than the measurement if each visitor had one.
const CHATS_EACH: usize = 5;
/// Files of a server beside its sockets.
const OTHER_FILES: usize = 200;

/// Measures what a visitor costs, and prints it as Markdown.
#[derive(Parser)]
#[command(name = "bench-cost", version)]
struct Arguments {
    /// JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// Visitors in chats; with few of them a machine that is quick fills their chats, which hold 20,000 events each.
    #[arg(long, default_value_t = 1000)]
    visitors: usize,
    /// Connections without a word; fewer where a process may not open as many files.
    #[arg(long, default_value_t = 5000)]
    idle: usize,
    /// Messages a second at the steady rate.
    #[arg(long, default_value_t = 5000)]
    rate: u32,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 8.0)]
    seconds: f64,
    /// Seconds of chatting before memory is read.
    #[arg(long, default_value_t = 30.0)]
    chatting: f64,
}

/// All that was measured.
#[derive(Serialize)]
struct Costs {
    machine: Machine,
    version: &'static str,
    /// The profile that all programs were built with.
    build: String,
    rows: Vec<Row>,
}

/// A figure beside its floor.
#[derive(Serialize)]
struct Row {
    what: String,
    unit: &'static str,
    measured: f64,
    floor: f64,
    floor_is: &'static str,
}

fn main() {
    let arguments = Arguments::parse();
    let binary = product_binary();
    let build = binary.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
    let folder = tempfile::tempdir_in(binary.with_file_name("")).expect("a folder on the disk of the target folder");
    // The load is read before this run makes one.
    let machine = Machine::here();
    let mut rows = idle(&arguments, folder.path(), machine.files);
    rows.push(chatting(&arguments, folder.path()));
    rows.extend(messages(&arguments, folder.path()));
    let costs = Costs { machine, version: env!("CARGO_PKG_VERSION"), build, rows };
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&costs).expect("figures are JSON"));
    } else {
        print!("{}", table(&costs));
    }
}

fn stage(arguments: &Arguments) -> Stage {
    let Arguments { visitors, rate, seconds, .. } = *arguments;
    Stage { pairs: visitors, window: 6, rate, seconds, workers: None }
}

fn idle(arguments: &Arguments, folder: &Path, files: usize) -> Vec<Row> {
    let sockets = arguments.idle.min(files.saturating_sub(OTHER_FILES)).max(1);
    eprintln!("{sockets} connections without a word");
    let stage = stage(arguments);
    let floor = stage.idle(None, sockets).each(sockets);
    let product = stage.serve(&folder.join("idle"));
    let measured = stage.idle(Some(&product), sockets).each(sockets);
    vec![Row {
        what: format!("memory of an idle connection ({sockets} of them)"),
        unit: "KiB",
        measured: kibibytes(measured),
        floor: kibibytes(floor),
        floor_is: "a socket of the relay",
    }]
}

fn chatting(arguments: &Arguments, folder: &Path) -> Row {
    let shape = shape(arguments, Some(u32::try_from(arguments.visitors / 2).unwrap_or(u32::MAX).max(1)));
    let visitors = shape.operators * shape.chats_each;
    eprintln!("{visitors} visitors in chats, everybody says something each 4 s");
    let stage = Stage { seconds: arguments.chatting, pairs: visitors, ..stage(arguments) };
    let (_, floor) = stage.relay(shape.rate);
    let product = stage.serve(&folder.join("chatting"));
    let (_, measured) = stage.drive(&product, Shape { both_talk: true, ..shape });
    Row {
        what: format!(
            "memory of a visitor in a running chat ({visitors} of them, their share of the operators with it)"
        ),
        unit: "KiB",
        measured: kibibytes(measured.each(visitors)),
        floor: kibibytes(floor.each(visitors)),
        floor_is: "a pair of the relay's sockets",
    }
}

fn messages(arguments: &Arguments, folder: &Path) -> Vec<Row> {
    let stage = stage(arguments);
    let each = [(None, "saturated"), (Some(arguments.rate), "steady")];
    let rows = each.map(|(rate, name)| {
        eprintln!("messages, {name}");
        let (relay, _) = stage.relay(rate);
        let append = stage.append(&folder.join(format!("append-{name}")), rate);
        let product = stage.serve(&folder.join(name));
        let (whole, _) = stage.drive(&product, shape(arguments, rate));
        Row {
            what: format!("CPU of a message, {name} ({:.0} a second)", whole.rate()),
            unit: "µs",
            measured: whole.cpu_per_message_us(),
            floor: relay.cpu_per_message_us() + append.cpu_per_message_us(),
            floor_is: "relay and append writer together",
        }
    });
    rows.into()
}

fn shape(arguments: &Arguments, rate: Option<u32>) -> Shape {
    let operators = (arguments.visitors / CHATS_EACH).max(1);
    Shape { operators, chats_each: CHATS_EACH, rate, both_talk: false }
}

fn table(costs: &Costs) -> String {
    let mut out =
        String::from("| what | Switchboard | floor | ratio | the floor is |\n| --- | --- | --- | --- | --- |\n");
    for Row { what, unit, measured, floor, floor_is } in &costs.rows {
        let ratio = measured / floor;
        let _ = writeln!(out, "| {what} | {measured:.1} {unit} | {floor:.1} {unit} | {ratio:.1} | {floor_is} |");
    }
    let Costs { machine, version, build, .. } = costs;
    let _ = writeln!(out, "\nVersion {version}, `{build}` build; {machine}.");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_markdown_with_each_figure_beside_its_floor() {
        let row = |what: &str, unit, measured, floor| Row {
            what: what.to_owned(),
            unit,
            measured,
            floor,
            floor_is: "a relay",
        };
        let rows = vec![row("memory of a connection", "KiB", 7.0, 2.0), row("CPU of a message", "µs", 90.04, 60.0)];
        let load = 0.0;
        let machine = Machine { cores: 2, cpu: "a processor".into(), kernel: "6.1".into(), load, files: 1_024 };
        let table = table(&Costs { machine, version: "1.2.3", build: "dist".into(), rows });
        let lines: Vec<&str> = table.lines().collect();
        let expected = [
            "| what | Switchboard | floor | ratio | the floor is |",
            "| --- | --- | --- | --- | --- |",
            "| memory of a connection | 7.0 KiB | 2.0 KiB | 3.5 | a relay |",
            "| CPU of a message | 90.0 µs | 60.0 µs | 1.5 | a relay |",
            "",
            "Version 1.2.3, `dist` build; 2 cores (a processor), Linux 6.1, load 0.0 before the run.",
        ];
        assert_eq!(lines, expected);
    }
}
