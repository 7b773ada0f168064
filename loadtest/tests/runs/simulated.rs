//! `loadtest simulate` as a program: a small centre in all three forms, and what is wrong.

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;

use super::{loadtest, words};

/// Half an hour with more visitors than the operators can take, one without any, and one with some, in two groups.
const CENTRE: &str = r#"length_s = 5400
interval_s = 1800
[[groups]]
id = "support"
arrivals = { kind = "profile", step_s = 1800, per_hour = [120, 0, 40] }
patience = { kind = "exponential", mean_s = 60 }
handling = { kind = "lognormal", mean_s = 150, cv = 0.8 }
[[groups]]
id = "sales"
arrivals = { kind = "poisson", per_hour = 20 }
handling = { kind = "exponential", mean_s = 120 }
[[crews]]
name = "joe"
count = 3
limit = 1
seats = [{ group = "support" }, { group = "sales" }]
answers = { delay = { kind = "fixed", s = 3 }, declined = 0.1, ignored = 0.1 }
"#;
/// What tables and spreadsheets leave out.
const JSON_ONLY: [&str; 2] = ["offers_accepted", "offers_withdrawn"];

fn written(folder: &Path, text: &str) -> PathBuf {
    let file = folder.join("centre.toml");
    std::fs::write(&file, text).expect("a scenario");
    file
}

fn simulated(file: &Path, more: &[&str]) -> Output {
    let fixed = ["simulate", file.to_str().expect("a path in UTF-8")];
    loadtest(&[&fixed[..], more].concat()).output().expect("the program runs")
}

/// A form of the results for a seed; the second time has the same bytes.
fn form(file: &Path, seed: &str, form: &str) -> String {
    let [first, again] = [(); 2].map(|()| simulated(file, &["--seed", seed, "--form", form]));
    assert_eq!((first.status.code(), again.status.code()), (Some(0), Some(0)), "{}", words(&first));
    assert_eq!(first.stdout, again.stdout, "one seed, one {form}");
    String::from_utf8(first.stdout).expect("text")
}

type Fields = Vec<(String, String)>;

/// The cells of a line of the table: each ends where the name of its column ends.
fn cells(line: &str, ends: &[usize]) -> Vec<String> {
    let begins = std::iter::once(&0).chain(ends);
    begins.zip(ends).map(|(begin, end)| line[*begin..*end].trim().to_owned()).collect()
}

fn rows_of_table(text: &str) -> Vec<Fields> {
    let head = text.lines().next().expect("names");
    let ends: Vec<usize> = head
        .char_indices()
        .filter(|(at, letter)| *letter != ' ' && head[at + 1..].chars().next().is_none_or(|next| next == ' '))
        .map(|(at, _)| at + 1)
        .collect();
    let names = cells(head, &ends);
    let rows = text.lines().skip(1).map(|line| {
        assert_eq!(line.len(), head.len(), "columns stand below each other: {line}");
        names.iter().cloned().zip(cells(line, &ends)).collect()
    });
    rows.collect()
}

fn rows_of_csv(text: &str) -> Vec<Fields> {
    let fields = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
    let names = fields(text.lines().next().expect("names"));
    let rows = text.lines().skip(1).map(|line| {
        let values = fields(line);
        assert_eq!(values.len(), names.len(), "{line}");
        names.iter().cloned().zip(values).collect()
    });
    rows.collect()
}

