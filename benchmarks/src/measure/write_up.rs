//! What do the figures say?

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;

use super::chart;
use super::machine::Machine;
use super::policies::{FILES_TO_POLICY, POLICY, TRAILSCRAPER};
use super::query::{Of, QUERIES};
use super::results::{Measured, Results};
use super::side_by_side::{BARE, EVENTS_ALONE, INGEST, LIMIT, OURS, RAW, WITH_ROLL_UP};

/// The order of engines in tables.
const ENGINES: [&str; 9] = [
    OURS,
    WITH_ROLL_UP,
    EVENTS_ALONE,
    "DuckDB",
    "ClickHouse",
    "Polars",
    TRAILSCRAPER,
    BARE,
    LIMIT,
];

/// Writes REPORT.md and its charts into `home`, with what `home/notes.md` says besides.
pub fn write(results: &Results, home: &Path) -> anyhow::Result<()> {
    let charts = home.join("charts");
    std::fs::create_dir_all(&charts)?;
    let notes = std::fs::read_to_string(home.join("notes.md")).unwrap_or_default();
    let mut page = Page {
        results,
        text: String::new(),
        charts: Vec::new(),
    };
    page.write(&notes);
    for (name, svg) in page.charts {
        let path = charts.join(name);
        std::fs::write(&path, svg).with_context(|| format!("cannot write `{}`", path.display()))?;
    }
    let path = home.join("REPORT.md");
    std::fs::write(&path, page.text).with_context(|| format!("cannot write `{}`", path.display()))
}

struct Page<'a> {
    results: &'a Results,
    text: String,
    charts: Vec<(String, String)>,
}

