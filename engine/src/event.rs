//! Which columns does a CloudTrail event have in the lake?
//!
//! One table, [`COLUMNS`], says it for everybody: `ingest` fills rows by it, `sql` documents
//! them by it, and `export` writes records back by it. Reading a record into a row is
//! [`Row::from_record`], writing it back is [`Row::to_record`]; one is the other's inverse. [`rows`]
//! gives rows of columns.

mod row;
mod rows;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

pub use crate::json::Outline;
pub use row::{Cell, RecordError, Row};
pub use rows::{WrongColumn, rows};

/// Version of the table's columns. It is stored with the table and grows with any change that
/// an older reader would misread.
pub const SCHEMA_VERSION: u32 = 1;

/// Name of the table, and of its folder in a lake.
pub const TABLE: &str = "events";

/// The column by which the `events` table is partitioned: the UTC month, `2026-11`.
pub const PARTITION_COLUMN: &str = "event_month";

/// The order of rows within a file: what is asked for together lies together.
pub const SORT_COLUMNS: [&str; 4] = ["principal", "event_source", "event_name", "event_time"];

/// What a column holds, and how it goes back into a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// A JSON string.
    Text,
    /// A JSON boolean.
    Flag,
    /// An RFC 3339 time, kept in microseconds since the epoch, UTC.
    Time,
    /// Any JSON value, kept as its text without white space.
    Json,
}

/// One column of the `events` table.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// CloudTrail's own name in snake_case.
    pub name: &'static str,
    /// The key of a record that this column carries, or `None` if the value is derived.
    pub key: Option<&'static str>,
    /// What it holds.
    pub kind: ColumnKind,
    /// One line for people.
    pub doc: &'static str,
}

const fn carried(
    name: &'static str,
    key: &'static str,
    kind: ColumnKind,
    doc: &'static str,
) -> Column {
    Column {
        name,
        key: Some(key),
        kind,
        doc,
    }
}

const fn derived(name: &'static str, kind: ColumnKind, doc: &'static str) -> Column {
    Column {
        name,
        key: None,
        kind,
        doc,
    }
}

use ColumnKind::{Flag, Json, Text, Time};

/// The columns of `events`, in order.
#[rustfmt::skip]
pub const COLUMNS: &[Column] = &[
    carried("event_id", "eventID", Text, "unique id of the event; `sha256-...` of the record where AWS gave none"),
    carried("event_time", "eventTime", Time, "when the request was completed, UTC"),
    derived("principal", Text, "who acted: the role behind a session, a user, root, a service"),
    derived("principal_type", Text, "AssumedRole, IAMUser, Root, FederatedUser, AWSService, ..."),
    derived("principal_account", Text, "account of the principal"),
    carried("event_source", "eventSource", Text, "service that was called, `s3.amazonaws.com`"),
    carried("event_name", "eventName", Text, "operation, as CloudTrail names it"),
    carried("aws_region", "awsRegion", Text, "region that was called"),
    carried("recipient_account_id", "recipientAccountId", Text, "account that received this event"),
    carried("error_code", "errorCode", Text, "why the call failed; null if it did not"),
    carried("error_message", "errorMessage", Text, "the error in words"),
    carried("source_ip_address", "sourceIPAddress", Text, "where the call came from: an address or a service"),
    carried("user_agent", "userAgent", Text, "the caller's software"),
    derived("access_key_id", Text, "access key that signed the call"),
    derived("session_name", Text, "role session name, or the federated user's name"),
    derived("invoked_by", Text, "service that made the call for the principal"),
    carried("event_type", "eventType", Text, "AwsApiCall, AwsServiceEvent, AwsConsoleSignIn, ..."),
    carried("event_category", "eventCategory", Text, "Management, Data, NetworkActivity or Insight"),
    carried("read_only", "readOnly", Flag, "whether the operation only reads"),
    carried("management_event", "managementEvent", Flag, "whether it is a management event"),
    carried("event_version", "eventVersion", Text, "version of CloudTrail's record format"),
    carried("api_version", "apiVersion", Text, "version of the called API"),
    carried("request_id", "requestID", Text, "the service's own id of the request"),
    carried("shared_event_id", "sharedEventID", Text, "the same in each account's copy of one call"),
    carried("vpc_endpoint_id", "vpcEndpointId", Text, "VPC endpoint that the call went through"),
    carried("vpc_endpoint_account_id", "vpcEndpointAccountId", Text, "account of that endpoint"),
    carried("session_credential_from_console", "sessionCredentialFromConsole", Text, "`true` for a call made in the console"),
    carried("user_identity", "userIdentity", Json, "the whole identity"),
    carried("request_parameters", "requestParameters", Json, "what was asked"),
    carried("response_elements", "responseElements", Json, "what was answered, for calls that change something"),
    carried("resources", "resources", Json, "resources that the event names"),
    carried("additional_event_data", "additionalEventData", Json, "what fits nowhere else"),
    carried("service_event_details", "serviceEventDetails", Json, "details of an event that a service triggered"),
    carried("tls_details", "tlsDetails", Json, "TLS version, cipher and host name"),
    carried("insight_details", "insightDetails", Json, "details of an Insight event"),
    carried("edge_device_details", "edgeDeviceDetails", Json, "details of a Snow device"),
    carried("addendum", "addendum", Json, "why and when a late event was corrected"),
    carried("event_context", "eventContext", Json, "tags and condition keys, since event version 1.11"),
    derived("extra", Json, "what no column holds: keys unknown here, and values of another type than documented"),
    derived("null_keys", Json, "keys that the record gave as null, as a JSON array"),
    derived("log_file", Text, "file that the record came from"),
];

