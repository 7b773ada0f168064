//! The live screen of a run: progress, who is there, rates, times and errors, with the last minute as charts. Keys and
//! Ctrl-C end the run as they do without a screen; the terminal is as before when the screen is gone.

use std::io::{IsTerminal, stderr};
use std::sync::mpsc::Sender;
use std::time::Duration;

use ratatui::DefaultTerminal;
use ratatui::Frame;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyModifiers};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::{Block, Gauge, Paragraph, Row, Sparkline, Table, Wrap};

use crate::run::{Message, Progress};
use crate::scenario::Scenario;
use crate::summary::{Percentiles, Summary};
use crate::units::measured;

/// Seconds of the charts.
const SHOWN_S: usize = 120;
/// Narrower than this nothing of it can be read.
const LEAST: (u16, u16) = (78, 18);
/// Columns of the counts of visitors, with their border.
const PEOPLE: u16 = 37;

/// The screen, while the run goes on.
pub struct Screen {
    terminal: DefaultTerminal,
    name: String,
    length_s: f64,
    interrupts: Option<Sender<Message>>,
    interrupted: bool,
}

impl Screen {
    /// Takes the terminal over, where there is one large enough.
    pub fn open(scenario: &Scenario) -> Option<Self> {
        let (width, height) = ratatui::crossterm::terminal::size().ok()?;
        if !stderr().is_terminal() || !std::io::stdout().is_terminal() || width < LEAST.0 || height < LEAST.1 {
            return None;
        }
        let terminal = ratatui::try_init().ok()?;
        let (name, length_s) = (scenario.name.clone(), scenario.length_s.0);
        Some(Self { terminal, name, length_s, interrupts: None, interrupted: false })
    }

    /// Keys that end the run are told here.
    pub fn tell(&mut self, interrupts: Sender<Message>) {
        self.interrupts = Some(interrupts);
    }

    /// Draws how it goes, and looks at the keys.
    pub fn show(&mut self, progress: &Progress<'_>) {
        while event::poll(Duration::ZERO).unwrap_or(false) {
            let Ok(Event::Key(key)) = event::read() else { continue };
            let control_c = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
            if control_c || key.code == KeyCode::Char('q') {
                self.interrupted = true;
                if let Some(interrupts) = &self.interrupts {
                    let _ = interrupts.send(Message::Interrupt);
                }
            }
        }
        let view = View { name: &self.name, length_s: self.length_s, interrupted: self.interrupted };
        // A terminal that cannot be drawn on does not stop a run.
        let _ = self.terminal.draw(|frame| view.draw(frame, progress));
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

struct View<'a> {
    name: &'a str,
    length_s: f64,
    interrupted: bool,
}

impl View<'_> {
    fn draw(&self, frame: &mut Frame<'_>, progress: &Progress<'_>) {
        match progress {
            Progress::Preparing(words) => {
                let words = format!("{}: {words}", self.name);
                frame.render_widget(Paragraph::new(words).block(Block::bordered()), frame.area());
            }
            Progress::Running(summary, seconds, judged) => {
                self.running(frame, summary, *seconds, self.words(*seconds), *judged)
            }
            Progress::Closing(summary, judged) => {
                self.running(frame, summary, self.length_s, "judging the last chats".into(), *judged);
            }
        }
    }

