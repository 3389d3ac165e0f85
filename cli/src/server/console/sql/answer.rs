//! What is shown of an answer?

use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use futures::TryStreamExt;
use maud::{Markup, html};
use trailwright_engine::location::Storage;
use trailwright_sql::{Error, Limits, Session};

use super::super::fields::Fields;
use super::super::span;
use super::super::text::count;
use super::super::trouble::Trouble;
use super::chart;
use super::question::Question;
use crate::server::App;

/// Rows of a page.
const ROWS: usize = 100;

/// Cells of a page at most, so that one of a wide table has fewer rows.
const CELLS: usize = 2_000;

/// Rows that can be reached by turning pages. More is for files.
const MOST_ROWS: usize = 10_000;

/// Characters of a page's cells, all together: pages stay light.
const CHARACTERS: usize = 60_000;

/// Characters of a cell that is looked at by itself.
const CELL: usize = 100_000;

/// A page of an answer.
pub(super) struct Rows {
    pub(super) schema: SchemaRef,
    /// The rows of the page.
    pub(super) batch: RecordBatch,
    first: usize,
    more: bool,
    page: usize,
    /// Whether it is the last page that is shown, whatever there is.
    last: bool,
    took: Duration,
}

/// The lake under the limits of a query of somebody who waits.
pub(super) async fn session(
    app: &App,
    fields: &Fields,
    rows: Option<usize>,
) -> Result<Session, Trouble> {
    let limits = Limits {
        rows,
        ..Limits::guarded()
    };
    let range = span::range(fields)?;
    Ok(Session::open_within(app.lake.location(), &Storage::default(), range, limits).await?)
}

impl Rows {
    /// The rows that a page of the answer has.
    pub(super) async fn ask(
        app: &Arc<App>,
        question: &Question<'_>,
        fields: &Fields,
    ) -> Result<Self, Trouble> {
        let (text, values) = question.bound()?;
        let _place = app.queries.acquire().await;
        let started = Instant::now();
        let session = session(app, fields, None).await?;
        let mut answer = session.sql_with(text, None, &values).await?;
        let schema = answer.schema();
        let of_page = (CELLS / schema.fields().len().max(1)).clamp(10, ROWS);
        let page = fields.number("page").unwrap_or(1);
        let page = page.clamp(1, MOST_ROWS / of_page);
        let first = (page - 1) * of_page;
        let mut batches = Vec::new();
        let (mut passed, mut kept, mut more) = (0, 0, false);
        while let Some(batch) = answer.try_next().await.map_err(Error::from)? {
            let skip = first.saturating_sub(passed).min(batch.num_rows());
            passed += batch.num_rows();
            let take = (batch.num_rows() - skip).min(of_page - kept);
            more = batch.num_rows() - skip > take;
            if take > 0 {
                batches.push(batch.slice(skip, take));
                kept += take;
            }
            if more {
                break;
            }
        }
        let batch = arrow::compute::concat_batches(&schema, &batches)
            .map_err(|error| Trouble::refused(error.to_string()))?;
        Ok(Self {
            schema,
            batch,
            first,
            more,
            page,
            last: page == MOST_ROWS / of_page,
            took: started.elapsed(),
        })
    }

