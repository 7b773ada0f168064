//! The events of one chat as a client keeps them: numbered from 1 without holes, each once. Whatever breaks that
//! is the server's fault and ends the test.

use std::collections::BTreeMap;

use serde_json::Value;

/// The events of one chat.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    events: BTreeMap<u64, Value>,
    live: Option<u64>,
    page: Option<u64>,
}

impl Ledger {
    /// The number of the last event that is known without a hole behind it; 0 for none.
    pub fn last(&self) -> u64 {
        self.live.unwrap_or(0)
    }

    /// The events, by number.
    pub fn events(&self) -> impl Iterator<Item = (u64, &Value)> {
        self.events.iter().map(|(seq, event)| (*seq, event))
    }

    /// The kinds, in order.
    pub fn kinds(&self) -> Vec<&str> {
        self.events.values().filter_map(|frame| frame["event"]["kind"].as_str()).collect()
    }

    /// The texts of the messages, in order.
    pub fn texts(&self) -> Vec<&str> {
        let messages = self.events.values().filter(|frame| frame["event"]["kind"] == "message");
        messages.filter_map(|frame| frame["event"]["text"].as_str()).collect()
    }

    /// A socket was told that the chat has got this far, and did not ask for what was before.
    pub fn starts_after(&mut self, seq: u64) {
        self.live = Some(seq);
        self.page = None;
    }

    /// History was asked for.
    pub fn asked(&mut self, after: u64) {
        self.page = Some(after);
    }

    /// An event came.
    ///
    /// # Panics
    /// A hole, a double, or another content under the same number.
    pub fn event(&mut self, frame: &Value) {
        let seq = frame["seq"].as_u64().unwrap_or_else(|| panic!("an event bears its number: {frame}"));
        match (&mut self.page, self.live) {
            (Some(page), _) if seq == *page + 1 => *page = seq,
            // A live one that was on its way when history was asked for.
            (Some(_), Some(live)) if seq == live + 1 => self.live = Some(seq),
            (Some(_), None) => self.live = Some(seq),
            (Some(page), live) => panic!("behind {page} of the history (live {live:?}) came {frame}"),
            (None, Some(live)) => {
                assert!(seq > live, "an event came again: {frame}");
                assert!(seq == live + 1, "a hole: behind {live} came {frame}");
                self.live = Some(seq);
            }
            // A chat that is new here: its history was not asked for yet.
            (None, None) => self.live = Some(seq),
        }
        self.keep(seq, frame);
    }

    /// A page of history ended; the number to ask behind next, if there is more.
    ///
    /// # Panics
    /// The page does not reach as far as it says.
    pub fn resumed(&mut self, frame: &Value) -> Option<u64> {
        let number = |field: &str| frame[field].as_u64().unwrap_or_else(|| panic!("{field} is missing: {frame}"));
        let (through, last) = (number("through"), number("last"));
        let page = self.page.unwrap_or_else(|| panic!("nobody asked for {frame}"));
        assert!(page == through || (page > last && through == last), "the page went to {page}, not as in {frame}");
        if through < last {
            return Some(through);
        }
        self.page = None;
        // Whoever asks beyond the last event knows no more than that.
        self.live = Some(self.live.unwrap_or(0).max(through.min(last)));
        None
    }

    /// Whether history is on its way.
    pub fn is_resuming(&self) -> bool {
        self.page.is_some()
    }

    fn keep(&mut self, seq: u64, frame: &Value) {
        let mut kept = frame.clone();
        // Only the sender's own sockets bear it, and history does not have to.
        kept.as_object_mut().map(|fields| fields.remove("command"));
        if let Some(before) = self.events.insert(seq, kept.clone()) {
            assert_eq!(before, kept, "number {seq} is another event now");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(seq: u64) -> Value {
        json!({ "type": "event", "chat": "c", "seq": seq, "event": { "kind": "message", "text": format!("{seq}") } })
    }

    fn with_three() -> Ledger {
        let mut ledger = Ledger::default();
        (1..=3).for_each(|seq| ledger.event(&event(seq)));
        ledger
    }

    #[test]
    #[should_panic(expected = "a hole")]
    fn a_hole_is_noticed() {
        with_three().event(&event(5));
    }

    #[test]
    #[should_panic(expected = "came again")]
    fn a_double_is_noticed() {
        with_three().event(&event(3));
    }

    #[test]
    #[should_panic(expected = "is another event now")]
    fn history_that_differs_from_what_was_live_is_noticed() {
        let mut ledger = with_three();
        ledger.asked(0);
        ledger.event(&json!({ "type": "event", "chat": "c", "seq": 1, "event": { "kind": "erased" } }));
    }

    #[test]
    fn pages_go_on_until_the_last_and_live_events_wait_behind_them() {
        let mut ledger = with_three();
        ledger.asked(0);
        ledger.event(&event(1));
        ledger.event(&event(2));
        assert_eq!(ledger.resumed(&json!({ "through": 2, "last": 4 })), Some(2));
        ledger.event(&event(3));
        ledger.event(&event(4));
        assert_eq!(ledger.resumed(&json!({ "through": 4, "last": 4 })), None);
        ledger.event(&event(5));
        assert_eq!((ledger.last(), ledger.texts()), (5, vec!["1", "2", "3", "4", "5"]));
    }
}
