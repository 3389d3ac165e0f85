"""Asks the lake with other people's readers, as `trailwright connect` tells them to.

    other_readers.py < {"files": [...], "connect": "...", "queries": [...]}

prints the answers as JSON, twice: from DuckDB's own Parquet reader over the data files, for queries of
`events`, and from the tables that the Python of `connect` opens with deltalake and pyarrow.
"""

import json
import sys

import duckdb

asked = json.load(sys.stdin)

files = duckdb.connect()
files.execute("CREATE VIEW events AS SELECT * FROM read_parquet($files)".replace(
    "$files", json.dumps(asked["files"]).replace("'", "''").replace('"', "'")))

tables = {}
exec(asked["connect"], tables)
opened = duckdb.connect()
for name in ["events", "activity"]:
    opened.register(name, tables[name])


def answer(connection, query):
    rows = connection.execute(query)
    names = [column[0] for column in rows.description]
    return [dict(zip(names, row)) for row in rows.fetchall()]


print(json.dumps({
    "duckdb": [answer(files, query) if "activity" not in query else None for query in asked["queries"]],
    "deltalake": [answer(opened, query) for query in asked["queries"]],
}))
