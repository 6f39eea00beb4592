"""dlt with its REST source, tuned as its documentation says: pages of a thousand, types given, no child
tables, the normalizer's files uncompressed and loaded as CSV by COPY, merged by key with upsert.
"""

import os
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from bench.stopwatch import job, measured

os.environ |= {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "CRITICAL",
    "NORMALIZE__DATA_WRITER__DISABLE_COMPRESSION": "true",
    "DATA_WRITER__BUFFER_MAX_ITEMS": "10000",
    "NORMALIZE__WORKERS": "1",  # more only help where there are several files
}

import dlt
from dlt.sources.rest_api import rest_api_source

TYPES = {
    "String": "text", "Guid": "text", "DateTime": "text", "Boolean": "bool", "Double": "double",
    "Byte": "bigint", "Int16": "bigint", "Int32": "bigint", "Int64": "text",
}  # fmt: skip


def pipeline(wanted: dict[str, Any]) -> Any:
    return dlt.pipeline(
        pipeline_name="bench",
        pipelines_dir=wanted["folder"],
        destination=dlt.destinations.postgres(_with_host(wanted["database_url"])),
        dataset_name="peer",
    )


def _with_host(url: str) -> str:
    """dlt wants the folder of the server's socket where a host stands in a URL."""
    parts = urlsplit(url)
    folder = parse_qs(parts.query)["host"][0]
    return f"postgresql://{parts.username}:none@{quote(folder, safe='')}{parts.path}"


def columns(wanted: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {"name": name, "data_type": TYPES[edm], "nullable": name != wanted["key"]}
        for name, edm in wanted["types"].items()
    }


def main(wanted: dict[str, Any]) -> None:
    source = rest_api_source(
        {
            "client": {
                "base_url": wanted["base_url"],
                "paginator": {"type": "json_link", "next_url_path": "d.__next"},
            },
            "resource_defaults": {
                "primary_key": wanted["key"],
                "write_disposition": {"disposition": "merge", "strategy": "upsert"},
            },
            "resources": [
                {
                    "name": wanted["subject"],
                    "columns": columns(wanted),
                    "max_table_nesting": 0,
                    "processing_steps": [{"map": _without_metadata}],
                    "endpoint": {"path": wanted["subject"], "data_selector": "d.results"},
                }
            ],
        }
    )
    run = pipeline(wanted)
    with measured(wanted["name"], wanted["rows"], wanted["postmaster"]):
        run.run(source, loader_file_format="csv")


def _without_metadata(record: dict[str, Any]) -> dict[str, Any]:
    record.pop("__metadata", None)
    return record


if __name__ == "__main__":
    main(job())