/// The same of the JSON: times and parts to a thousandth, as people and spreadsheets get them.
fn rows_of_json(text: &str) -> Vec<Fields> {
    let rows: Vec<serde_json::Map<String, Value>> = serde_json::from_str(text).expect("a list of rows");
    let shown = |name: &str, value: &Value| match (name, value) {
        ("from_s", Value::Null) => "all".to_owned(),
        ("from_s", from) => from.as_f64().expect("seconds").to_string(),
        (_, Value::Null) => String::new(),
        (_, Value::String(text)) => text.clone(),
        (_, Value::Number(number)) if number.is_u64() => number.to_string(),
        (_, number) => format!("{:.3}", number.as_f64().expect("a number")),
    };
    let fields = |row: serde_json::Map<String, Value>| {
        let mut fields = Vec::new();
        for (name, value) in row {
            match value {
                Value::Object(inner) => {
                    let inner = inner.iter().map(|(part, value)| (format!("{name}_{part}"), shown(part, value)));
                    fields.extend(inner);
                }
                value => fields.push((name.clone(), shown(&name, &value))),
            }
        }
        fields
    };
    rows.into_iter().map(fields).collect()
}

fn sorted(rows: Vec<Fields>) -> Vec<Fields> {
    let sorted = |mut row: Fields| {
        row.sort_unstable();
        row
    };
    rows.into_iter().map(sorted).collect()
}

#[test]
fn a_table_json_and_csv_have_the_same_figures() {
    let folder = tempfile::tempdir().unwrap();
    let file = written(folder.path(), CENTRE);
    let [table, csv, json] = ["table", "csv", "json"].map(|name| form(&file, "7", name));
    let (table, csv, json) = (rows_of_table(&table), rows_of_csv(&csv), rows_of_json(&json));
    assert_eq!(json.len(), 8, "two groups, each over all and in three intervals: {json:?}");
    let value = |row: &Fields, name: &str| {
        row.iter().find(|(of, _)| of == name).unwrap_or_else(|| panic!("no {name}: {row:?}")).1.clone()
    };
    let number = |row: &Fields, name: &str| value(row, name).parse::<f64>().expect("a number");
    let all = &json[0];
    assert_eq!((value(all, "group"), value(all, "from_s")), ("support".into(), "all".into()));
    let told = ["answered", "abandoned", "wait_mean_s", "occupancy", "offers_declined", "offers_expired"];
    assert!(told.iter().all(|name| number(all, name) > 0.0), "there is something to compare: {all:?}");
    assert_eq!(value(&json[2], "wait_p50_s"), "", "nobody came in the second half hour: {:?}", json[2]);

    let common: Vec<Fields> = json
        .into_iter()
        .map(|row| row.into_iter().filter(|(name, _)| !JSON_ONLY.contains(&name.as_str())).collect())
        .collect();
    assert_eq!(sorted(table), sorted(common.clone()));
    assert_eq!(sorted(csv), sorted(common));

    let by_default = simulated(&file, &["--seed", "7"]);
    assert_eq!(
        String::from_utf8_lossy(&by_default.stdout),
        form(&file, "7", "table"),
        "without a form it is the table"
    );
    assert_ne!(form(&file, "7", "csv"), form(&file, "8", "csv"), "another seed, another day");
}

#[test]
fn a_simulation_that_is_wrong_is_named_with_its_line_and_exit_2() {
    let folder = tempfile::tempdir().unwrap();
    let unknown = CENTRE.replace("count = 3", "counts = 3");
    let negative = CENTRE.replace("length_s = 5400", "length_s = -1");
    let nowhere = CENTRE.replace("{ group = \"sales\" }]", "{ group = \"service\" }]");
    for (text, named) in [
        (unknown, ["line 14", "counts", "`count`"]),
        (negative, ["is not a simulation", "length_s: expected seconds", "from 1 to"]),
        (nowhere, ["is not a simulation", "crews[0].seats[1].group", "one of the groups, there is no service"]),
    ] {
        let output = simulated(&written(folder.path(), &text), &[]);
        let said = words(&output);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{said}");
        assert!(named.iter().all(|part| said.contains(part)), "{named:?}: {said}");
    }
    let output = simulated(Path::new("large-night"), &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(words(&output).contains("expected a file or one of large-day"), "{}", words(&output));
    let output = simulated(&written(folder.path(), CENTRE), &["--form", "xml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(words(&output).contains("table, json, csv"), "{}", words(&output));
}
