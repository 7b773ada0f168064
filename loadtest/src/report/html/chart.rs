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
    /// Seconds and values; none where nothing was measured.
    pub(super) points: Vec<(f64, Option<f64>)>,
}

/// The chart with its legend.
pub(super) fn chart(title: &str, unit: &str, lines: &[Line]) -> String {
    let points = || lines.iter().flat_map(|line| &line.points);
    let length = points().map(|(at, _)| *at).fold(0.0, f64::max);
    if length <= 0.0 {
        return "<p>no seconds to show</p>".to_owned();
    }
    let top = round_up(points().filter_map(|(_, value)| *value).fold(0.0, f64::max));
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
        // Of the points that share a place the highest is what must be seen.
        let highest = |chunk: &[(f64, Option<f64>)]| {
            let measured = chunk.iter().filter_map(|(at, value)| Some((*at, (*value)?)));
            measured.max_by(|one, other| one.1.total_cmp(&other.1))
        };
        let places: Vec<Option<(f64, f64)>> = line.points.chunks(step).map(highest).collect();
        for run in places.split(Option::is_none).filter(|run| !run.is_empty()) {
            let path = run.iter().flatten().map(|(at, value)| format!("{:.1},{:.1}", x(*at), y(*value)));
            let mut path: Vec<String> = path.collect();
            if path.len() == 1 {
                // From itself to itself: a dot.
                path.extend_from_within(..);
            }
            let _ = write!(out, "<polyline class=\"line l{number}\" points=\"{}\"/>", path.join(" "));
        }
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
        short(value / 1e3) + "k"
    } else {
        // Hundredths, where they say something.
        ((value * 100.0).round() / 100.0).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_point_is_within_the_drawing_and_seen_however_many_there_are() {
        let mut points: Vec<(f64, Option<f64>)> = (1..=50_000).map(|at| (f64::from(at), Some(1.0))).collect();
        points[20_000].1 = Some(730.0);
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
    fn where_nothing_was_measured_there_is_a_gap_and_one_value_by_itself_is_a_dot() {
        let points = [Some(1.0), Some(2.0), None, Some(1.5), None, None];
        let points = (1..).map(f64::from).zip(points).collect();
        let svg = chart("gaps", "ms", &[Line { name: "p99", points }]);
        let paths: Vec<usize> =
            svg.split("points=\"").skip(1).map(|rest| rest.split('"').next().unwrap().split(' ').count()).collect();
        assert_eq!(paths, [2, 2], "{svg}");
        let dot = svg.split("points=\"").nth(2).and_then(|rest| rest.split('"').next()?.split_once(' ')).unwrap();
        assert_eq!(dot.0, dot.1);
    }

    #[test]
    fn axes_end_at_round_numbers() {
        assert_eq!([0.0, 7.5, 22.125, 300.0, 12_500.0].map(short), ["0", "7.5", "22.13", "300", "12.5k"]);
        assert_eq!([0.0, 0.3, 3.1, 99.0, 1_000.0].map(round_up), [1.0, 0.4, 4.0, 100.0, 1_000.0]);
    }
}
