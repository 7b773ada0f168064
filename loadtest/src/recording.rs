//! Recorded traffic, as `switchboard export-traffic` writes it. A file that is not of that form, or was cut short, is
//! refused with the line and the reason before anything begins.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use engine::domain::event::EndedBy;
use engine::protocol::traffic::{FORMAT, TrafficChat, TrafficEnd, TrafficEvent, TrafficHead, VERSION};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::moment::Micros;
use crate::scenario::{Count, Limits, Operators, Part, Scenario, Seconds, Spread, Target};

/// Beyond the recorded time a replay may take this long to say everything, in seconds: chats that wait for an operator
/// longer than they once did are played to their end.
const GRACE_S: f64 = 60.0;
/// And this long to end its chats then.
const DRAIN_S: f64 = 10.0;
/// However fast it is played a chat takes about so long: its connection, the offer and the end wait for the server.
const STAY_LEAST: Micros = 1_000_000;

/// A file to be played, and how.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Play {
    /// The file.
    pub file: PathBuf,
    /// How many times as fast as it was recorded.
    pub speed: f64,
    /// The most chats at once at that speed, where nobody waits longer than once.
    pub at_once: u32,
}

/// Chats in the order they began.
#[derive(Debug, Clone, Default)]
pub struct Recording {
    /// See above.
    pub chats: Vec<TrafficChat>,
}

/// Why a file cannot be played.
#[derive(Debug, Error)]
pub enum RecordingError {
    /// It is not there.
    #[error("{} cannot be read: {source}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not of the form.
    #[error("{}, line {line}: {why}", file.display())]
    Wrong {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
}

impl Play {
    /// Reads a file that is to be played so many times as fast.
    ///
    /// # Errors
    /// It is not there, or not of the form.
    pub fn open(file: PathBuf, speed: f64) -> Result<(Self, Recording), RecordingError> {
        let mut play = Self { file, speed, at_once: 0 };
        let recording = play.read()?;
        let stays = recording.chats.iter().flat_map(|chat| {
            let (from, to) = (play.micros(chat.at_ms), play.micros(chat.at_ms + ended(chat).0));
            [(from, 1), (to.max(from + STAY_LEAST), -1)]
        });
        play.at_once = peak(stays.collect());
        Ok((play, recording))
    }

    /// Reads the file.
    ///
    /// # Errors
    /// It is not there, or not of the form.
    pub fn read(&self) -> Result<Recording, RecordingError> {
        let unreadable = |source| RecordingError::Unreadable { file: self.file.clone(), source };
        let lines = BufReader::new(File::open(&self.file).map_err(unreadable)?).lines();
        let read = Recording::of(lines);
        read.map_err(|(line, why)| RecordingError::Wrong { file: self.file.clone(), line, why })
    }

    /// A moment of the recording, in microseconds of the replay.
    pub fn micros(&self, ms: u64) -> Micros {
        (ms as f64 * 1e3 / self.speed) as Micros
    }

