"""dlt fed by hand with an Arrow table for each page, which spares it its own normalizing."""

from collections.abc import Iterator
from typing import Any

import dlt
import orjson
import pyarrow
import requests

from bench.peers.dlt_rest import columns, pipeline
from bench.stopwatch import job, measured

TYPES = {
    "text": pyarrow.string(),
    "bool": pyarrow.bool_(),
    "double": pyarrow.float64(),
    "bigint": pyarrow.int64(),
}


def main(wanted: dict[str, Any]) -> None:
    schema = pyarrow.schema(
        [
            pyarrow.field(name, TYPES[hint["data_type"]], hint["nullable"])
            for name, hint in columns(wanted).items()
        ]
    )

    def tables() -> Iterator[pyarrow.Table]:
        session, link = requests.Session(), wanted["base_url"]
        while link:
            content = orjson.loads(session.get(link).content)["d"]
            yield pyarrow.Table.from_pylist(content["results"], schema=schema)
            link = content.get("__next")

    resource = dlt.resource(
        tables,
        name=wanted["subject"],
        primary_key=wanted["key"],
        write_disposition={"disposition": "merge", "strategy": "upsert"},
    )
    run = pipeline(wanted)
    with measured(wanted["name"], wanted["rows"], wanted["postmaster"]):
        run.run(resource, loader_file_format="csv")


if __name__ == "__main__":
    main(job())
