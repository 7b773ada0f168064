//! A message that a visitor leaves when nobody answers: what is known of it, and how far people are with it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::domain::ids::{AccountId, BrandId, ChatId, DepartmentId, LeftMessageId, VisitorId};
use crate::domain::time::Timestamp;

/// How far people are with a message that was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum LeftState {
    /// Nobody has dealt with it.
    New,
    /// It was answered, by mail or telephone, but there is more to do.
    AnsweredOutside,
    /// Nothing is left to do.
    Done,
}

impl LeftState {
    /// The name as it is stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::AnsweredOutside => "answered_outside",
            Self::Done => "done",
        }
    }

    /// The state of that name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::New, Self::AnsweredOutside, Self::Done].into_iter().find(|state| state.as_str() == text)
    }
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftMessage {
    /// The account.
    pub account: AccountId,
    /// Its id.
    pub id: LeftMessageId,
    /// The brand it was left on.
    pub brand: BrandId,
    /// Who left it.
    pub visitor: VisitorId,
    /// The name, as given.
    pub name: Option<String>,
    /// Where an answer goes.
    pub email: String,
    /// What was written.
    pub text: String,
    /// Whom it is for; none is all departments.
    pub department: Option<DepartmentId>,
    /// The chat that nobody answered, where there was one.
    pub chat: Option<ChatId>,
    /// The page it was left on.
    pub page: Option<String>,
    /// The language of the visitor's browser, as it says.
    pub language: Option<String>,
    /// When.
    pub created_at: Timestamp,
    /// How far people are with it.
    pub state: LeftState,
}

/// Whose departments' messages somebody may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeftSight {
    /// All of the account.
    All,
    /// Those for these departments, and those for none in particular; where these are none, no message at all.
    Departments(Vec<DepartmentId>),
}

impl LeftSight {
    /// Whether a message for that department is among them.
    pub fn shows(&self, department: Option<&DepartmentId>) -> bool {
        match self {
            Self::All => true,
            Self::Departments(mine) => {
                !mine.is_empty() && department.is_none_or(|department| mine.contains(department))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_see_what_is_for_their_departments_or_for_all() {
        let (sales, support): (DepartmentId, DepartmentId) = ("sales".parse().unwrap(), "support".parse().unwrap());
        let mine = LeftSight::Departments(vec![support.clone()]);
        assert!(mine.shows(Some(&support)) && mine.shows(None));
        assert!(!mine.shows(Some(&sales)));
        assert!(!LeftSight::Departments(Vec::new()).shows(None), "who is in no group sees none");
        assert!(LeftSight::All.shows(Some(&sales)) && LeftSight::All.shows(None));
    }

    #[test]
    fn each_state_is_read_as_it_is_written() {
        for state in [LeftState::New, LeftState::AnsweredOutside, LeftState::Done] {
            assert_eq!(LeftState::parse(state.as_str()), Some(state));
        }
        assert_eq!(LeftState::parse("open"), None);
    }
}
