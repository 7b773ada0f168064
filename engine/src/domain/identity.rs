//! Who a visitor is known as: what routing may trust when it looks for a contact's priority and last operator.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::ids::BrandId;
use crate::domain::limits::{EMAIL_CHARS_MAX, PRIORITY_MAX, SUBJECT_CHARS_MAX};
use crate::domain::urgency::Variables;

/// By which name a brand's own server knows somebody: the subject of what it has signed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Subject(String);

/// The text is no subject.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a subject of 1 to {SUBJECT_CHARS_MAX} characters, none of them invisible")]
pub struct BadSubject;

impl Subject {
    /// As the brand's server writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Subject {
    type Err = BadSubject;

    fn from_str(text: &str) -> Result<Self, BadSubject> {
        let fits = text.chars().count() <= SUBJECT_CHARS_MAX && !text.trim().is_empty();
        // It is taken as it is, never trimmed: two that differ are two people.
        if fits && !text.chars().any(char::is_control) { Ok(Self(text.to_owned())) } else { Err(BadSubject) }
    }
}

impl TryFrom<String> for Subject {
    type Error = BadSubject;

    fn try_from(text: String) -> Result<Self, BadSubject> {
        text.parse()
    }
}

impl From<Subject> for String {
    fn from(subject: Subject) -> Self {
        subject.0
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a brand's own server has signed of a visitor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// By which name it knows them.
    pub subject: Subject,
    /// What else it says of them.
    pub variables: Variables,
}

/// How a contact is recognised. Nothing that is only claimed equals what was proved: the address of a customer, typed
/// by somebody else, opens nothing of the customer's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Identity {
    /// The brand's own server has signed it. Each brand has names of its own: customer 7 of one is not customer 7 of another.
    Verified {
        /// Whose server.
        brand: BrandId,
        /// By which name it knows the visitor.
        subject: Subject,
    },
    /// An e-mail address as it was typed, in small letters.
    Unverified(String),
}

impl Identity {
    /// By the signed subject; else by the address, when there is one that could be an address.
    pub fn of(brand: &BrandId, subject: Option<&Subject>, email: Option<&str>) -> Option<Self> {
        if let Some(subject) = subject {
            return Some(Self::Verified { brand: brand.clone(), subject: subject.clone() });
        }
        let email = email?.trim().to_lowercase();
        let (name, host) = email.rsplit_once('@')?;
        let sound = !name.is_empty() && !host.is_empty() && email.chars().count() <= EMAIL_CHARS_MAX;
        sound.then_some(Self::Unverified(email))
    }

    /// As it is stored: what is only claimed never equals what was proved.
    pub fn key(&self) -> String {
        match self {
            Self::Verified { brand, subject } => format!("verified:{brand}:{subject}"),
            Self::Unverified(email) => format!("email:{email}"),
        }
    }

    /// What was stored under that key.
    pub fn from_key(key: &str) -> Option<Self> {
        let (kind, rest) = key.split_once(':')?;
        match kind {
            "verified" => {
                // A brand's key has no colon, a subject may.
                let (brand, subject) = rest.split_once(':')?;
                Some(Self::Verified { brand: brand.parse().ok()?, subject: subject.parse().ok()? })
            }
            "email" => Some(Self::Unverified(rest.to_owned())),
            _ => None,
        }
    }

    /// By which name the brand's own server knows the contact; none where nobody has vouched for them.
    pub fn subject(&self) -> Option<&Subject> {
        match self {
            Self::Verified { subject, .. } => Some(subject),
            Self::Unverified(_) => None,
        }
    }

    /// Whether it was proved.
    pub fn is_verified(&self) -> bool {
        self.subject().is_some()
    }
}

/// Steps of priority from all that may give some. What nobody vouches for gives none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Priority {
    /// Of the brand.
    pub brand: i32,
    /// Of the department.
    pub department: i32,
    /// Of the contact; counts only for one who is verified.
    pub contact: i32,
    /// Of the variables that are verified or trusted; see [`crate::domain::urgency::BrandPriorities::steps_of`].
    pub variables: i32,
}

impl Priority {
    /// The sum of what counts, within [`PRIORITY_MAX`] either way.
    pub fn steps(&self, contact: Option<&Identity>) -> i32 {
        let contact = if contact.is_some_and(Identity::is_verified) { self.contact } else { 0 };
        let sum = self.brand.saturating_add(self.department).saturating_add(contact).saturating_add(self.variables);
        sum.clamp(-PRIORITY_MAX, PRIORITY_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brand(key: &str) -> BrandId {
        key.parse().unwrap()
    }

    fn customer(brand_key: &str, subject: &str) -> Identity {
        Identity::of(&brand(brand_key), Some(&subject.parse().unwrap()), Some("ann@example.com")).unwrap()
    }

    #[test]
    fn a_typed_address_is_not_the_person() {
        let typed = |email: &str| Identity::of(&brand("shop"), None, Some(email));
        assert_eq!(customer("shop", "customer-7").subject().map(Subject::as_str), Some("customer-7"));
        assert_eq!(typed(" Ann@Example.com "), Some(Identity::Unverified("ann@example.com".into())));
        assert_ne!(Some(customer("shop", "customer-7@x")), typed("customer-7@x"));
        assert_ne!(customer("shop", "ann@x").key(), Identity::Unverified("ann@x".into()).key());
        assert_eq!(typed("nobody"), None);
    }

    #[test]
    fn each_brand_knows_its_customers_by_names_of_its_own() {
        assert_ne!(customer("shop", "7"), customer("outlet", "7"));
        assert_ne!(customer("shop", "7").key(), customer("outlet", "7").key());
    }

    #[test]
    fn a_contact_is_found_again_under_the_key_that_was_stored() {
        for contact in [
            customer("shop", "customer-7"),
            customer("shop", "https://login.example/users:7 "),
            Identity::Unverified("verified:shop:7@example.com".into()),
        ] {
            assert_eq!(Identity::from_key(&contact.key()), Some(contact));
        }
        for odd in ["", "verified", "verified:shop", "verified:shop:", "phone:7"] {
            assert_eq!(Identity::from_key(odd), None, "{odd}");
        }
    }

    #[test]
    fn a_subject_is_taken_as_it_is_or_not_at_all() {
        for odd in [String::new(), "  ".into(), "a\nb".into(), "a\u{0}".into(), "x".repeat(SUBJECT_CHARS_MAX + 1)] {
            assert_eq!(odd.parse::<Subject>(), Err(BadSubject), "{odd:?}");
        }
        assert_ne!("7".parse::<Subject>(), "7 ".parse::<Subject>());
        assert!("ü".repeat(SUBJECT_CHARS_MAX).parse::<Subject>().is_ok());
    }

    #[test]
    fn a_contact_who_is_only_claimed_moves_no_chat_ahead() {
        let priority = Priority { brand: 1, department: 2, contact: 10, variables: 20 };
        let (known, typed) = (customer("shop", "7"), Identity::Unverified("a@b".into()));
        assert_eq!(priority.steps(Some(&typed)), 23);
        assert_eq!(priority.steps(Some(&known)), 33);
        assert_eq!(priority.steps(None), 23);
        assert_eq!(Priority { brand: i32::MAX, ..priority }.steps(None), PRIORITY_MAX);
    }
}