    /// What is played, as a scenario: the recorded length, and as many operators as there were, each with as many
    /// chats at once as any of them had, unless others are wanted.
    pub fn scenario(
        &self,
        recording: &Recording,
        target: Target,
        operators: Option<u32>,
        limit: Option<u32>,
    ) -> Scenario {
        let (count, most) = recording.staff();
        let length = recording.chats.iter().map(|chat| chat.at_ms + chat.events.last().map_or(0, TrafficEvent::ms));
        let length_s = self.micros(length.max().unwrap_or_default()) as f64 / 1e6;
        let file = Path::new(self.file.file_name().unwrap_or_default()).display().to_string();
        let limit = Count(limit.unwrap_or(most));
        Scenario {
            name: format!("replay of {file}"),
            description: format!("{} recorded chats, {} times as fast", recording.chats.len(), self.speed),
            seed: 1,
            length_s: Seconds(length_s + GRACE_S),
            warm_up_s: Seconds(0.0),
            drain_s: Seconds(DRAIN_S),
            service_level_s: Seconds(20.0),
            target,
            visitors: Vec::new(),
            onlookers: Vec::new(),
            operators: vec![Operators {
                accepts: Spread::Fixed { s: Seconds(0.0) },
                answers: Part(0.0),
                ..Operators::alike(Count(operators.unwrap_or(count)), limit)
            }],
            storms: Vec::new(),
            limits: Limits::default(),
        }
    }
}

impl Recording {
    /// Reads lines; on failure the line and the reason.
    fn of(lines: impl Iterator<Item = std::io::Result<String>>) -> Result<Self, (usize, String)> {
        let mut recording = Self::default();
        let (mut number, mut end) = (0, None);
        for line in lines {
            number += 1;
            let wrong = |why: String| (number, why);
            let line = line.map_err(|error| wrong(error.to_string()))?;
            if number == 1 {
                head(&line).map_err(wrong)?;
            } else if end.is_some() {
                return Err(wrong("expected nothing behind the end".into()));
            } else {
                end = recording.take(&line).map_err(wrong)?;
            }
        }
        let held = TrafficEnd { chats: recording.chats.len() as u64, messages: recording.messages() };
        match end {
            None => Err((number + 1, "expected a chat or the end: the file was cut short".into())),
            Some(end) if end != held => {
                let why = "are announced, chats or messages were taken out or put in";
                Err((number, format!("{} chats with {} messages {why}", end.chats, end.messages)))
            }
            Some(_) => Ok(recording),
        }
    }

    /// Messages in it.
    pub fn messages(&self) -> u64 {
        let said = |event: &&TrafficEvent| matches!(event, TrafficEvent::Said { .. });
        self.chats.iter().flat_map(|chat| &chat.events).filter(said).count() as u64
    }

    /// Takes a line; the end, if it is one.
    fn take(&mut self, line: &str) -> Result<Option<TrafficEnd>, String> {
        let chat: TrafficChat = match (serde_json::from_str(line), serde_json::from_str(line)) {
            (Ok(chat), _) => chat,
            (Err(_), Ok(end)) => return Ok(Some(end)),
            (Err(error), Err(_)) if error.is_eof() => return Err(format!("cut short: {error}")),
            (Err(error), Err(_)) => return Err(format!("expected a chat or the end: {error}")),
        };
        if self.chats.last().is_some_and(|before| before.at_ms > chat.at_ms) {
            return Err("at_ms: expected chats in the order they began".into());
        }
        if chat.at_ms > MILLIS_MAX {
            return Err(format!("at_ms: expected at most {MILLIS_MAX} (100 years), got {}", chat.at_ms));
        }
        check(&chat.events)?;
        self.chats.push(chat);
        Ok(None)
    }