    fn running(&self, frame: &mut Frame<'_>, summary: &Summary, seconds: f64, words: String, judged: u64) {
        let troubles = troubles(summary, judged);
        let below = Constraint::Length(height_of(&troubles, frame.area()));
        let rows = [Constraint::Length(3), Constraint::Length(6), Constraint::Min(5), below];
        let [top, middle, charts, bottom] = Layout::vertical(rows).areas(frame.area());
        let gauge = Gauge::default().ratio((seconds / self.length_s.max(1e-3)).clamp(0.0, 1.0)).label(words);
        frame.render_widget(gauge.block(titled(self.name)), top);
        let [left, right] = Layout::horizontal([Constraint::Length(PEOPLE), Constraint::Min(26)]).areas(middle);
        frame.render_widget(Paragraph::new(people(summary)).block(titled("visitors")), left);
        frame.render_widget(times(summary), right);
        let [left, right] = Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]).areas(charts);
        let messages = series(summary, |second| second.acked);
        let newest = messages.last().copied().unwrap_or_default();
        sparkline(frame, left, &format!("messages a second: {newest}"), &messages);
        let p99 = series(summary, |second| (second.ack_p99_ms * 1e3) as u64);
        let newest = measured(p99.last().copied().unwrap_or_default() as f64 / 1e3);
        sparkline(frame, right, &format!("ack p99 of a second: {newest}"), &p99);
        frame.render_widget(
            Paragraph::new(troubles).wrap(Wrap { trim: true }).block(titled("judge and errors")),
            bottom,
        );
    }

    /// How far it is.
    fn words(&self, seconds: f64) -> String {
        match (self.interrupted, seconds > self.length_s) {
            (true, _) => "ending, again to cut".to_owned(),
            (false, true) => "chats are being ended".to_owned(),
            (false, false) => format!("{seconds:.0} of {:.0} s, q ends", self.length_s),
        }
    }
}

fn titled(title: &str) -> Block<'_> {
    Block::bordered().title(Line::from(format!(" {title} ")))
}

fn people(summary: &Summary) -> String {
    let (now, counts) = (summary.series.last().copied().unwrap_or_default(), &summary.counts);
    format!(
        "connected {:>7}   came     {:>6}\nin chats  {:>7}   began    {:>6}\nwaiting   {:>7}   answered {:>6}\nleft      {:>7}   back     {:>6}",
        now.connected,
        counts.visitors_came,
        now.active,
        counts.chats_started,
        now.waiting,
        counts.chats_answered,
        counts.chats_abandoned,
        counts.reconnects,
    )
}

fn times(summary: &Summary) -> Table<'static> {
    let latency = &summary.latency;
    let rows = [("ack", latency.ack), ("delivery", latency.delivery), ("wait", latency.wait)];
    let rows = rows.map(|(name, Percentiles { p50_ms, p99_ms, max_ms, .. })| {
        Row::new([name.to_owned(), measured(p50_ms), measured(p99_ms), measured(max_ms)])
    });
    let head = Row::new(["", "p50", "p99", "max"]).style(Style::new().add_modifier(Modifier::BOLD));
    Table::new(rows, [Constraint::Fill(1); 4]).header(head).block(titled("times"))
}

fn series(summary: &Summary, of: impl Fn(&crate::summary::Second) -> u64) -> Vec<u64> {
    let from = summary.series.len().saturating_sub(SHOWN_S);
    summary.series[from..].iter().map(of).collect()
}

fn sparkline(frame: &mut Frame<'_>, area: Rect, title: &str, values: &[u64]) {
    // The newest stand at the right edge.
    let room = usize::from(area.width.saturating_sub(2));
    let values = &values[values.len().saturating_sub(room)..];
    frame.render_widget(Sparkline::default().data(values).block(titled(title)), area);
}

/// Lines of the box for such words: all of them where the screen has room beside the rest.
fn height_of(words: &str, screen: Rect) -> u16 {
    let inside = usize::from(screen.width.saturating_sub(2)).max(1);
    // Lines are broken between words, which may take one more.
    let lines: usize = words.lines().map(|line| (line.chars().count() + inside / 4).div_ceil(inside).max(1)).sum();
    let room = screen.height.saturating_sub(14).max(4);
    u16::try_from(lines + 2).unwrap_or(u16::MAX).clamp(4, room)
}

