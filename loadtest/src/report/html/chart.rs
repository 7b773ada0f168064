//! A chart of lines over time as SVG, with axes that say how high and how long they are. Lines differ in stroke as
//! well as in colour.

use std::fmt::Write;

/// Units of the drawing: all of it, and the room left of and below the lines.
const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 64.0;
const BOTTOM: f64 = 28.0;
const TOP: f64 = 12.0;
/// Points of a line: more than the drawing has units would only make the page large.
const POINTS_MAX: usize = 900;

/// A line with its name.
pub(super) struct Line {
    pub(super) name: &'static str,
    /// Seconds and values.
    pub(super) points: Vec<(f64, f64)>,
}

/// The chart with its legend.
pub(super) fn chart(title: &str, unit: &str, lines: &[Line]) -> String {
    let points = || lines.iter().flat_map(|line| &line.points);
    let length = points().map(|(at, _)| *at).fold(0.0, f64::max);
    if length <= 0.0 {
        return "<p>no seconds to show</p>".to_owned();
    }
    let top = round_up(points().map(|(_, value)| *value).fold(0.0, f64::max));
    let x = |at: f64| LEFT + at / length * (WIDTH - LEFT - 8.0);
    let y = |value: f64| HEIGHT - BOTTOM - value / top * (HEIGHT - BOTTOM - TOP);
    let mut out = format!("<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{title}\">");
    for step in 0..=4 {
        let value = top * f64::from(step) / 4.0;
        let (end, at) = (WIDTH - 8.0, y(value));
        let _ = write!(
            out,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{end}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{} {unit}</text>",
            LEFT - 8.0,
            at + 4.0,
            short(value),
        );
        let at = length * f64::from(step) / 4.0;
        let _ = write!(
            out,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{} s</text>",
            x(at).min(WIDTH - 24.0),
            HEIGHT - 8.0,
            short(at),
        );
    }
    for (number, line) in lines.iter().enumerate() {
        let step = line.points.len().div_ceil(POINTS_MAX).max(1);
        let path: Vec<String> = line
            .points
            .chunks(step)
            .filter_map(|chunk| {
                // Of the points that share a place the highest is what must be seen.
                let highest = chunk.iter().max_by(|one, other| one.1.total_cmp(&other.1))?;
                Some(format!("{:.1},{:.1}", x(highest.0), y(highest.1)))
            })
            .collect();
        let _ = write!(out, "<polyline class=\"line l{number}\" points=\"{}\"/>", path.join(" "));
    }
    out.push_str("</svg><p class=\"legend\">");
    for (number, line) in lines.iter().enumerate() {
        let _ = write!(
            out,
            "<span><svg viewBox=\"0 0 28 8\" aria-hidden=\"true\"><line class=\"line l{number}\" x1=\"0\" x2=\"28\" \
             y1=\"4\" y2=\"4\"/></svg>{}</span> ",
            line.name
        );
    }
    out.push_str("</p>");
    out
}

/// The next number with one digit that quarters of it can be read off.
fn round_up(value: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf(value.log10().floor());
    let steps = [1.0, 2.0, 4.0, 5.0, 8.0, 10.0];
    steps.into_iter().map(|step| step * power).find(|step| *step >= value).unwrap_or(10.0 * power)
}

fn short(value: f64) -> String {
    if value >= 10_000.0 {
        format!("{:.0}k", value / 1e3)
    } else if value == value.trunc() {
        format!("{value:.0}")
    } else {
        format!("{value:.2}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_point_is_within_the_drawing_and_seen_however_many_there_are() {
        let mut points: Vec<(f64, f64)> = (1..=50_000).map(|at| (f64::from(at), 1.0)).collect();
        points[20_000].1 = 730.0;
        let svg = chart("peak", "ms", &[Line { name: "p99", points }]);
        let places: Vec<f64> = svg
            .split("points=\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .map(|points| points.split(' ').filter_map(|point| point.split_once(',')?.1.parse().ok()).collect())
            .unwrap();
        assert!(places.len() <= POINTS_MAX);
        let highest = places.iter().copied().fold(f64::MAX, f64::min);
        assert!((TOP..60.0).contains(&highest), "730 of 800: {highest}");
        assert!(svg.contains(">800 ms<"));
    }

    #[test]
    fn axes_end_at_round_numbers() {
        assert_eq!([0.0, 0.3, 3.1, 99.0, 1_000.0].map(round_up), [1.0, 0.4, 4.0, 100.0, 1_000.0]);
    }
}
