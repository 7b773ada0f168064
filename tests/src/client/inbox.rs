//! Frames that came and were not asked for yet: a test may expect them in its own order, and is told what came
//! instead when one is missing.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::Value;

/// Characters of a frame that a failure shows.
const SHOWN_CHARS: usize = 240;

/// Frames in the order they came.
#[derive(Debug, Default)]
pub struct Inbox(VecDeque<Value>);

impl Inbox {
    /// One more.
    pub fn put(&mut self, frame: Value) {
        self.0.push_back(frame);
    }

    /// The first that fits, taken out.
    pub fn take(&mut self, wanted: impl Fn(&Value) -> bool) -> Option<Value> {
        let place = self.0.iter().position(wanted)?;
        self.0.remove(place)
    }

    /// All that fit, taken out.
    pub fn take_all(&mut self, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        std::iter::from_fn(|| self.take(&wanted)).collect()
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// What a failure says.
    pub fn instead(&self, who: &str, what: &str, within: Duration) -> String {
        let lines: Vec<String> = self.0.iter().map(|frame| format!("  {}", shown(frame))).collect();
        let came = if lines.is_empty() { "  nothing".to_owned() } else { lines.join("\n") };
        format!("{who} waited {within:?} for {what}; instead there came\n{came}")
    }
}

/// A frame, cut to what a person reads.
pub fn shown(frame: &Value) -> String {
    let text = frame.to_string();
    if text.chars().count() <= SHOWN_CHARS {
        return text;
    }
    text.chars().take(SHOWN_CHARS).chain(['…']).collect()
}