fn troubles(summary: &Summary, judged: u64) -> String {
    let errors: Vec<String> = summary.errors.iter().map(|(words, count)| format!("{count} x {words}")).collect();
    let errors = if errors.is_empty() { "no errors".to_owned() } else { errors.join(", ") };
    format!("{judged} chats judged; {} left late\n{errors}", summary.counts.messages_late)
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;
    use crate::summary::Second;

    fn drawn(width: u16, height: u16, progress: &Progress<'_>) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let view = View { name: "lunch-peak", length_s: 180.0, interrupted: false };
        terminal.draw(|frame| view.draw(frame, progress)).unwrap();
        terminal.backend().to_string()
    }

    #[test]
    fn the_screen_says_how_far_it_is_who_is_there_and_what_went_wrong() {
        let series = vec![Second { connected: 4_321, waiting: 17, acked: 250, ..Second::default() }; 300];
        let mut summary = Summary { series, ..Summary::default() };
        let times = |p50_ms, p99_ms, max_ms| Percentiles { p50_ms, p99_ms, max_ms, ..Percentiles::default() };
        let latency = &mut summary.latency;
        (latency.ack, latency.delivery) = (times(1.5, 12.5, 13.5), times(21.5, 22.5, 23.5));
        latency.wait = times(3_100.0, 3_200.0, 3_300.0);
        summary.errors.insert("closed with 1013".into(), 3);
        let counts = &mut summary.counts;
        (counts.visitors_came, counts.chats_started, counts.chats_answered) = (123_456, 123_457, 123_458);
        (counts.chats_abandoned, counts.reconnects) = (1_234_561, 123_459);
        for (width, height) in [LEAST, (100, 30), (240, 70)] {
            let screen = drawn(width, height, &Progress::Running(&summary, 90.0, 55));
            let people = ["4321", " 17 ", "123456", "123457", "123458", "1234561", "123459"];
            let others = ["lunch-peak", "90 of 180 s", "12.5 ms", "a second: 250", "55 chats", "closed with 1013"];
            for words in people.iter().chain(&others) {
                assert!(screen.contains(words), "{words} at {width} x {height}:\n{screen}");
            }
            let rows = [
                ["ack", "1.5 ms", "12.5 ms", "13.5 ms"],
                ["delivery", "21.5 ms", "22.5 ms", "23.5 ms"],
                ["wait", "3.10 s", "3.20 s", "3.30 s"],
            ];
            for row in rows {
                // Each in a column of its own, in this order.
                let shows = |line: &str| {
                    let mut rest = Some(line);
                    row.iter().all(|words| {
                        rest = rest.and_then(|rest| rest.split_once(words)).map(|(_, rest)| rest);
                        rest.is_some()
                    })
                };
                assert!(screen.lines().any(shows), "{row:?} at {width} x {height}:\n{screen}");
            }
        }
    }

    #[test]
    fn all_kinds_of_errors_are_shown_where_there_is_room() {
        let kinds =
            ["closed with 1013", "not connected: no answer within 10 s", "refused: rate_limited", "cut by the server"];
        let mut summary = Summary { series: vec![Second::default()], ..Summary::default() };
        summary.errors = kinds.map(|words| (words.to_owned(), 12_345)).into();
        let screen = drawn(80, 24, &Progress::Running(&summary, 90.0, 55));
        // Words may stand on two lines.
        let words = screen.replace(['"', '│'], " ").split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(kinds.iter().all(|kind| words.contains(kind)), "{screen}");
    }

    #[test]
    fn before_and_behind_the_run_it_says_what_is_waited_for() {
        assert!(drawn(60, 16, &Progress::Preparing("3 of 12 operators are online")).contains("3 of 12 operators"));
        let summary = Summary { series: vec![Second { connected: 4_321, ..Second::default() }], ..Summary::default() };
        let closing = drawn(100, 30, &Progress::Closing(&summary, 55));
        assert!(["judging", "4321", "55 chats"].iter().all(|words| closing.contains(words)), "{closing}");
    }
}
