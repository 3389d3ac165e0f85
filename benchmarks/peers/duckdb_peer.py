"""DuckDB, as a library."""

import duckdb

import peer

COLUMNS = ", ".join(
    [f'"{name}" VARCHAR' for name in peer.TEXT]
    + [f'"{name}" BOOLEAN' for name in peer.FLAGS]
    + [f'"{name}" JSON' for name in peer.JSON]
)

PRINCIPAL = """coalesce(
    nullif(i ->> '$.sessionContext.sessionIssuer.arn', ''),
    nullif(i ->> '$.arn', ''),
    'arn:aws:identitystore:::user/' || (i ->> '$.onBehalfOf.userId'),
    CASE WHEN coalesce(i ->> '$.type', 'AWSService') = 'AWSService' THEN i ->> '$.invokedBy' END,
    nullif(regexp_replace(i ->> '$.principalId', '^(AROA[^:]*):.*$', '\\1'), ''),
    i ->> '$.accountId'
)"""


def connect(threads):
    connection = duckdb.connect()
    connection.execute(f"SET threads = {threads}")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET preserve_insertion_order = false")
    return connection


def records(source):
    """The records of all files, with their fields as columns."""
    return f"""(
        SELECT unnest(r) FROM (
            SELECT unnest("Records") AS r
            FROM read_json('{source}/**/*.json*', format = 'unstructured', maximum_object_size = 268435456,
                columns = {{Records: 'STRUCT({COLUMNS})[]'}})
        )
    )"""


def ingest(source, out, threads):
    connection = connect(threads)
    connection.execute(
        f"""COPY (SELECT * REPLACE (CAST("eventTime" AS TIMESTAMP) AS "eventTime") FROM {records(source)})
        TO '{out}/events.parquet' (FORMAT parquet, COMPRESSION zstd)"""
    )
    return connection.execute(f"SELECT count(*) FROM '{out}/events.parquet'").fetchone()[0]


def raw(source, threads):
    return connect(threads).execute(
        f"""SELECT {PRINCIPAL}, "eventSource", "eventName", coalesce("errorCode", ''), count(DISTINCT "eventID")
        FROM (SELECT *, "userIdentity" AS i FROM {records(source)}) GROUP BY ALL"""
    ).fetchall()


def lake(files, threads):
    connection = connect(threads)
    connection.execute("SET parquet_metadata_cache = true")
    connection.execute(f"CREATE VIEW events AS SELECT * FROM read_parquet({files!r})")
    return lambda name, sql: connection.execute(sql).fetchall()


if __name__ == "__main__":
    peer.main("DuckDB", duckdb.__version__, ingest, raw, lake)
