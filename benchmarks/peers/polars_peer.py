"""Polars. It cannot read JSON whose keys are free: Python inflates and parses, Polars does the rest."""

import gzip
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor

if "--threads" in sys.argv:
    os.environ["POLARS_MAX_THREADS"] = sys.argv[sys.argv.index("--threads") + 1]

import polars as pl

import peer

SCHEMA = {name: pl.String for name in peer.TEXT + peer.JSON} | {name: pl.Boolean for name in peer.FLAGS}


def read(path):
    opened = gzip.open(path, "rb") if path.endswith(".gz") else open(path, "rb")
    with opened as file:
        records = json.load(file)["Records"]
    columns = {name: [record.get(name) for record in records] for name in peer.TEXT + peer.FLAGS}
    for name in peer.JSON:
        values = (record.get(name) for record in records)
        columns[name] = [None if value is None else json.dumps(value) for value in values]
    return pl.DataFrame(columns, schema=SCHEMA)


def frames(source, threads):
    """The records in frames of some files each, so that memory stays bounded."""
    files = peer.log_files(source)
    with ThreadPoolExecutor(threads) as pool:
        for begin in range(0, len(files), 64):
            yield pl.concat(pool.map(read, files[begin : begin + 64]))


def ingest(source, out, threads):
    rows = 0
    for number, frame in enumerate(frames(source, threads)):
        frame = frame.with_columns(pl.col("eventTime").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_zone="UTC"))
        frame.write_parquet(f"{out}/{number:05}.parquet", compression="zstd")
        rows += frame.height
    return rows


def principal():
    identity = pl.col("userIdentity")
    at = lambda path: identity.str.json_path_match(path)
    unless_empty = lambda text: pl.when(text != "").then(text)
    return pl.coalesce(
        unless_empty(at("$.sessionContext.sessionIssuer.arn")),
        unless_empty(at("$.arn")),
        pl.lit("arn:aws:identitystore:::user/") + at("$.onBehalfOf.userId"),
        pl.when(at("$.type").fill_null("AWSService") == "AWSService").then(at("$.invokedBy")),
        unless_empty(at("$.principalId").str.replace("^(AROA[^:]*):.*$", "$1")),
        at("$.accountId"),
    )


def raw(source, threads):
    keys = ["principal", "eventSource", "eventName", "errorCode"]
    parts = [
        frame.select(
            principal().alias("principal"), "eventSource", "eventName", pl.col("errorCode").fill_null(""), "eventID"
        )
        for frame in frames(source, threads)
    ]
    return pl.concat(parts).group_by(keys).agg(pl.col("eventID").n_unique()).rows()


def lake(files, threads):
    events = pl.scan_parquet(files)
    error = pl.col("error_code").fill_null("")

    def session(name, sql):
        # Polars speaks SQL, but its own expressions are what people use.
        if name == "group":
            plan = events.group_by("principal", "event_source", "event_name", error).len()
        elif name == "range":
            begin, end = (part.split("'")[1] for part in sql.split("event_time")[1:3])
            time = lambda text: pl.lit(text).str.to_datetime("%Y-%m-%d %H:%M:%S", time_zone="UTC")
            within = (pl.col("event_time") >= time(begin)) & (pl.col("event_time") < time(end))
            plan = events.filter(within).group_by("principal", "event_source", "event_name", error).len()
        elif name == "principal":
            plan = events.filter(pl.col("principal") == sql.split("'")[-4]).group_by("event_source", "event_name", error).len()
        elif name == "denied":
            refused = pl.col("error_code").is_in(["AccessDenied", "Client.UnauthorizedOperation"])
            keys = ["principal", "event_source", "event_name"]
            counted = events.filter(refused).group_by(keys).len()
            plan = counted.sort(["len", *keys], descending=[True, False, False, False]).head(20)
        elif name == "event_id":
            found = events.filter(pl.col("event_id") == sql.split("'")[1])
            plan = found.select("event_id", "principal", "event_source", "event_name")
        elif name == "access_key":
            plan = events.filter(pl.col("access_key_id") == sql.split("'")[1]).select(pl.len())
        elif name == "distinct":
            operation = pl.concat_str("event_source", pl.lit("/"), "event_name")
            plan = events.select(
                pl.col("principal").n_unique(),
                operation.n_unique(),
                pl.col("source_ip_address").drop_nulls().n_unique(),
            )
        return plan.collect(engine="streaming").rows()

    return session


if __name__ == "__main__":
    peer.main("Polars", pl.__version__, ingest, raw, lake)