    /// How many operators had chats, and how many at once at most; at least one of each.
    fn staff(&self) -> (u32, u32) {
        let mut changes: BTreeMap<u32, Vec<(u64, i32)>> = BTreeMap::new();
        for chat in &self.chats {
            let mut owner = None;
            for event in &chat.events {
                let at = chat.at_ms + event.ms();
                let (leaves, takes) = match event {
                    TrafficEvent::Owned { operator, .. } => (owner.replace(*operator), Some(*operator)),
                    TrafficEvent::Ended { .. } => (owner.take(), None),
                    TrafficEvent::Said { .. } => (None, None),
                };
                for (who, change) in [(leaves, -1), (takes, 1)] {
                    if let Some(who) = who {
                        changes.entry(who).or_default().push((at, change));
                    }
                }
            }
        }
        let count = u32::try_from(changes.len()).unwrap_or(u32::MAX);
        let most = changes.into_values().map(peak).max().unwrap_or_default();
        (count.max(1), most.max(1))
    }
}

/// The highest that a number was which began at 0 and changed at these moments; of two changes at one moment what makes
/// it less is first.
fn peak(mut changes: Vec<(u64, i32)>) -> u32 {
    changes.sort_unstable();
    let running = changes.iter().scan(0, |sum, (_, change)| {
        *sum += change;
        Some(*sum)
    });
    running.max().and_then(|most| u32::try_from(most).ok()).unwrap_or_default()
}

fn head(line: &str) -> Result<(), String> {
    let right = format!("expected {{\"format\":\"{FORMAT}\",\"version\":{VERSION}}}");
    let head: TrafficHead = serde_json::from_str(line).map_err(|error| format!("{right}: {error}"))?;
    if head.format == FORMAT && head.version == VERSION {
        return Ok(());
    }
    Err(format!("{right}, got {:?} in version {}", head.format, head.version))
}

/// 100 years in milliseconds: an export has all chats that its server ever ended, and times of more than this are none.
const MILLIS_MAX: u64 = 36_525 * 86_400_000;

fn check(events: &[TrafficEvent]) -> Result<(), String> {
    if let Some(place) = events.windows(2).position(|pair| pair[0].ms() > pair[1].ms()) {
        return Err(format!("events: number {} is before the one above it", place + 2));
    }
    let ends = events.iter().filter(|event| matches!(event, TrafficEvent::Ended { .. })).count();
    if ends != 1 || !matches!(events.last(), Some(TrafficEvent::Ended { .. })) {
        return Err("events: expected one `ended`, at last".into());
    }
    if let Some(last) = events.last().filter(|last| last.ms() > MILLIS_MAX) {
        return Err(format!("events: expected at most {MILLIS_MAX} ms (100 years), got {}", last.ms()));
    }
    let empty = |event: &TrafficEvent| matches!(event, TrafficEvent::Said { text, .. } if text.trim().is_empty());
    if let Some(place) = events.iter().position(empty) {
        return Err(format!("events: number {} says nothing", place + 1));
    }
    Ok(())
}

/// What somebody says in a recorded chat: when, in milliseconds behind its beginning, and the disguised text.
pub fn said(chat: &TrafficChat, by_visitor: bool) -> impl Iterator<Item = (u64, &str)> {
    chat.events.iter().filter_map(move |event| match event {
        TrafficEvent::Said { ms, operator, text } if operator.is_none() == by_visitor => Some((*ms, text.as_str())),
        _ => None,
    })
}

/// When a recorded chat ended, and whether an operator ended it.
pub fn ended(chat: &TrafficChat) -> (u64, bool) {
    match chat.events.last() {
        Some(TrafficEvent::Ended { ms, by }) => (*ms, *by == EndedBy::Operator),
        _ => (0, false),
    }
}

/// A file of chats that nobody said anything in, by when each began and how long it took, and the folder it is in.
#[cfg(test)]
pub(crate) fn recorded(chats: impl Iterator<Item = (u64, u64)>) -> (tempfile::TempDir, PathBuf) {
    let head = TrafficHead { format: FORMAT.to_owned(), version: VERSION };
    let mut lines = vec![serde_json::to_string(&head).unwrap()];
    lines.extend(chats.map(|(at_ms, took_ms)| {
        let events = vec![TrafficEvent::Ended { ms: took_ms, by: EndedBy::Visitor }];
        let chat = TrafficChat { at_ms, name: None, email: None, language: None, events };
        serde_json::to_string(&chat).unwrap()
    }));
    let end = TrafficEnd { chats: lines.len() as u64 - 1, messages: 0 };
    lines.push(serde_json::to_string(&end).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("traffic.jsonl");
    std::fs::write(&file, lines.join("\n")).unwrap();
    (folder, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = r#"{"format":"switchboard-traffic","version":1}"#;
    const ONE: &str = r#"{"at_ms":0,"name":"Xo","events":[{"kind":"said","ms":0,"text":"Abc?"},{"kind":"owned","ms":5,"operator":1},{"kind":"said","ms":9,"operator":1,"text":"Yes"},{"kind":"ended","ms":20,"by":"visitor"}]}"#;
    const TWO: &str =
        r#"{"at_ms":10,"events":[{"kind":"owned","ms":3,"operator":1},{"kind":"ended","ms":4,"by":"operator"}]}"#;
    const END: &str = r#"{"chats":2,"messages":2}"#;

    fn read(lines: &[&str]) -> Result<Recording, (usize, String)> {
        Recording::of(lines.iter().map(|line| Ok((*line).to_owned())))
    }

    fn wrong(lines: &[&str], line: usize, why: &str) {
        let (at, words) = read(lines).unwrap_err();
        assert!(at == line && words.contains(why), "line {at}: {words}");
    }

    #[test]
    fn a_whole_file_is_read_and_its_staff_counted() {
        let recording = read(&[HEAD, ONE, TWO, END]).unwrap();
        assert_eq!((recording.chats.len(), recording.messages(), recording.staff()), (2, 2, (1, 2)));
        assert_eq!(recording.chats[0].language, None, "files of before name none");
        let spoken = read(&[HEAD, &ONE.replace("\"name\"", "\"language\":\"pt\",\"name\""), TWO, END]).unwrap();
        assert_eq!(spoken.chats[0].language.as_deref(), Some("pt"));
        assert_eq!(said(&recording.chats[0], false).collect::<Vec<_>>(), [(9, "Yes")]);
        assert_eq!((ended(&recording.chats[0]), ended(&recording.chats[1])), ((20, false), (4, true)));
    }

    #[test]
    fn an_export_of_many_years_is_read_and_times_that_are_none_are_refused() {
        let years = 20 * 366 * 86_400_000_u64;
        let late = |at_ms: u64, ended: u64| {
            TWO.replace("\"at_ms\":10", &format!("\"at_ms\":{at_ms}")).replace("\"ms\":4", &format!("\"ms\":{ended}"))
        };
        assert_eq!(read(&[HEAD, ONE, &late(years, years), END]).unwrap().staff(), (1, 1));
        assert!(read(&[HEAD, ONE, &late(MILLIS_MAX, MILLIS_MAX), END]).is_ok());
        wrong(&[HEAD, ONE, &late(MILLIS_MAX + 1, 4), END], 3, "at_ms: expected at most 3155760000000 (100 years)");
        wrong(&[HEAD, ONE, &late(10, u64::MAX), END], 3, "events: expected at most 3155760000000 ms (100 years)");
    }

    #[test]
    fn a_file_that_was_cut_short_says_where() {
        wrong(&[], 1, "cut short");
        wrong(&[HEAD, ONE], 3, "cut short");
        wrong(&[HEAD, &ONE[..40]], 2, "cut short");
        wrong(&[HEAD, ONE, END], 3, "taken out");
    }

    #[test]
    fn a_wrong_line_is_named_with_the_reason() {
        wrong(&["<html>"], 1, "expected {\"format\"");
        wrong(&[r#"{"format":"switchboard-traffic","version":9}"#], 1, "version 9");
        wrong(&[HEAD, r#"{"at_ms":0,"events":[]}"#], 2, "one `ended`");
        wrong(&[HEAD, &ONE.replace("\"ms\":5", "\"ms\":15")], 2, "number 3");
        wrong(&[HEAD, &ONE.replace("said", "sung")], 2, "sung");
        wrong(&[HEAD, TWO, ONE, END], 3, "order they began");
        wrong(&[HEAD, ONE, TWO, END, TWO], 5, "nothing behind the end");
    }

    #[test]
    fn chats_at_once_are_counted_at_the_speed_of_the_replay() {
        let at_once = |speed| {
            let (_folder, file) = recorded([(0, 4_000), (3_000, 9_000), (12_000, 5_000), (90_000, 1)].into_iter());
            Play::open(file, speed).unwrap().0.at_once
        };
        assert_eq!(at_once(1.0), 2, "the third begins when the second ends");
        assert_eq!(at_once(10.0), 2, "the first ends a second after it began, and the third has not come by then");
        assert_eq!(at_once(20.0), 3, "for none takes less than a second");
        assert_eq!(at_once(1_000.0), 4);
    }
}
