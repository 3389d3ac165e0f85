//! How is an answer shown: how wide, how many rows, in color?

use std::io::{IsTerminal, Write};

use datafusion::execution::SendableRecordBatchStream;
use indicatif::HumanCount;
use miette::Result;
use terminal_size::{Width, terminal_size};

use super::{Output, Written};
use crate::report;

/// Rows of a table that are gathered at most: more than anybody reads.
const TABLE_ROWS: usize = 10_000;

/// How an answer is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Form {
    /// Columns of the terminal; none where the answer goes elsewhere.
    pub(crate) width: Option<u16>,
    /// Rows of a table.
    pub(crate) rows: usize,
    pub(crate) color: bool,
}

impl Form {
    /// For whatever stdout is.
    pub(crate) fn of_stdout() -> Self {
        let terminal = std::io::stdout().is_terminal();
        Self {
            width: terminal_width().filter(|_| terminal),
            rows: TABLE_ROWS,
            color: terminal && color_is_welcome(),
        }
    }

    /// For a file.
    pub(crate) fn of_file() -> Self {
        Self {
            width: None,
            rows: TABLE_ROWS,
            color: false,
        }
    }

    pub(crate) async fn write(
        &self,
        output: Output,
        answer: SendableRecordBatchStream,
        out: &mut (dyn Write + Send),
    ) -> Result<Written> {
        output.write_to(self, answer, out).await
    }
}

/// Says that a table does not show everything.
pub(crate) fn tell_of_more(written: Written) {
    if written.cut {
        let rows = HumanCount(written.rows as u64);
        report::say(&format!(
            "there are more than these {rows} rows: --output csv writes them all\n"
        ));
    }
}

fn terminal_width() -> Option<u16> {
    terminal_size()
        .map(|(Width(width), _)| width)
        .filter(|width| *width > 0)
}

/// Whether nobody said that there should be no color, by the convention of `NO_COLOR`.
pub(crate) fn color_is_welcome() -> bool {
    let said = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    said("NO_COLOR").is_none() && said("TERM").is_none_or(|term| term != "dumb")
}
