//! Rust without its comments and texts, so that a rule about code does not stumble over a word in a sentence.

/// The code with comments and the insides of texts blanked; lines stay where they are.
pub fn code(source: &str) -> String {
    let bytes = source.as_bytes();
    let mut out = String::with_capacity(source.len());
    let mut at = 0;
    while at < bytes.len() {
        let end = skipped(bytes, at);
        if end > at {
            out.extend(source[at..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
            at = end;
        } else {
            let next = source[at..].chars().next().expect("not at the end");
            out.push(next);
            at += next.len_utf8();
        }
    }
    out
}

/// The code up to its unit tests: what ships.
pub fn shipped(source: &str) -> String {
    let code = code(source);
    let inline = |place: &usize| {
        let declaration = code[*place..].lines().nth(1).unwrap_or_default();
        declaration.starts_with("mod ") && declaration.ends_with('{')
    };
    let end = code.match_indices("#[cfg(test)]").map(|(place, _)| place).find(inline);
    code[..end.unwrap_or(code.len())].to_owned()
}

/// Where the comment or text that begins here ends; `at` when none does.
fn skipped(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at..];
    let word_before = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
    match rest {
        [b'/', b'/', ..] => at + rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()),
        [b'/', b'*', ..] => at + block(rest),
        [b'"', ..] => at + text(rest),
        [b'r', b'"' | b'#', ..] if !word_before => at + raw(rest),
        [b'b', b'r', b'"' | b'#', ..] if !word_before => at + 1 + raw(&rest[1..]),
        // A character, not a lifetime: closed behind one character or an escape.
        [b'\'', b'\\', _, tail @ ..] => at + 3 + tail.iter().position(|byte| *byte == b'\'').map_or(0, |end| end + 1),
        [b'\'', _, b'\'', ..] => at + 3,
        _ => at,
    }
}

fn block(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match &rest[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn text(rest: &[u8]) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

fn raw(rest: &[u8]) -> usize {
    let marks = rest[1..].iter().take_while(|byte| **byte == b'#').count();
    if rest.get(1 + marks) != Some(&b'"') {
        return 0;
    }
    let close = [b"\"".as_slice(), &b"#".repeat(marks)].concat();
    let inside = &rest[2 + marks..];
    let end = inside.windows(close.len()).position(|window| window == close);
    end.map_or(rest.len(), |end| 2 + marks + end + close.len())
}

#[test]
fn words_in_comments_and_texts_are_not_code() {
    let source = r##"let a = "use actix"; // use tokio
/* sqlx /* nested */ still */ let b = r#"rusqlite " quoted"#; let c = '"'; let d: &'static str = "\"x"; use std::io;"##;
    let code = code(source);
    for word in ["actix", "tokio", "sqlx", "still", "rusqlite", "quoted"] {
        assert!(!code.contains(word), "{word}: {code}");
    }
    for word in ["let a", "let b", "let c", "&'static str", "use std::io;"] {
        assert!(code.contains(word), "{word}: {code}");
    }
    assert_eq!(code.lines().count(), source.lines().count());
}