impl Page<'_> {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn paragraph(&mut self, text: &str) {
        self.line(text);
        self.line("");
    }

    fn chart(&mut self, name: &str, title: &str, svg: String) {
        self.paragraph(&format!("![{title}](charts/{name})"));
        self.charts.push((name.to_owned(), svg));
    }

    fn write(&mut self, notes: &str) {
        self.paragraph("# What it costs");
        self.paragraph("Made by `report`, see [README.md](README.md); the figures are in [results.json](results.json).");
        self.machine("Side by side", &self.results.machine.clone());
        if !self.results.note.is_empty() {
            self.paragraph(&format!("**{}**", self.results.note));
        }
        let versions: Vec<String> = self
            .results
            .versions
            .iter()
            .map(|(name, version)| format!("{name} {version}"))
            .collect();
        self.paragraph(&format!("{}.", versions.join(", ")));
        self.corpora();
        self.paragraph(
            "Every answer is compared with the truth that the corpus declares; where it declares none, with ours. Engines take turns; a \
             figure is the median, with the least and the most in parentheses. \"Times ours\" above 1 says that the other takes longer.",
        );
        self.ingest();
        self.task(RAW, "From files to a grouped answer", "Calls by principal, service, operation and error, each event once. Ours fills a lake for it first, which stays.");
        self.queries(Of::Events, "Questions to the lake", "The same Parquet files for all: those of the lake. The first column may count by what the lake keeps beside them (`events_by_day`), the second has nothing else. Warm, without the start of the process.");
        self.queries(
            Of::Activity,
            "Questions to the roll-up",
            "Which permissions were used: others have no such table.",
        );
        self.task(POLICY, "A policy from the lake", "For the busiest role, the program started anew each time, answers compared with the truth.");
        self.task(FILES_TO_POLICY, "From files to a policy", "On the small corpus, beside trailscraper, which reads the files anew each time, counts denied calls as used, and knows no roles that are passed.");
        self.growth();
        self.wrong();
        self.text.push_str(notes);
    }

    fn machine(&mut self, what: &str, machine: &Machine) {
        let Machine {
            processor,
            cores,
            memory,
            system,
            date,
            commit,
            load,
        } = machine;
        self.paragraph(&format!(
            "{what}: {processor}, {cores} cores, {} GiB, {system}, {date}, commit {commit}; load when it began: {load}.",
            memory >> 30
        ));
    }

    fn corpora(&mut self) {
        self.line(
            "| corpus | events | records | files | gz | inflated | principals | kinds of events |",
        );
        self.line("|---|--:|--:|--:|--:|--:|--:|--:|");
        for (name, summary) in &self.results.corpora.clone() {
            self.line(&format!(
                "| {name} | {} | {} | {} | {} | {} | {} | {} |",
                count(summary.events),
                count(summary.records),
                count(summary.files),
                bytes(summary.bytes),
                bytes(summary.plain_bytes),
                summary.principals,
                summary.event_types
            ));
        }
        self.line("");
    }

    fn of_task(&self, task: &str) -> Vec<Measured> {
        let mut measured: Vec<Measured> = self
            .results
            .measured
            .iter()
            .filter(|m| m.task == task)
            .cloned()
            .collect();
        measured.sort_by_key(|m| ENGINES.iter().position(|engine| *engine == m.engine));
        measured
    }

    fn ingest(&mut self) {
        self.paragraph("## Ingest to Parquet");
        self.paragraph(
            "Peers convert the files to one Parquet file, and no more. Ours also leaves out what comes twice, sorts, keeps a ledger, and \
             commits. The bare way does as little as peers, with our libraries; the limit only inflates and parses.",
        );
        let corpora = self.results.corpora.clone();
        for (name, summary) in corpora {
            let task = format!("{INGEST}: {name}");
            let measured = self.of_task(&task);
            if measured.is_empty() {
                continue;
            }
            self.paragraph(&format!("### {name}"));
            self.line("| | time | times ours | records/s | memory | bytes an event |");
            self.line("|---|--:|--:|--:|--:|--:|");
            let ours = measured
                .iter()
                .find(|m| m.engine == OURS)
                .map(Measured::median);
            for of in &measured {
                let per_event = of
                    .bytes
                    .map(|b| format!("{:.0}", b as f64 / summary.events.max(1) as f64));
                self.line(&format!(
                    "| {} | {} | {} | {} | {} | {} |",
                    of.engine,
                    with_spread(of),
                    ratio(of.median(), ours),
                    count((summary.records as f64 / of.median()) as u64),
                    bytes(of.memory),
                    per_event.unwrap_or_default()
                ));
            }
            self.line("");
            let file = format!("ingest-{}.svg", name.replace([' ', ','], "-"));
            self.bars(&file, &format!("Ingest, {name}"), &measured);
        }
    }

    fn bars(&mut self, file: &str, title: &str, measured: &[Measured]) {
        let bars: Vec<_> = measured
            .iter()
            .filter(|m| !m.seconds.is_empty())
            .map(|m| (m.engine.clone(), m.median(), seconds(m.median())))
            .collect();
        self.chart(file, title, chart::bars(title, &bars));
    }

    fn task(&mut self, task: &str, title: &str, about: &str) {
        let measured = self.of_task(task);
        if measured.is_empty() {
            return;
        }
        self.paragraph(&format!("## {title}"));
        self.paragraph(about);
        self.line("| | time | times ours | memory |");
        self.line("|---|--:|--:|--:|");
        let ours = measured
            .iter()
            .find(|m| m.engine == OURS)
            .map(Measured::median);
        for of in &measured {
            self.line(&format!(
                "| {} | {} | {} | {} |",
                of.engine,
                with_spread(of),
                ratio(of.median(), ours),
                bytes(of.memory)
            ));
        }
        self.line("");
        if measured.len() > 1 {
            let file = format!("{}.svg", task.replace(' ', "-"));
            self.bars(&file, title, &measured);
        }
    }

    fn queries(&mut self, of: Of, title: &str, about: &str) {
        let engines: Vec<&str> = ENGINES
            .into_iter()
            .filter(|engine| {
                let mut measured = self.results.measured.iter();
                measured.any(|m| m.task.starts_with("query:") && m.engine == *engine)
            })
            .filter(|engine| of == Of::Events || *engine == OURS)
            .collect();
        if engines.is_empty() {
            return;
        }
        self.paragraph(&format!("## {title}"));
        self.paragraph(about);
        self.line(&format!("| | {} |", engines.join(" | ")));
        self.line(&format!("|---|{}", "--:|".repeat(engines.len())));
        for query in QUERIES.iter().filter(|query| query.of == of) {
            let measured = self.of_task(&format!("query: {}", query.name));
            let ours = measured
                .iter()
                .find(|m| m.engine == OURS)
                .map(Measured::median);
            let cells =
                engines.iter().map(
                    |engine| match measured.iter().find(|m| m.engine == *engine) {
                        Some(m) if m.engine == OURS => with_spread(m),
                        Some(m) => format!("{} × {}", with_spread(m), ratio(m.median(), ours)),
                        None => String::new(),
                    },
                );
            let cells: Vec<String> = cells.collect();
            self.line(&format!("| {} | {} |", query.title, cells.join(" | ")));
        }
        self.line("");
    }

    fn growth(&mut self) {
        let steps = self.results.growth.clone();
        if steps.is_empty() {
            return;
        }
        self.paragraph("## As the lake grows");
        self.machine("Growth", &self.results.growth_machine.clone());
        self.paragraph("A portion is some days of a trail of two years. It is ingested alone, when the lake has grown to the size said, and its last day after it.");
        self.line(
            "| events | lake | bytes an event | files | portion | its ingest | events/s | a day | its ingest | memory |",
        );
        self.line("|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
        for step in &steps {
            self.line(&format!(
                "| {} | {} | {:.0} | {} | {} | {} | {} | {} | {} | {} |",
                count(step.events),
                bytes(step.bytes),
                step.bytes as f64 / step.events.max(1) as f64,
                count(step.files),
                count(step.added),
                seconds(step.seconds),
                count((step.added as f64 / step.seconds) as u64),
                count(step.added_day),
                seconds(step.seconds_day),
                bytes(step.memory)
            ));
        }
        self.line("");
        let per = |value: &dyn Fn(&super::results::Step) -> f64| -> Vec<(f64, f64)> {
            steps
                .iter()
                .map(|step| (step.events as f64, value(step)))
                .collect()
        };
        let ingest = [
            (
                "s a million events".to_owned(),
                per(&|s| s.seconds / s.added.max(1) as f64 * 1e6),
            ),
            ("s a day".to_owned(), per(&|s| s.seconds_day)),
            (
                "memory, GiB".to_owned(),
                per(&|s| s.memory as f64 / (1_u64 << 30) as f64),
            ),
            (
                "bytes an event".to_owned(),
                per(&|s| s.bytes as f64 / s.events.max(1) as f64),
            ),
        ];
        let title = "A portion more, by size of the lake";
        self.chart(
            "growth-ingest.svg",
            title,
            chart::lines(title, "events in the lake", &ingest),
        );
        for query in &QUERIES {
            self.growth_of(query.name, query.title, query.of, &steps);
        }
    }

    fn growth_of(&mut self, name: &str, title: &str, of: Of, steps: &[super::results::Step]) {
        let task = format!("query: {name}");
        let mut lines = Vec::new();
        for engine in ENGINES {
            let points: Vec<(f64, f64)> = steps
                .iter()
                .filter_map(|step| {
                    let mut queries = step.queries.iter();
                    let measured = queries.find(|m| m.task == task && m.engine == engine)?;
                    Some((step.events as f64, measured.median() * 1000.0))
                })
                .collect();
            if !points.is_empty() {
                lines.push((engine.to_owned(), points));
            }
        }
        if lines.is_empty() {
            return;
        }
        let from = if of == Of::Activity {
            ", from the roll-up"
        } else {
            ""
        };
        self.paragraph(&format!("### {title}{from}"));
        let names: Vec<&str> = lines.iter().map(|(name, _)| name.as_str()).collect();
        self.line(&format!("| events | {} |", names.join(" | ")));
        self.line(&format!("|--:|{}", "--:|".repeat(names.len())));
        for step in steps {
            let cells: Vec<String> = lines
                .iter()
                .map(|(_, points)| {
                    let size = step.events as f64;
                    let point = points.iter().find(|(x, _)| (x - size).abs() < 0.5);
                    point
                        .map(|(_, ms)| seconds(ms / 1000.0))
                        .unwrap_or_default()
                })
                .collect();
            self.line(&format!(
                "| {} | {} |",
                count(step.events),
                cells.join(" | ")
            ));
        }
        self.line("");
        let file = format!("growth-{name}.svg");
        let title = format!("{title}{from}, ms");
        self.chart(
            &file,
            &title,
            chart::lines(&title, "events in the lake", &lines),
        );
    }

    fn wrong(&mut self) {
        let wrong = self.results.wrong();
        if wrong.is_empty() {
            self.paragraph("All answers were right.");
            return;
        }
        self.paragraph("## Wrong answers");
        for answer in wrong {
            self.line(&format!("- {answer}"));
        }
        self.line("");
    }
}

