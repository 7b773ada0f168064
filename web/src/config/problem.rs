//! What is wrong with settings, in words that say how it is right.

use std::fmt;
use std::path::Path;

use crate::config::source::variable;

/// One wrong setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The setting, where it is one.
    pub setting: Option<&'static str>,
    /// What is wrong, and the right form.
    pub words: String,
}

impl Problem {
    /// A value of the wrong form; `got` is left out for secrets.
    pub fn form(setting: &'static str, expected: &str, got: Option<&str>) -> Self {
        let got = got.map(|got| format!(", got {got:?}")).unwrap_or_default();
        Self { setting: Some(setting), words: format!("{setting} ({}): {expected}{got}", variable(setting)) }
    }

    /// A key of the file that is no setting.
    pub fn unknown(key: &str, known: &[&str]) -> Self {
        Self { setting: None, words: format!("{key}: no such setting; there are {}", known.join(", ")) }
    }

    /// The file itself.
    pub fn file(path: Option<&Path>, error: impl fmt::Display) -> Self {
        let path = path.map_or_else(String::new, |path| format!("{}: ", path.display()));
        Self { setting: None, words: format!("{path}expected a TOML file that can be read: {error}") }
    }
}

/// All that is wrong with the settings; one line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongSettings(pub Vec<Problem>);

impl fmt::Display for WrongSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("wrong settings:")?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  {}", problem.words))
    }
}

impl std::error::Error for WrongSettings {}
