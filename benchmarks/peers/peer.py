"""What all peers share: arguments, the clock, the answer.

A peer is a module with a function for each task it knows:

    ingest(files, out, threads)        CloudTrail files to Parquet, returns the number of rows
    raw(files, threads)                group the files themselves, returns rows
    lake(files, sql, threads)          run a query on Parquet, returns a function that runs it once

It prints one line of JSON: seconds of each repetition, memory at its highest, and the answer.
"""

import argparse
import json
import os
import shutil
import time


def main(name, version, ingest=None, raw=None, lake=None):
    parser = argparse.ArgumentParser()
    parser.add_argument("task", choices=["version", "ingest", "raw", "query"])
    parser.add_argument("--source", help="folder of CloudTrail files")
    parser.add_argument("--out", help="folder for Parquet")
    parser.add_argument("--parquet", help="file with the paths of Parquet files, one a line")
    parser.add_argument("--query", action="append", default=[], help="NAME=SQL, repeatable")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    args = parser.parse_args()

    report = {"engine": name, "version": version}
    if args.task == "ingest":
        os.makedirs(args.out, exist_ok=True)
        started = time.perf_counter()
        rows = ingest(args.source, args.out, args.threads)
        report["seconds"] = [time.perf_counter() - started]
        report["answer"] = [[rows]]
        report["bytes"] = sum(
            os.path.getsize(os.path.join(folder, file))
            for folder, _, files in os.walk(args.out)
            for file in files
        )
        shutil.rmtree(args.out)
    elif args.task == "raw":
        started = time.perf_counter()
        rows = raw(args.source, args.threads)
        report["seconds"] = [time.perf_counter() - started]
        report["answer"] = clean(rows)
    elif args.task == "query":
        with open(args.parquet) as listed:
            files = [line.strip() for line in listed if line.strip()]
        session = lake(files, args.threads)
        report["queries"] = {}
        for query in args.query:
            name, sql = query.split("=", 1)
            seconds, rows = [], None
            for _ in range(args.repeat):
                started = time.perf_counter()
                rows = session(name, sql)
                seconds.append(time.perf_counter() - started)
            report["queries"][name] = {"seconds": seconds, "answer": clean(rows)}
    report["memory"] = memory()
    print(json.dumps(report))


def clean(rows):
    """Rows of texts and whole numbers, in order."""
    cells = [[cell if isinstance(cell, int) else str(cell or "") for cell in row] for row in rows]
    return sorted(cells, key=lambda row: [str(cell) for cell in row])


def memory():
    """The most memory that this process has had, in bytes."""
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return None


def log_files(source):
    """The log files below a folder."""
    return sorted(
        os.path.join(folder, file)
        for folder, _, files in os.walk(source)
        for file in files
        if file.endswith((".json.gz", ".json"))
    )


# Fields of a record that are kept, and those of them that are JSON.
TEXT = [
    "eventID", "eventTime", "eventSource", "eventName", "awsRegion", "recipientAccountId", "errorCode",
    "errorMessage", "sourceIPAddress", "userAgent", "eventType", "eventCategory", "eventVersion", "apiVersion",
    "requestID", "sharedEventID", "vpcEndpointId", "sessionCredentialFromConsole",
]
FLAGS = ["readOnly", "managementEvent"]
JSON = [
    "userIdentity", "requestParameters", "responseElements", "resources", "additionalEventData",
    "serviceEventDetails", "tlsDetails",
]
