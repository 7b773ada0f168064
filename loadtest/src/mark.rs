//! What makes a message of the run known again: its text begins with who said it, its number, the moment it was meant
//! for, and whether it is the sender's last. The rest of the text is words, as many as its size asks for.

use std::fmt::Write;

use crate::checker::{Mark, Party};
use crate::moment::Micros;

const WORDS: &str =
    "is the parcel on its way already and may I change the address, please, before it leaves the house? ";

/// What stands at the beginning of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag {
    /// Who said it, and its number.
    pub mark: Mark,
    /// When it was meant to go out.
    pub intended: Micros,
    /// Whether the sender says no more in this chat.
    pub last: bool,
}

impl Tag {
    /// Writes a message of about that many characters; none of them needs an escape in JSON.
    pub fn write(&self, characters: u32, out: &mut String) {
        let (side, number) = match self.mark.sender {
            Party::Visitor(number) => ('v', number),
            Party::Operator(number) => ('o', number),
        };
        let end = if self.last { '!' } else { '~' };
        let begun = out.len();
        let _ = write!(out, "~{side}{number}.{}.{}{end}", self.mark.number, self.intended);
        let mut left = (characters as usize).saturating_sub(out.len() - begun);
        while left > 0 {
            let piece = left.min(WORDS.len());
            out.push_str(&WORDS[..piece]);
            left -= piece;
        }
        // The server trims texts, and what it stores must be what was said.
        if out.ends_with(' ') {
            out.pop();
            out.push('.');
        }
    }

    /// Writes it over the beginning of a text, which keeps its length unless that is shorter than what is written.
    pub fn over(&self, text: &str) -> String {
        let mut out = String::new();
        self.write(0, &mut out);
        out.extend(text.chars().skip(out.len()));
        out
    }

    /// Reads it from a message; none: the message is not of this run.
    pub fn read(text: &str) -> Option<Self> {
        let rest = text.strip_prefix('~')?;
        let end = rest.find(['~', '!'])?;
        let last = rest.as_bytes()[end] == b'!';
        let (sender, rest) = rest[..end].split_once('.')?;
        let (number, intended) = rest.split_once('.')?;
        let sender = match sender.split_at_checked(1)? {
            ("v", number) => Party::Visitor(number.parse().ok()?),
            ("o", number) => Party::Operator(number.parse().ok()?),
            _ => return None,
        };
        let mark = Mark { sender, number: number.parse().ok()? };
        Some(Self { mark, intended: intended.parse().ok()?, last })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_known_again_and_has_its_size() {
        let mark = Mark { sender: Party::Operator(12), number: 345 };
        for (characters, last) in [(40, false), (97, true), (139, true), (10_000, false)] {
            let tag = Tag { mark, intended: 123_456_789, last };
            let mut text = String::new();
            tag.write(characters, &mut text);
            assert_eq!((Tag::read(&text), text.len()), (Some(tag), characters as usize));
            assert_eq!(text.trim(), text);
        }
    }

    #[test]
    fn a_text_that_bears_a_mark_keeps_its_length() {
        let tag = Tag { mark: Mark { sender: Party::Visitor(1), number: 2 }, intended: 3, last: false };
        let text = "Gdö ßuf ünkw zöpti?";
        assert_eq!((tag.over(text), tag.over("no")), ("~v1.2.3~ünkw zöpti?".to_owned(), "~v1.2.3~".to_owned()));
        assert_eq!(Tag::read(&tag.over(text)), Some(tag));
    }

    #[test]
    fn what_others_say_is_not_of_the_run() {
        for text in ["", "hello", "~", "~v1.2", "~x1.2.3~", "~v1.2.z~", "~~", "~é.1.2~"] {
            assert_eq!(Tag::read(text), None, "{text}");
        }
    }
}
