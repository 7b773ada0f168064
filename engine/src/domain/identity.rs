//! Who a visitor is known as: what routing may trust when it looks for a contact's priority and last operator.

use serde::{Deserialize, Serialize};

use crate::domain::limits::{EMAIL_CHARS_MAX, FIELD_CHARS_MAX, PRIORITY_MAX};

/// How a contact is recognised. Nothing that is only claimed equals what was proved: the address of a customer, typed
/// by somebody else, opens nothing of the customer's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Identity {
    /// The subject of a token that the site has signed.
    Verified(String),
    /// An e-mail address as it was typed, in small letters.
    Unverified(String),
}

impl Identity {
    /// By the signed subject; else by the address, when there is one that could be an address.
    pub fn of(subject: Option<&str>, email: Option<&str>) -> Option<Self> {
        let subject = subject.filter(|subject| !subject.is_empty() && subject.chars().count() <= FIELD_CHARS_MAX);
        if let Some(subject) = subject {
            return Some(Self::Verified(subject.to_owned()));
        }
        let email = email?.trim().to_lowercase();
        let (name, host) = email.rsplit_once('@')?;
        let sound = !name.is_empty() && !host.is_empty() && email.chars().count() <= EMAIL_CHARS_MAX;
        sound.then_some(Self::Unverified(email))
    }

    /// As it is stored: what is only claimed never equals what was proved.
    pub fn key(&self) -> String {
        match self {
            Self::Verified(subject) => format!("verified:{subject}"),
            Self::Unverified(email) => format!("email:{email}"),
        }
    }

    /// Whether it was proved.
    pub fn is_verified(&self) -> bool {
        matches!(self, Self::Verified(_))
    }
}

/// How far to believe a variable that may move a chat ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// Signed by the site.
    Verified,
    /// The brand says that its pages may be believed.
    TrustedByBrand,
    /// Anybody may have written it.
    None,
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
    /// Of a variable; counts only when it is verified or trusted.
    pub variable: i32,
}

impl Priority {
    /// The sum of what counts, within [`PRIORITY_MAX`] either way.
    pub fn steps(&self, contact: Option<&Identity>, variable: Trust) -> i32 {
        let contact = if contact.is_some_and(Identity::is_verified) { self.contact } else { 0 };
        let variable = if variable == Trust::None { 0 } else { self.variable };
        let sum = self.brand.saturating_add(self.department).saturating_add(contact).saturating_add(variable);
        sum.clamp(-PRIORITY_MAX, PRIORITY_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typed_address_is_not_the_person() {
        let signed = Identity::of(Some("customer-7"), Some("ann@example.com"));
        assert_eq!(signed, Some(Identity::Verified("customer-7".into())));
        let typed = Identity::of(None, Some(" Ann@Example.com "));
        assert_eq!(typed, Some(Identity::Unverified("ann@example.com".into())));
        let claims = Identity::of(None, Some("customer-7@x"));
        assert_ne!(signed, claims);
        assert_ne!(Identity::Verified("ann@x".into()).key(), Identity::Unverified("ann@x".into()).key());
        assert_eq!(Identity::of(Some(""), Some("nobody")), None);
    }

    #[test]
    fn only_what_somebody_vouches_for_moves_a_chat_ahead() {
        let priority = Priority { brand: 1, department: 2, contact: 10, variable: 20 };
        let (known, typed) = (Identity::Verified("7".into()), Identity::Unverified("a@b".into()));
        assert_eq!(priority.steps(Some(&typed), Trust::None), 3);
        assert_eq!(priority.steps(Some(&known), Trust::None), 13);
        assert_eq!(priority.steps(Some(&known), Trust::Verified), 33);
        assert_eq!(priority.steps(None, Trust::TrustedByBrand), 23);
        assert_eq!(Priority { brand: i32::MAX, ..priority }.steps(None, Trust::None), PRIORITY_MAX);
    }
}
