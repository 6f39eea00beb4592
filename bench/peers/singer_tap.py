"""A small tap on Meltano's SDK: one stream, its records as Exact sends them."""

from typing import Any
from urllib.parse import urlsplit

from singer_sdk import RESTStream, Tap
from singer_sdk import typing as th
from singer_sdk.pagination import BaseHATEOASPaginator

from bench.stopwatch import job

TYPES = {
    "Boolean": th.BooleanType, "Double": th.NumberType, "Byte": th.IntegerType, "Int16": th.IntegerType,
    "Int32": th.IntegerType,
}  # fmt: skip


class Links(BaseHATEOASPaginator):
    def get_next_url(self, response: Any) -> str | None:
        return response.json()["d"].get("__next")


class Records(RESTStream):
    name = "records"
    url_base = ""
    path = ""
    records_jsonpath = "$.d.results[*]"

    @property
    def url_base(self) -> str:  # noqa: F811
        return self.config["base_url"]

    def get_new_paginator(self) -> Links:
        return Links()

    def get_url(self, context: Any) -> str:
        return self.config["base_url"]

    def prepare_request(self, context: Any, next_page_token: Any) -> Any:
        request = super().prepare_request(context, None)
        if next_page_token is not None:
            request.url = next_page_token.geturl()
        return request

    def post_process(self, row: dict[str, Any], context: Any = None) -> dict[str, Any]:
        row.pop("__metadata", None)
        return row


class TapBench(Tap):
    name = "tap-bench"
    config_jsonschema = th.PropertiesList(th.Property("base_url", th.StringType)).to_dict()

    def discover_streams(self) -> list[RESTStream]:
        wanted = job()
        properties = [
            th.Property(name, TYPES.get(edm, th.StringType)()) for name, edm in wanted["types"].items()
        ]
        stream = Records(self, schema=th.PropertiesList(*properties).to_dict(), name=wanted["subject"])
        stream.primary_keys = [wanted["key"]]
        return [stream]


if __name__ == "__main__":
    wanted = job()
    assert urlsplit(wanted["base_url"]).hostname == "127.0.0.1"
    TapBench(config={"base_url": wanted["base_url"]}, parse_env_config=False).sync_all()
