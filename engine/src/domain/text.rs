//! Texts that people write, checked once where they enter: a value of these types is never empty, too long,
//! or full of control characters.

use crate::domain::limits::{EMAIL_CHARS_MAX, MESSAGE_CHARS_MAX, NAME_CHARS_MAX, QUESTION_CHARS_MAX};

/// A field does not have the right form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {rule}")]
pub struct Invalid {
    /// The field, as the frame or the form names it.
    pub field: &'static str,
    /// The right form, in words.
    pub rule: String,
}

impl Invalid {
    /// Names the field and the right form.
    pub fn new(field: &'static str, rule: impl Into<String>) -> Self {
        Self { field, rule: rule.into() }
    }
}

/// A message: line breaks are kept, other control characters are not.
///
/// # Errors
/// Empty after trimming, or longer than [`MESSAGE_CHARS_MAX`] characters.
pub fn message(field: &'static str, text: String) -> Result<String, Invalid> {
    several_lines(field, text, MESSAGE_CHARS_MAX)
}

/// The question of the welcome screen.
///
/// # Errors
/// Empty after trimming, or longer than [`QUESTION_CHARS_MAX`] characters.
pub fn question(field: &'static str, text: String) -> Result<String, Invalid> {
    several_lines(field, text, QUESTION_CHARS_MAX)
}

/// A person's or a thing's name: one line.
///
/// # Errors
/// Empty after trimming, longer than [`NAME_CHARS_MAX`] characters, or with a line break.
pub fn name(field: &'static str, text: &str) -> Result<String, Invalid> {
    one_line(field, text, NAME_CHARS_MAX)
}

/// One line of text of at most `max` characters.
///
/// # Errors
/// Empty after trimming, longer than `max` characters, or with a line break.
pub fn one_line(field: &'static str, text: &str, max: usize) -> Result<String, Invalid> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Invalid::new(field, "must not be empty"));
    }
    if text.chars().count() > max {
        return Err(Invalid::new(field, format!("must have at most {max} characters")));
    }
    if text.chars().any(char::is_control) {
        return Err(Invalid::new(field, "must be one line without control characters"));
    }
    Ok(text.to_owned())
}

/// An e-mail address as far as its form can tell: one `@`, a local part, a domain with a dot, no spaces.
///
/// # Errors
/// Not of that form, or longer than [`EMAIL_CHARS_MAX`] characters.
pub fn email(field: &'static str, text: &str) -> Result<String, Invalid> {
    let text = text.trim();
    let rule = || Invalid::new(field, "must be an e-mail address such as name@example.com");
    if text.chars().count() > EMAIL_CHARS_MAX || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(rule());
    }
    let (local, domain) = text.rsplit_once('@').ok_or_else(rule)?;
    let labels_fine =
        domain.split('.').all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'));
    if local.is_empty() || local.contains('@') || !domain.contains('.') || !labels_fine {
        return Err(rule());
    }
    Ok(text.to_owned())
}

/// Cuts to at most `max` characters; for texts that a browser makes and nobody can correct, such as a page's title.
pub fn cut(text: &str, max: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(max).collect()
}

fn several_lines(field: &'static str, mut text: String, max: usize) -> Result<String, Invalid> {
    text.truncate(text.trim_end().len());
    if text.trim_start().is_empty() {
        return Err(Invalid::new(field, "must not be empty"));
    }
    // A text of at most `max` bytes cannot have more characters: the usual case costs no count.
    if text.len() > max && text.chars().count() > max {
        return Err(Invalid::new(field, format!("must have at most {max} characters")));
    }
    let strange = |c: char| c.is_control() && c != '\n' && c != '\t' && c != '\r';
    // All control characters below U+0080 are single bytes below 32, and 127: most texts have none of either.
    let plain = |byte: &u8| matches!(byte, b'\n' | b'\t' | b'\r' | 32..=126);
    if !text.as_bytes().iter().all(plain) {
        text.retain(|c| !strange(c));
        if text.trim().is_empty() {
            return Err(Invalid::new(field, "must not be empty"));
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_keep_their_lines_and_lose_control_characters() {
        assert_eq!(message("text", "a\n\u{7}b\u{85}  ".into()).unwrap(), "a\nb");
        for empty in [" \n ", "\u{7}\u{0}", " \u{7} \n"] {
            assert_eq!(message("text", empty.into()).unwrap_err().field, "text", "{empty:?}");
        }
        assert!(message("text", "ä".repeat(MESSAGE_CHARS_MAX)).is_ok());
        assert!(message("text", "ä".repeat(MESSAGE_CHARS_MAX + 1)).is_err());
    }

    #[test]
    fn addresses_are_told_from_what_only_looks_like_one() {
        for good in ["a@b.example", " x+y@sub.b-c.example "] {
            assert!(email("email", good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "a",
            "a@b",
            "@b.example",
            "a@.example",
            "a@b..example",
            "a b@c.example",
            "a@@b.example",
            "a@-b.example",
        ] {
            assert!(email("email", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn names_are_one_line() {
        assert_eq!(name("name", "  Clara ").unwrap(), "Clara");
        assert!(name("name", "a\nb").is_err());
    }
}