/// Position of the column called `name`.
pub fn column_index(name: &str) -> Option<usize> {
    static BY_NAME: LazyLock<HashMap<&'static str, usize>> = LazyLock::new(|| {
        COLUMNS
            .iter()
            .enumerate()
            .map(|(i, c)| (c.name, i))
            .collect()
    });
    BY_NAME.get(name).copied()
}

/// Position of the column called `name`, which must be one of [`COLUMNS`]: a wrong name does not
/// compile where this is a constant.
#[expect(clippy::indexing_slicing, reason = "a wrong index does not compile")]
const fn place(name: &str) -> usize {
    let name = name.as_bytes();
    let mut column = 0;
    loop {
        let other = COLUMNS[column].name.as_bytes();
        let mut same = name.len() == other.len();
        let mut i = 0;
        while same && i < name.len() {
            same = name[i] == other[i];
            i += 1;
        }
        if same {
            return column;
        }
        column += 1;
    }
}

/// A key of records that a column carries.
#[derive(Clone)]
struct Key {
    key: &'static str,
    end: u64,
    column: usize,
}

/// Position of the column that carries the record's `key`.
fn column_of_key(key: &str) -> Option<usize> {
    /// Keys by their length, of which few are the same.
    static BY_LENGTH: LazyLock<Vec<Vec<Key>>> = LazyLock::new(|| {
        let mut keys = Vec::new();
        for (column, Column { key, .. }) in COLUMNS.iter().enumerate() {
            if let Some(key) = *key {
                let least = keys.len().max(key.len() + 1);
                keys.resize(least, Vec::new());
                let end = end(key);
                if let Some(same) = keys.get_mut(key.len()) {
                    same.push(Key { key, end, column });
                }
            }
        }
        keys
    });
    let end = end(key);
    let mut same = BY_LENGTH.get(key.len())?.iter();
    let found = same.find(|known| known.end == end && known.key == key)?;
    Some(found.column)
}

/// The last signs of a key as a number: quicker to compare than texts, and rarely the same.
fn end(key: &str) -> u64 {
    key.as_bytes()
        .last_chunk()
        .map_or(0, |end| u64::from_ne_bytes(*end))
}

/// Schema of a data file of `events`: every column but the partition's, which is in the path.
pub fn file_schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        let fields: Vec<Field> = COLUMNS
            .iter()
            .map(|column| Field::new(column.name, arrow_type(column.kind), true))
            .collect();
        Arc::new(Schema::new(fields))
    });
    Arc::clone(&SCHEMA)
}

/// Schema of the `events` table, the partition column last.
pub fn table_schema() -> SchemaRef {
    let mut fields: Vec<Arc<Field>> = file_schema().fields().iter().cloned().collect();
    fields.push(Arc::new(Field::new(PARTITION_COLUMN, DataType::Utf8, true)));
    Arc::new(Schema::new(fields))
}

fn arrow_type(kind: ColumnKind) -> DataType {
    match kind {
        Text | Json => DataType::Utf8,
        Flag => DataType::Boolean,
        Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_and_key_is_named_once() {
        let names: std::collections::HashSet<_> = COLUMNS.iter().map(|c| c.name).collect();
        let keys: std::collections::HashSet<_> = COLUMNS.iter().filter_map(|c| c.key).collect();
        assert_eq!(names.len(), COLUMNS.len());
        assert_eq!(
            keys.len(),
            COLUMNS.iter().filter(|c| c.key.is_some()).count()
        );
    }

    #[test]
    fn the_sort_columns_exist() {
        for name in SORT_COLUMNS {
            assert!(column_index(name).is_some(), "{name}");
        }
    }
}
