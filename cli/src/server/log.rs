//! How is told what the server does?

use std::fmt as text;

use clap::ValueEnum;
use jiff::Timestamp;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;

/// The form of the log, which goes to stderr.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    #[default]
    Text,
    /// An object a line
    Json,
}

/// Logs from now on what is as grave as `INFO`, or more; of what we stand on, warnings and more.
pub(crate) fn start_log(format: LogFormat) {
    let grave = Targets::new()
        .with_default(LevelFilter::WARN)
        .with_target(OURS, LevelFilter::INFO);
    let log = fmt::layer().with_ansi(false).with_writer(std::io::stderr);
    let log = match format {
        LogFormat::Text => log.with_target(false).boxed(),
        LogFormat::Json => log.event_format(Json).boxed(),
    };
    // Where a program that embeds this one has a log already, that one stays.
    let log = tracing_subscriber::registry().with(log.with_filter(grave));
    let _ = tracing::subscriber::set_global_default(log);
}

/// How the targets of our own crates begin.
const OURS: &str = "trailwright";

/// An event as a JSON object on a line of its own.
struct Json;

impl<S, N> FormatEvent<S, N> for Json
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        ctx: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> text::Result {
        let mut fields = Fields(Map::new());
        let mut put = |name: &str, value: String| fields.0.insert(name.to_owned(), value.into());
        put("time", Timestamp::now().to_string());
        put("level", event.metadata().level().to_string());
        put("target", event.metadata().target().to_owned());
        let spans = ctx.event_scope().into_iter().flatten();
        for span in spans.filter(|it| it.metadata().target().starts_with(OURS)) {
            let extensions = span.extensions();
            // INVARIANT: the fields of our spans are texts without spaces or quotes.
            let written = extensions.get::<FormattedFields<N>>();
            for field in written.iter().flat_map(|it| it.fields.split(' ')) {
                if let Some((name, value)) = field.split_once('=') {
                    put(name, value.trim_matches('"').to_owned());
                }
            }
        }
        event.record(&mut fields);
        writeln!(writer, "{}", Value::Object(fields.0))
    }
}

struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn text::Debug) {
        self.put(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }
}
