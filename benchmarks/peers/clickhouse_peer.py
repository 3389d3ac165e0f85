"""ClickHouse local, as the library chdb."""

import json

import chdb
from chdb.session import Session

import peer

COLUMNS = ", ".join(
    [f"`{name}` Nullable(String)" for name in peer.TEXT + peer.JSON] + [f"`{name}` Nullable(Bool)" for name in peer.FLAGS]
)

IDENTITY = "ifNull(userIdentity, '{}')"
PRINCIPAL = f"""coalesce(
    nullIf(JSONExtractString({IDENTITY}, 'sessionContext', 'sessionIssuer', 'arn'), ''),
    nullIf(JSONExtractString({IDENTITY}, 'arn'), ''),
    if(JSONHas({IDENTITY}, 'onBehalfOf'), concat('arn:aws:identitystore:::user/', JSONExtractString({IDENTITY}, 'onBehalfOf', 'userId')), NULL),
    if(JSONExtractString({IDENTITY}, 'type') IN ('', 'AWSService'), JSONExtractString({IDENTITY}, 'invokedBy'), NULL),
    nullIf(replaceRegexpOne(JSONExtractString({IDENTITY}, 'principalId'), '^(AROA[^:]*):.*$', '\\\\1'), ''),
    JSONExtractString({IDENTITY}, 'accountId')
)"""


def connect(threads):
    session = Session()
    session.query(f"SET max_threads = {threads}")
    session.query("SET session_timezone = 'UTC'")
    session.query("SET input_format_json_read_objects_as_strings = 1, input_format_skip_unknown_fields = 1")
    session.query("SET max_memory_usage = 0")
    return session


def rows(session, sql):
    text = str(session.query(sql, "JSONCompactEachRow"))
    return [
        [int(cell) if isinstance(cell, str) and cell.isdigit() and i == len(row) - 1 else cell for i, cell in enumerate(row)]
        for row in map(json.loads, text.splitlines())
    ]


def records(source):
    """The records of all files, with their fields as columns."""
    names = ", ".join(f"r.`{name}` AS `{name}`" for name in peer.TEXT + peer.FLAGS + peer.JSON)
    return f"""(
        SELECT {names} FROM (
            SELECT arrayJoin(Records) AS r
            FROM file('{source}/**/*.json*', 'JSONEachRow', 'Records Array(Tuple({COLUMNS}))')
        )
    )"""


def ingest(source, out, threads):
    session = connect(threads)
    session.query(
        f"""INSERT INTO FUNCTION file('{out}/events.parquet', 'Parquet')
        SELECT * REPLACE (parseDateTimeBestEffortOrNull(eventTime) AS eventTime) FROM {records(source)}
        SETTINGS output_format_parquet_compression_method = 'zstd'"""
    )
    return rows(session, f"SELECT count(*) FROM file('{out}/events.parquet', 'Parquet')")[0][0]


def raw(source, threads):
    session = connect(threads)
    return rows(
        session,
        f"""SELECT {PRINCIPAL} AS principal, eventSource, eventName, ifNull(errorCode, '') AS error, toString(uniqExact(eventID))
        FROM {records(source)} GROUP BY principal, eventSource, eventName, error""",
    )


def lake(files, threads):
    session = connect(threads)
    session.query("CREATE DATABASE IF NOT EXISTS bench")
    # Alternatives in braces are names: a slash in them finds nothing.
    folders = {}
    for file in files:
        folder, name = file.rsplit("/", 1)
        folders.setdefault(folder, []).append(name)
    parts = [
        f"SELECT * FROM file('{folder}/{names[0] if len(names) == 1 else '{' + ','.join(names) + '}'}', 'Parquet')"
        for folder, names in folders.items()
    ]
    session.query(f"CREATE VIEW bench.events AS {' UNION ALL '.join(parts)}")
    session.query("SET output_format_json_quote_64bit_integers = 0")
    return lambda name, sql: rows(session, sql.replace("FROM events", "FROM bench.events"))


if __name__ == "__main__":
    peer.main("ClickHouse (chdb)", chdb.__version__, ingest, raw, lake)