    pub(super) fn shown(&self, fields: &Fields) -> Markup {
        let rows = self.batch.num_rows();
        let cells = rows.max(1) * self.schema.fields().len().max(1);
        let most = (CHARACTERS / cells).clamp(20, 400);
        let columns: Vec<Column> = self.columns();
        let file = |format: &str| {
            let fields = fields.clone().without("page").without("row");
            fields.with("format", format).link("/sql/download")
        };
        html! {
            section {
                div.title {
                    h2 { "Answer" }
                    p.hint {
                        @if rows == 0 { "No rows" } @else if rows == 1 && !self.more && self.first == 0 { "1 row" }
                        @else if self.first == 0 && !self.more { (count(rows as u64)) " rows" }
                        @else { "Rows " (count(self.first as u64 + 1)) " to " (count((self.first + rows) as u64)) @if self.more { ", more follow" } }
                        " · " (self.took.as_millis()) " ms · "
                        a href=(file("csv")) download { "CSV" } " · " a href=(file("parquet")) download { "Parquet" }
                    }
                }
                @if rows == 0 {
                    p { "The query ran and found nothing." }
                } @else {
                    @if let Some(row) = fields.number("row").filter(|row| (1..=rows).contains(row)) {
                        (self.one(row - 1, &columns))
                    }
                    form method="get" action="/sql" {
                        @for (name, value) in fields.pairs().filter(|(name, _)| *name != "row") {
                            input type="hidden" name=(name) value=(value);
                        }
                        div.wide-scroll tabindex="0" role="group" aria-label="Rows of the answer" {
                            table.rows.cells {
                                thead { tr {
                                    th scope="col" { span.sr { "Row" } }
                                    @for column in &columns { th class=[column.is_number.then_some("n")] scope="col" { (column.name) } }
                                } }
                                tbody {
                                    @for row in 0..rows {
                                        tr {
                                            td { button.row name="row" value=(row + 1) title="The whole row" { (self.first + row + 1) } }
                                            @for column in &columns { (column.cell(row, most)) }
                                        }
                                    }
                                }
                            }
                        }
                    }
                    (self.turn(fields))
                }
            }
            (chart::section(&columns, rows, fields))
        }
    }

    /// Links to the pages before and behind.
    fn turn(&self, fields: &Fields) -> Markup {
        let to = |page: usize| {
            fields
                .clone()
                .without("row")
                .with("page", page)
                .link("/sql")
        };
        html! {
            @if self.page > 1 || self.more {
                nav.pager aria-label="Pages" {
                    @if self.page > 1 { a href=(to(self.page - 1)) rel="prev" { "← Previous" } }
                    span { "Page " (self.page) }
                    @if self.more && !self.last { a href=(to(self.page + 1)) rel="next" { "Next →" } }
                    @if self.more && self.last { span { "more is in the file" } }
                }
            }
        }
    }

    /// One row with the whole of its values.
    fn one(&self, row: usize, columns: &[Column]) -> Markup {
        html! {
            div.one-row {
                h3 { "Row " (self.first + row + 1) }
                dl.columns-of {
                    @for column in columns {
                        dt { code { (column.name) } }
                        dd { @match column.text(row) {
                            Some(text) => pre { (cut(&text, CELL).0) },
                            None => span.dim { "null" },
                        } }
                    }
                }
            }
        }
    }

    fn columns(&self) -> Vec<Column> {
        let schema = self.schema.fields().iter();
        schema
            .zip(self.batch.columns())
            .map(|(field, values)| Column {
                name: field.name().clone(),
                is_number: field.data_type().is_numeric(),
                is_time: field.data_type().is_temporal(),
                values: Arc::clone(values),
            })
            .collect()
    }
}

/// A column of an answer.
pub(super) struct Column {
    pub(super) name: String,
    pub(super) is_number: bool,
    pub(super) is_time: bool,
    values: ArrayRef,
}

impl Column {
    /// A value as text; none if it is null.
    pub(super) fn text(&self, row: usize) -> Option<String> {
        if self.values.is_null(row) {
            return None;
        }
        let options = FormatOptions::default();
        let shown = ArrayFormatter::try_new(&self.values, &options).ok()?;
        shown.value(row).try_to_string().ok()
    }

    /// A value as a number, if it is one.
    pub(super) fn number(&self, row: usize) -> Option<f64> {
        let one = self.values.slice(row, 1);
        let one = arrow::compute::cast(&one, &DataType::Float64).ok()?;
        let one = one.as_any().downcast_ref::<arrow::array::Float64Array>()?;
        (one.is_valid(0)).then(|| one.value(0))
    }

    fn cell(&self, row: usize, most: usize) -> Markup {
        html! {
            @match self.text(row) {
                None => td { span.dim { "null" } },
                Some(text) => {
                    @let (shown, whole) = cut(&text, most);
                    td class=[self.is_number.then_some("n")] { (shown) @if !whole { span.dim { "…" } } }
                }
            }
        }
    }
}

/// The beginning of a text, and whether that is all.
fn cut(text: &str, most: usize) -> (&str, bool) {
    match text.char_indices().nth(most) {
        Some((end, _)) => (text.get(..end).unwrap_or(text), false),
        None => (text, true),
    }
}
