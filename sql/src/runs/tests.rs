//! With runs and without them, answers must be the same.
#![expect(clippy::unwrap_used, reason = "tests")]

use arrow::array::{Int64Array, RecordBatch, StringViewArray, TimestampMicrosecondArray};
use arrow::util::pretty::pretty_format_batches;
use datafusion::datasource::MemTable;
use datafusion::execution::SessionStateBuilder;
use datafusion::physical_plan::displayable;
use datafusion::prelude::{SessionConfig, SessionContext};
use proptest::prelude::*;

use super::*;

/// Who, what, when and how often.
type Row = (Option<String>, String, Option<i64>, Option<i64>);

/// Rows of which many are like the one before, in parts.
fn parts() -> impl Strategy<Value = Vec<Vec<Row>>> {
    let who = prop::option::of("(arn:aws:iam::111122223333:role/)?[ab]?");
    let what = "(a long name of an operation, )?[xyz]";
    let number = prop::option::weighted(0.8, any::<i64>());
    let time = prop::option::weighted(0.8, -1_000_000..1_000_000_i64);
    let row = (who, what, time, number);
    let run = (row, 1..5_usize).prop_map(|(row, times)| vec![row; times]);
    let part = prop::collection::vec(run, 1..20).prop_map(|runs| runs.concat());
    prop::collection::vec(part, 1..4)
}

fn batch(rows: &[Row]) -> RecordBatch {
    let who: StringViewArray = rows.iter().map(|row| row.0.as_deref()).collect();
    let what: StringViewArray = rows.iter().map(|row| Some(&row.1)).collect();
    let time: TimestampMicrosecondArray = rows.iter().map(|row| row.2).collect();
    let number: Int64Array = rows.iter().map(|row| row.3).collect();
    RecordBatch::try_from_iter_with_nullable([
        ("who", Arc::new(who) as _, true),
        ("what", Arc::new(what) as _, true),
        ("time", Arc::new(time.with_timezone("UTC")) as _, true),
        ("number", Arc::new(number) as _, true),
    ])
    .unwrap()
}

fn context(parts: &[Vec<Row>], by_runs: bool) -> SessionContext {
    let mut state = SessionStateBuilder::new()
        .with_config(SessionConfig::new().with_target_partitions(2))
        .with_default_features();
    if by_runs {
        state = state.with_physical_optimizer_rule(Arc::new(GroupByRuns));
    }
    let ctx = SessionContext::new_with_state(state.build());
    let parts: Vec<Vec<RecordBatch>> = parts.iter().map(|part| vec![batch(part)]).collect();
    let schema = parts.first().unwrap().first().unwrap().schema();
    let table = MemTable::try_new(schema, parts).unwrap();
    ctx.register_table("rows", Arc::new(table)).unwrap();
    ctx
}

/// The answer as text, its lines sorted, and whether runs were made for it.
fn answer(ctx: &SessionContext, query: &str) -> (Vec<String>, bool) {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(async {
        let plan = ctx.sql(query).await.unwrap();
        let physical = plan.clone().create_physical_plan().await.unwrap();
        let shown = displayable(physical.as_ref()).indent(false).to_string();
        let batches = plan.collect().await.unwrap();
        let text = pretty_format_batches(&batches).unwrap().to_string();
        let mut lines: Vec<String> = text.lines().map(ToOwned::to_owned).collect();
        lines.sort_unstable();
        (lines, shown.contains("RunsExec"))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn groups_by_runs_are_the_same_groups(parts in parts()) {
        let (plain, by_runs) = (context(&parts, false), context(&parts, true));
        for (query, has_runs) in [
            ("SELECT who, what, count(*) FROM rows GROUP BY who, what", true),
            ("SELECT who, count(time), count(1), sum(number), min(time), max(time) FROM rows GROUP BY who", true),
            ("SELECT coalesce(who, '') || 'x' AS w, number, count(*) FROM rows GROUP BY w, number", true),
            ("SELECT what, count(*) FROM rows WHERE number > 0 GROUP BY what", true),
            ("SELECT DISTINCT who, what FROM rows", true),
            ("SELECT time, what, count(*) FROM rows GROUP BY time, what ORDER BY what, time", true),
            ("SELECT who, count(DISTINCT what) FROM rows GROUP BY who", true),
            ("SELECT count(DISTINCT who), count(DISTINCT what || 'x'), min(number) FROM rows", true),
            ("SELECT what, count(DISTINCT who), max(time) FROM rows GROUP BY what", true),
            ("SELECT what, min(number), min(who) FROM rows GROUP BY what", true),
            ("SELECT date_trunc('second', time) AS t, count(*) FROM rows GROUP BY t", true),
            // What runs cannot do.
            ("SELECT what, avg(number) FROM rows GROUP BY what", false),
            ("SELECT what, count(*) FILTER (WHERE number > 0) FROM rows GROUP BY what", false),
            ("SELECT who, what, count(*) FROM rows GROUP BY CUBE (who, what)", false),
            ("SELECT count(*), min(time) FROM rows", false),
            ("SELECT what, array_agg(number ORDER BY number) FROM rows GROUP BY what", false),
            ("SELECT what, count(DISTINCT who), count(*) FROM rows GROUP BY what", false),
            ("SELECT round(random()) * 0 AS none, count(*) FROM rows GROUP BY none", false),
        ] {
            let (expected, none) = answer(&plain, query);
            let (found, made) = answer(&by_runs, query);
            prop_assert_eq!(expected, found, "{}", query);
            prop_assert_eq!((none, made), (false, has_runs), "{}", query);
        }
    }
}
