//! What makes a message of the run known again: its text begins with who said it, its number, the moment it was meant
//! for, what the whole text sums up to, and whether it is the sender's last. The rest of the text is words, as many as its
//! size asks for.

use std::fmt::Write;

use crate::checker::{Mark, Party};
use crate::moment::Micros;

const WORDS: &str =
    "is the parcel on its way already and may I change the address, please, before it leaves the house? ";

/// Characters of the sum, six bits each: a text that was changed has another one, but for one in 17 million.
const SUM_CHARS: usize = 4;
/// What a sum is written with; none of them ends a tag or needs an escape in JSON.
const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

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
        let (begun, sum) = self.begin(out);
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
        seal(out, begun, sum);
    }

    /// Writes what a message begins with; where that begins, and where the sum has its place.
    fn begin(&self, out: &mut String) -> (usize, usize) {
        let (side, number) = match self.mark.sender {
            Party::Visitor(number) => ('v', number),
            Party::Operator(number) => ('o', number),
        };
        let end = if self.last { '!' } else { '~' };
        let begun = out.len();
        let _ = write!(out, "~{side}{number}.{}.{}.", self.mark.number, self.intended);
        let sum = out.len();
        out.extend(std::iter::repeat_n('A', SUM_CHARS));
        out.push(end);
        (begun, sum)
    }

    /// Writes it over the beginning of a text, which keeps its length unless that is shorter than what is written.
    pub fn over(&self, text: &str) -> String {
        let mut out = String::new();
        let (begun, sum) = self.begin(&mut out);
        out.extend(text.chars().skip(out.len()));
        seal(&mut out, begun, sum);
        out
    }

    /// Reads it from a message, and whether that is word for word what was said; none: the message is not of this run.
    pub fn read(text: &str) -> Option<(Self, bool)> {
        let rest = text.strip_prefix('~')?;
        let end = rest.find(['~', '!'])?;
        let last = rest.as_bytes()[end] == b'!';
        let (sender, numbers) = rest[..end].split_once('.')?;
        let (number, numbers) = numbers.split_once('.')?;
        let (intended, sum) = numbers.split_once('.')?;
        let sender = match sender.split_at_checked(1)? {
            ("v", number) => Party::Visitor(number.parse().ok()?),
            ("o", number) => Party::Operator(number.parse().ok()?),
            _ => return None,
        };
        let mark = Mark { sender, number: number.parse().ok()? };
        // The sum stands right before the end of the tag, behind the first sign.
        let at = 1 + end - sum.len();
        let whole = sum.as_bytes() == summed(&text.as_bytes()[..at], &text.as_bytes()[2 + end..], last);
        Some((Self { mark, intended: intended.parse().ok()?, last }, whole))
    }
}

/// Writes the sum to its place.
fn seal(out: &mut String, begun: usize, sum: usize) {
    let (head, rest) = (&out.as_bytes()[begun..sum], &out.as_bytes()[sum + SUM_CHARS..]);
    let last = rest.first() == Some(&b'!');
    let written = summed(head, rest.get(1..).unwrap_or_default(), last);
    let written = std::str::from_utf8(&written).unwrap_or_default().to_owned();
    out.replace_range(sum..sum + SUM_CHARS, &written);
}

/// What stands before the sum, what stands behind the tag, and how the tag ends, with their lengths: eight bytes a step.
fn summed(head: &[u8], rest: &[u8], last: bool) -> [u8; SUM_CHARS] {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut sum = (rest.len() as u64) << 1 | u64::from(last);
    for part in [head, rest] {
        for bytes in part.chunks(8) {
            let mut eight = [0; 8];
            eight[..bytes.len()].copy_from_slice(bytes);
            sum = (sum ^ u64::from_le_bytes(eight)).wrapping_mul(FACTOR);
            sum ^= sum >> 32;
        }
    }
    std::array::from_fn(|place| DIGITS[(sum >> (6 * place) & 63) as usize])
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
            assert_eq!((Tag::read(&text), text.len()), (Some((tag, true)), characters as usize));
            assert_eq!(text.trim(), text);
        }
    }

    #[test]
    fn a_text_that_bears_a_mark_keeps_its_length() {
        let tag = Tag { mark: Mark { sender: Party::Visitor(1), number: 2 }, intended: 3, last: false };
        let text = "Gdö ßuf ünkw zöpti?";
        let (over, short) = (tag.over(text), tag.over("no"));
        assert!(over.starts_with("~v1.2.3.") && over.ends_with("~zöpti?"), "{over}");
        assert_eq!((over.chars().count(), short.len()), (text.chars().count(), 13));
        assert_eq!((Tag::read(&over), Tag::read(&short)), (Some((tag, true)), Some((tag, true))));
    }

    #[test]
    fn words_that_are_not_those_that_were_said_are_seen() {
        let tag = Tag { mark: Mark { sender: Party::Visitor(1), number: 2 }, intended: 3, last: false };
        let mut text = String::new();
        tag.write(200, &mut text);
        let mut words = text.clone().into_bytes();
        words.swap(40, 41);
        let swapped = String::from_utf8(words).unwrap();
        let others = [
            swapped,
            text[..199].to_owned(),
            text[..13].to_owned(),
            format!("{text} "),
            format!("{text}\0"),
            text.replacen("~v1.2.3", "~v1.2.4", 1),
            format!("{}!{}", &text[..12], &text[13..]),
        ];
        for other in others {
            let (read, whole) = Tag::read(&other).unwrap();
            assert!(!whole && read.mark == tag.mark, "{other}");
        }
        assert!(Tag::read(&text).unwrap().1);
    }

    #[test]
    fn what_others_say_is_not_of_the_run() {
        for text in ["", "hello", "~", "~v1.2", "~x1.2.3.AAAA~", "~v1.2.z.AAAA~", "~v1.2.3~", "~~", "~é.1.2.AAAA~"] {
            assert_eq!(Tag::read(text), None, "{text}");
        }
    }
}
