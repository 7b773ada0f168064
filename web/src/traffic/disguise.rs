//! Words that say nothing in place of what people wrote: as long, in the same script, with the same spaces and marks,
//! and not one letter or digit where it was. What stands in place of what comes from the system's randomness and is
//! kept nowhere, so nobody can go back.

/// Random bytes fetched at once.
const BUFFER_BYTES: usize = 4096;

/// Where the system's randomness failed.
pub(super) type Failed = getrandom::Error;

/// See the module.
pub(super) struct Disguise {
    random: Vec<u8>,
}

impl Disguise {
    pub(super) fn new() -> Self {
        Self { random: Vec::new() }
    }

    /// Other words of the same shape.
    pub(super) fn of(&mut self, text: &str) -> Result<String, Failed> {
        text.chars().map(|letter| self.letter(letter)).collect()
    }

    fn letter(&mut self, letter: char) -> Result<char, Failed> {
        const VOWELS: &str = "aeiou";
        const CONSONANTS: &str = "bcdfghjklmnpqrstvwxyz";
        let lower = letter.to_ascii_lowercase();
        if lower.is_ascii_lowercase() {
            let alike = if VOWELS.contains(lower) { VOWELS } else { CONSONANTS };
            let other = self.other(lower, alike.chars())?;
            return Ok(if letter.is_ascii_uppercase() { other.to_ascii_uppercase() } else { other });
        }
        match letter {
            '0'..='9' => self.other(letter, '0'..='9'),
            // Flags are pairs of these.
            '\u{1f1e6}'..='\u{1f1ff}' => self.other(letter, '\u{1f1e6}'..='\u{1f1ff}'),
            // Pictures: every place of these two parts of their blocks is taken.
            '\u{1f000}'..='\u{1faff}' => self.other(letter, '\u{1f600}'..='\u{1f64f}'),
            '\u{2600}'..='\u{27bf}' => self.other(letter, '\u{2600}'..='\u{26ff}'),
            // Signs that nobody sees, which spell a text in what looks like none.
            '\u{e0020}'..='\u{e007f}' => self.other(letter, '\u{e0020}'..='\u{e007f}'),
            '\u{e0100}'..='\u{e01ef}' => self.other(letter, '\u{e0100}'..='\u{e01ef}'),
            // For private use: any of them may be a letter of somebody's.
            '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}' => {
                let first = u32::from(letter) & !0xff;
                let taken = |other: &u32| other & 0xffff < 0xfffe;
                self.other(letter, (first..=first + 0xff).filter(taken).filter_map(char::from_u32))
            }
            _ if letter.is_alphanumeric() => self.neighbour(letter),
            // Signs, arrows, clocks and stars, many of which are shown as pictures too.
            '\u{203c}' | '\u{2049}' | '\u{2100}'..='\u{2bff}' | '\u{3030}' | '\u{303d}' | '\u{3200}'..='\u{32ff}' => {
                self.other(letter, '\u{2600}'..='\u{26ff}')
            }
            // Spaces, marks, accents that stand alone.
            _ => Ok(letter),
        }
    }

    /// A letter of the same kind near it: scripts stand together, and so do letters of equally many bytes.
    fn neighbour(&mut self, letter: char) -> Result<char, Failed> {
        let kind = |letter: char| (letter.is_alphabetic(), letter.is_uppercase(), letter.is_lowercase());
        let alike = |other: &char| {
            other.is_alphanumeric() && kind(*other) == kind(letter) && other.len_utf8() == letter.len_utf8()
        };
        for size in [64, 256, 4096] {
            let first = u32::from(letter) & !(size - 1);
            let around = (first..first + size).filter_map(char::from_u32).filter(alike);
            if around.clone().any(|other| other != letter) {
                return self.other(letter, around);
            }
        }
        // A letter that is alone of its kind; no script has many of them.
        Ok('\u{fffd}')
    }

    /// Any of them but this one.
    fn other(&mut self, letter: char, alike: impl Iterator<Item = char>) -> Result<char, Failed> {
        let alike: Vec<char> = alike.filter(|other| *other != letter).collect();
        let mut number = [0; 4];
        for byte in &mut number {
            *byte = self.byte()?;
        }
        Ok(alike[u32::from_le_bytes(number) as usize % alike.len()])
    }

    fn byte(&mut self) -> Result<u8, Failed> {
        if let Some(byte) = self.random.pop() {
            return Ok(byte);
        }
        self.random = vec![0; BUFFER_BYTES];
        getrandom::fill(&mut self.random)?;
        Ok(self.random.pop().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: [&str; 11] = [
        "Where is my parcel 4711-B?",
        "Die Größe paßt nicht, schöne Grüße an Jürgen!",
        "Где мой заказ? Ёлка",
        "注文した荷物はどこですか",
        "أين طلبي رقم ٤٢؟",
        "주문이 아직 안 왔어요",
        "👍🏽 thanks 🇩🇪 ☎ ✂",
        "⭐ ⌚ ⬛ ‼ ⁉ ™ ↩ ⏰ Ⓜ ㊗ 〰 ▶ ⤴",
        "clara.smith+shop@example.com",
        "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f} a\u{e0041}b\u{e0142}",
        "\u{e000} \u{f8ff} \u{f1234} \u{10fffd}",
    ];

    #[test]
    fn no_letter_and_no_digit_stays_where_it_was() {
        let mut disguise = Disguise::new();
        for text in SAID {
            let other = disguise.of(text).unwrap();
            for (was, is) in text.chars().zip(other.chars()) {
                assert_eq!(was == is, !was.is_alphanumeric() && u32::from(was) < 0x2000 || was == '\u{fe0f}', "{was}");
            }
        }
    }

    #[test]
    fn length_script_case_and_shape_stay() {
        let mut disguise = Disguise::new();
        for text in SAID {
            let other = disguise.of(text).unwrap();
            assert_eq!((text.len(), text.chars().count()), (other.len(), other.chars().count()), "{text} {other}");
            for (was, is) in text.chars().zip(other.chars()) {
                let shape = |c: char| (c.is_alphabetic(), c.is_uppercase(), c.is_numeric(), c.is_whitespace());
                assert_eq!(shape(was), shape(is), "{was} {is}");
                assert!(u32::from(was).abs_diff(u32::from(is)) < 0x1000, "another script: {was} {is}");
            }
        }
    }

    #[test]
    fn the_same_words_are_other_words_each_time() {
        let mut disguise = Disguise::new();
        assert_ne!(disguise.of(SAID[0]).unwrap(), disguise.of(SAID[0]).unwrap());
    }
}
