//! How do figures look?
//!
//! Two kinds of charts as SVG, in colors that can be told apart in light and dark pages.

use std::fmt::Write as _;

const WIDTH: f64 = 720.0;
const LABELS: f64 = 210.0;
const COLORS: [&str; 8] = [
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#999999", "#b8a000",
];
const GREY: &str = "#808080";

/// Bars, the shortest being the best. A label with nothing beside it was not measured.
pub(super) fn bars(title: &str, bars: &[(String, f64, String)]) -> String {
    let height = 46.0 + bars.len() as f64 * 26.0;
    let most = bars
        .iter()
        .map(|(_, value, _)| *value)
        .fold(f64::MIN_POSITIVE, f64::max);
    let mut svg = begin(title, height);
    for (i, (label, value, shown)) in bars.iter().enumerate() {
        let y = 40.0 + i as f64 * 26.0;
        let length = (value / most * (WIDTH - LABELS - 110.0)).max(1.0);
        let color = if i == 0 { COLORS[0] } else { GREY };
        let (middle, beside) = (y + 13.0, LABELS + length + 6.0);
        text(&mut svg, LABELS - 8.0, middle, "end", label);
        let _ = writeln!(
            svg,
            r#"<rect x="{LABELS}" y="{y:.1}" width="{length:.1}" height="18" rx="2" fill="{color}"/>"#
        );
        text(&mut svg, beside, middle, "start", shown);
    }
    svg.push_str("</svg>\n");
    svg
}

/// A line: its name and its points.
pub(super) type Line = (String, Vec<(f64, f64)>);

/// Lines over sizes, both in powers of ten.
pub(super) fn lines(title: &str, below: &str, lines: &[Line]) -> String {
    let (left, top, right, bottom) = (70.0, 40.0, WIDTH - 190.0, 300.0);
    let points = || lines.iter().flat_map(|(_, points)| points.iter().copied());
    let mut svg = begin(title, bottom + 50.0);
    let powers = |values: Vec<f64>| {
        let values: Vec<f64> = values
            .into_iter()
            .filter(|v| *v > 0.0)
            .map(f64::log10)
            .collect();
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let (least, most) = (least.floor(), most.ceil());
        (least, if most > least { most } else { least + 1.0 })
    };
    let (x_least, x_most) = powers(points().map(|(x, _)| x).collect());
    let (y_least, y_most) = powers(points().map(|(_, y)| y).collect());
    if !(x_least.is_finite() && y_least.is_finite()) {
        svg.push_str("</svg>\n");
        return svg;
    }
    let at_x = |x: f64| left + (x.log10() - x_least) / (x_most - x_least) * (right - left);
    let at_y = |y: f64| bottom - (y.log10() - y_least) / (y_most - y_least) * (bottom - top);
    let mut power = y_least;
    while power <= y_most {
        let y = at_y(10.0_f64.powf(power));
        let _ = writeln!(
            svg,
            r#"<line x1="{left}" y1="{y:.1}" x2="{right}" y2="{y:.1}" stroke="{GREY}" stroke-opacity="0.3"/>"#
        );
        text(&mut svg, left - 8.0, y, "end", &short(10.0_f64.powf(power)));
        power += 1.0;
    }
    let mut power = x_least;
    while power <= x_most {
        let value = 10.0_f64.powf(power);
        text(
            &mut svg,
            at_x(value),
            bottom + 16.0,
            "middle",
            &short(value),
        );
        power += 1.0;
    }
    text(
        &mut svg,
        f64::midpoint(left, right),
        bottom + 36.0,
        "middle",
        below,
    );
    for (i, (name, points)) in lines.iter().enumerate() {
        let color = COLORS.get(i % COLORS.len()).copied().unwrap_or(GREY);
        let path: Vec<String> = points
            .iter()
            .filter(|(x, y)| *x > 0.0 && *y > 0.0)
            .map(|(x, y)| format!("{:.1},{:.1}", at_x(*x), at_y(*y)))
            .collect();
        let _ = writeln!(
            svg,
            r#"<polyline points="{}" fill="none" stroke="{color}" stroke-width="2"/>"#,
            path.join(" ")
        );
        for point in &path {
            if let Some((x, y)) = point.split_once(',') {
                let _ = writeln!(svg, r#"<circle cx="{x}" cy="{y}" r="3" fill="{color}"/>"#);
            }
        }
        let y = top + 10.0 + i as f64 * 20.0;
        let _ = writeln!(
            svg,
            r#"<rect x="{}" y="{}" width="12" height="4" fill="{color}"/>"#,
            right + 16.0,
            y - 2.0
        );
        text(&mut svg, right + 34.0, y, "start", name);
    }
    svg.push_str("</svg>\n");
    svg
}

fn begin(title: &str, height: f64) -> String {
    let title = escaped(title);
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{title}" font-family="sans-serif" font-size="13">
<style>text {{ fill: #222 }} @media (prefers-color-scheme: dark) {{ text {{ fill: #ddd }} }}</style>
<text x="10" y="22" font-weight="bold">{title}</text>
"#
    )
}

fn text(svg: &mut String, x: f64, y: f64, anchor: &str, text: &str) {
    let text = escaped(text);
    // Writing into a string does not fail.
    let _ = writeln!(
        svg,
        r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}" dominant-baseline="middle">{text}</text>"#
    );
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}

/// `10`, `0.01`, `100 M`
fn short(value: f64) -> String {
    match value {
        v if v >= 999_999.0 => format!("{:.0} M", v / 1e6),
        v if v >= 999.0 => format!("{:.0} k", v / 1e3),
        v if v >= 0.999 => format!("{v:.0}"),
        v => {
            let places = (-v.log10()).ceil().clamp(0.0, 9.0) as usize;
            format!("{v:.places$}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_bar_belongs_to_the_slowest() {
        let bars = [
            ("a & b".to_owned(), 1.0, "1 s".to_owned()),
            ("c".to_owned(), 4.0, "4 s".to_owned()),
        ];
        let svg = super::bars("Time", &bars);
        assert!(svg.contains("a &amp; b"));
        let widths: Vec<&str> = svg
            .split("width=\"")
            .skip(1)
            .filter_map(|s| s.split('"').next())
            .collect();
        assert_eq!(widths, ["100.0", "400.0"]);
    }

    #[test]
    fn sizes_are_written_shortly() {
        assert_eq!(
            [1e8, 1e4, 10.0, 0.01].map(short),
            ["100 M", "10 k", "10", "0.01"]
        );
    }

    #[test]
    fn nothing_measured_is_a_chart_without_lines() {
        assert!(!lines("Growth", "events", &[]).contains("polyline"));
    }
}
