//! `loadtest simulate`: the engine's own routing on a virtual clock, a day of a large centre in seconds. Scenarios are
//! those of the simulation (groups, crews, shifts), not of runs.

use std::path::Path;

use engine::simulation::{Results, Scenario, SimulationError, run};
use thiserror::Error;

/// Simulations that come with the tool, by name.
pub const SHIPPED: [(&str, &str); 1] = [("large-day", include_str!("../scenarios/simulated/large-day.toml"))];

/// Happenings between two looks of the simulation's own checker at the whole centre.
const CHECK_EVERY: u32 = 100_000;

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Form {
    /// A table for people.
    Table,
    /// A list of rows.
    Json,
    /// For spreadsheets.
    Csv,
}

/// Why there are no results.
#[derive(Debug, Error)]
pub enum SimulateError {
    /// Neither a shipped one nor a file.
    #[error("no simulation {0:?}: expected a file or one of {names}", names = SHIPPED.map(|(name, _)| name).join(", "))]
    Unknown(String),
    /// The file cannot be read.
    #[error("{name} cannot be read: {source}")]
    Unreadable {
        /// The file.
        name: String,
        /// Why.
        source: std::io::Error,
    },
    /// A field is wrong.
    #[error("{name} is not a simulation:\n{words}")]
    Wrong {
        /// The file.
        name: String,
        /// The line, and what is expected there.
        words: String,
    },
    /// The cores broke a rule that must always hold.
    #[error("{name}: {source}")]
    Broken {
        /// The file.
        name: String,
        /// The rule.
        source: SimulationError,
    },
}

/// Simulates a scenario by its name or file.
///
/// # Errors
/// It is not there, is wrong, or shows a rule broken.
pub fn simulate(name: &str, seed: Option<u64>) -> Result<Results, SimulateError> {
    let text = match SHIPPED.iter().find(|(shipped, _)| *shipped == name) {
        Some((_, text)) => (*text).to_owned(),
        None if !Path::new(name).exists() => return Err(SimulateError::Unknown(name.to_owned())),
        None => std::fs::read_to_string(name)
            .map_err(|source| SimulateError::Unreadable { name: name.to_owned(), source })?,
    };
    let wrong = |words: String| SimulateError::Wrong { name: name.to_owned(), words };
    let mut scenario: Scenario = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    scenario.seed = seed.unwrap_or(scenario.seed);
    run(&scenario, CHECK_EVERY).map_err(|error| match error {
        SimulationError::Scenario(error) => wrong(error.to_string()),
        source @ SimulationError::Violation(_) => SimulateError::Broken { name: name.to_owned(), source },
    })
}

/// Results in a form.
pub fn written(results: &Results, form: Form) -> String {
    match form {
        Form::Table => results.to_text(),
        Form::Csv => results.to_csv(),
        Form::Json => results.to_json().map(|json| json + "\n").unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "length_s = 3600\n[[groups]]\nid = \"support\"\narrivals = { kind = \"poisson\", per_hour = 60 }\n\
                         handling = { kind = \"exponential\", mean_s = 120 }\n\
                         [[crews]]\nname = \"joe\"\ncount = 3\nlimit = 1\nseats = [{ group = \"support\" }]\n";

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn a_seed_gives_the_same_table_again_and_another_seed_another() {
        let file = file(SMALL);
        let table = |seed| written(&simulate(file.path().to_str().unwrap(), Some(seed)).unwrap(), Form::Table);
        assert_eq!(table(1), table(1));
        assert_ne!(table(1), table(2));
        assert!(table(1).contains("support"));
    }

    #[test]
    fn rows_are_the_same_in_every_form() {
        let results = simulate(file(SMALL).path().to_str().unwrap(), None).unwrap();
        let rows: serde_json::Value = serde_json::from_str(&written(&results, Form::Json)).unwrap();
        let csv = written(&results, Form::Csv);
        assert_eq!(rows.as_array().unwrap().len(), csv.lines().count() - 1);
        assert_eq!(csv.lines().nth(1).unwrap().split(',').nth(2), Some(rows[0]["arrived"].to_string().as_str()));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let unknown = file(&SMALL.replace("count", "counts"));
        let words = simulate(unknown.path().to_str().unwrap(), None).unwrap_err().to_string();
        assert!(words.contains("counts") && words.contains("line 8"), "{words}");
        let missing = file(&SMALL.replace("group = \"support\"", "group = \"sales\""));
        let words = simulate(missing.path().to_str().unwrap(), None).unwrap_err().to_string();
        assert!(words.contains("sales"), "{words}");
        assert!(simulate("nowhere", None).unwrap_err().to_string().contains("large-day"));
    }

    /// The names of all fields of a value, at any depth.
    fn fields(value: &toml::Value, names: &mut Vec<String>) {
        match value {
            toml::Value::Table(table) => {
                names.extend(table.keys().cloned());
                table.values().for_each(|value| fields(value, names));
            }
            toml::Value::Array(all) => all.iter().for_each(|value| fields(value, names)),
            _ => {}
        }
    }

    #[test]
    fn every_field_of_a_simulation_is_described() {
        let description = include_str!("../scenarios/simulated/README.md");
        let mut names = Vec::new();
        for (_, text) in SHIPPED {
            fields(&toml::from_str(text).unwrap(), &mut names);
            // With those that have a default.
            let scenario: Scenario = toml::from_str(text).unwrap();
            let mut group = scenario.groups[0].clone();
            (group.queue_length_max, group.queue_wait_max_s, group.skill_relaxed_every_s) = (Some(1), Some(1), Some(1));
            group.connection_timeout_s = Some(1.0);
            fields(&toml::Value::try_from(Scenario { groups: vec![group], ..scenario }).unwrap(), &mut names);
        }
        let code: String = description.split('`').skip(1).step_by(2).collect::<Vec<_>>().join(" ");
        let words: Vec<&str> = code.split(|letter: char| !letter.is_alphanumeric() && letter != '_').collect();
        let missing: Vec<_> = names.iter().filter(|name| !words.contains(&name.as_str())).collect();
        assert!(names.len() > 40 && missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn shipped_simulations_are_right() {
        for (name, text) in SHIPPED {
            let scenario: Scenario = toml::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            // One interval of it is enough to see that it can be run.
            run(&Scenario { length_s: 1800.0, ..scenario }, 1_000).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
}
