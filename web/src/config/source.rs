//! Where settings come from: a TOML file, the environment, flags; the later wins. Values are kept as they were
//! written, so that a message can repeat them and no secret loses its leading zeros to a guess at its type.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use figment::providers::{Format, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Error, Figment, Metadata, Profile, Provider};

use crate::config::problem::Problem;

/// What every setting's variable begins with.
pub const PREFIX: &str = "SWITCHBOARD_";

/// The origins of settings, before they are read.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The TOML file, where one is named.
    pub file: Option<PathBuf>,
    /// The environment.
    pub environment: Vec<(String, String)>,
    /// Flags, by setting.
    pub flags: Vec<(&'static str, String)>,
}

impl Sources {
    /// The process's own environment, with that file and those flags. Variables that are not text are left out:
    /// none of ours can be meant.
    pub fn of_process(file: Option<PathBuf>, flags: Vec<(&'static str, String)>) -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self { file, environment: std::env::vars_os().filter_map(text).collect(), flags }
    }
}

/// A setting as it was written, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The text.
    pub text: String,
    /// `file`, `environment` or `flag`.
    pub origin: String,
}

/// Reads all sources. Keys of the file that are no setting are problems; variables that are none are not: a
/// container platform puts names of its own beside ours.
pub fn read(sources: &Sources, known: &[&'static str], problems: &mut Vec<Problem>) -> BTreeMap<&'static str, Written> {
    let mut figment = Figment::new();
    if let Some(path) = &sources.file {
        figment = figment.merge(file(path, problems));
    }
    let named =
        |name: &str| known.iter().copied().find(|known| name.strip_prefix(PREFIX) == Some(&variable_tail(known)));
    let environment = sources.environment.iter().filter(|(_, value)| !value.is_empty());
    let environment = environment.filter_map(|(name, value)| Some((named(name)?, value.clone())));
    figment = figment.merge(Layer::new("environment", environment));
    figment = figment.merge(Layer::new("flag", sources.flags.iter().cloned()));
    let values = figment.extract::<Dict>().unwrap_or_else(|error| {
        problems.push(Problem::file(sources.file.as_deref(), error.to_string()));
        Dict::new()
    });
    let mut written = BTreeMap::new();
    for (key, value) in values {
        let origin = figment.get_metadata(value.tag()).map_or("file", |metadata| &metadata.name).to_owned();
        let Some(name) = known.iter().copied().find(|known| *known == key) else {
            problems.push(Problem::unknown(&key, known));
            continue;
        };
        match text(&value) {
            Some(text) => drop(written.insert(name, Written { text, origin })),
            None => problems.push(Problem::form(name, "expected one value, or a list of texts", None)),
        }
    }
    written
}

/// The variable of a setting.
pub fn variable(name: &str) -> String {
    format!("{PREFIX}{}", variable_tail(name))
}

fn variable_tail(name: &str) -> String {
    name.to_ascii_uppercase()
}

fn file(path: &Path, problems: &mut Vec<Problem>) -> Figment {
    let read = std::fs::read_to_string(path).map_err(|error| error.to_string());
    let parsed = read.and_then(|text| Toml::from_str::<Dict>(&text).map_err(|error| error.to_string()));
    match parsed {
        Ok(values) => Figment::from(Layer { name: "file", values }),
        Err(error) => {
            problems.push(Problem::file(Some(path), error));
            Figment::new()
        }
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(_, text) => Some(text.clone()),
        Value::Bool(_, on) => Some(on.to_string()),
        Value::Num(_, number) => number
            .to_i128()
            .map(|number| number.to_string())
            .or_else(|| number.to_u128().map(|number| number.to_string()))
            .or_else(|| number.to_f64().map(|number| number.to_string())),
        Value::Array(_, values) => {
            let texts = values.iter().map(|value| value.as_str().map(str::to_owned));
            texts.collect::<Option<Vec<_>>>().map(|texts| texts.join(","))
        }
        _ => None,
    }
}

struct Layer {
    name: &'static str,
    values: Dict,
}

impl Layer {
    fn new(name: &'static str, values: impl Iterator<Item = (&'static str, String)>) -> Self {
        Self { name, values: values.map(|(key, value)| (key.to_owned(), Value::from(value))).collect() }
    }
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        Ok(Profile::Default.collect(self.values.clone()))
    }
}
