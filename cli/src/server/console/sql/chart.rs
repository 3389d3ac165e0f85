//! How does an answer look as a picture?

use maud::{Markup, html};

use super::super::chart::bar;
use super::super::fields::Fields;
use super::super::text::select;
use super::answer::Column;

/// Rows that are drawn.
const ROWS: usize = 40;

/// A bar for each of the first rows: a number against what stands beside it.
pub(super) fn section(columns: &[Column], rows: usize, fields: &Fields) -> Markup {
    let by_name = |name: &str| {
        columns
            .iter()
            .find(|it| fields.get(name) == Some(&*it.name))
    };
    let value = by_name("y").filter(|it| it.is_number);
    let value = value.or_else(|| columns.iter().find(|it| it.is_number));
    let label = by_name("x").or_else(|| {
        let time = columns.iter().find(|it| it.is_time);
        columns
            .iter()
            .find(|it| !it.is_number && !it.is_time)
            .or(time)
    });
    let (Some(value), Some(label), true) = (value, label, rows > 1) else {
        return html! {};
    };
    let numbers: Vec<Option<f64>> = (0..rows.min(ROWS)).map(|row| value.number(row)).collect();
    let most = numbers.iter().flatten().copied().fold(0.0, f64::max);
    let choices = |of: &dyn Fn(&Column) -> bool| -> Vec<(String, String)> {
        let names = columns.iter().filter(|it| of(it)).map(|it| it.name.clone());
        names.map(|name| (name.clone(), name)).collect()
    };
    html! {
        section {
            div.title {
                h2 { "Chart" }
                form.filter method="get" action="/sql" {
                    @for (name, value) in fields.pairs().filter(|(name, _)| !["x", "y", "row"].contains(name)) {
                        input type="hidden" name=(name) value=(value);
                    }
                    (select("y", "Value", Some(&value.name), "First number", &choices(&|it| it.is_number)))
                    (select("x", "Label", Some(&label.name), "First text", &choices(&|_| true)))
                    button type="submit" { "Draw" }
                }
            }
            table.bars {
                thead { tr { th scope="col" { (label.name) } th.n scope="col" { (value.name) } th aria-hidden="true" {} } }
                tbody {
                    @for (row, number) in numbers.iter().enumerate() {
                        tr {
                            td.what { (label.text(row).map_or_else(|| "null".to_owned(), |it| it.chars().take(80).collect())) }
                            td.n { (value.text(row).unwrap_or_else(|| "null".to_owned())) }
                            // As parts of ten thousand: the bar takes whole numbers.
                            td.wide-bar aria-hidden="true" { (bar((number.unwrap_or(0.0).max(0.0) / most.max(f64::MIN_POSITIVE) * 10_000.0) as u64, 10_000)) }
                        }
                    }
                }
            }
            @if rows > ROWS { p.hint { "The first " (ROWS) " rows of this page." } }
        }
    }
}