fn with_spread(measured: &Measured) -> String {
    if measured.seconds.is_empty() {
        return "failed".to_owned();
    }
    let (least, most) = measured.spread();
    let mut text = seconds(measured.median());
    if measured.seconds.len() > 1 {
        let _ = write!(text, " ({}–{})", seconds(least), seconds(most));
    }
    if measured.wrong.is_some() {
        text.push_str(" **wrong**");
    }
    text
}

fn ratio(value: f64, ours: Option<f64>) -> String {
    match ours {
        Some(ours) if ours > 0.0 && value.is_finite() => format!("{:.2}", value / ours),
        _ => String::new(),
    }
}

fn seconds(seconds: f64) -> String {
    match seconds {
        s if s < 0.010 => format!("{:.2} ms", s * 1e3),
        s if s < 1.0 => format!("{:.0} ms", s * 1e3),
        s if s < 10.0 => format!("{s:.2} s"),
        s => format!("{s:.1} s"),
    }
}

fn bytes(bytes: u64) -> String {
    let bytes = bytes as f64;
    match bytes {
        b if b >= 1e9 => format!("{:.1} GB", b / 1e9),
        b if b >= 1e6 => format!("{:.0} MB", b / 1e6),
        b => format!("{:.0} kB", b / 1e3),
    }
}

/// `1,234,567`
fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_well() {
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(bytes(198_000_000), "198 MB");
        assert_eq!(
            [0.0012, 0.25, 2.4, 46.0].map(seconds),
            ["1.20 ms", "250 ms", "2.40 s", "46.0 s"]
        );
        assert_eq!(ratio(4.0, Some(2.0)), "2.00");
    }
}
