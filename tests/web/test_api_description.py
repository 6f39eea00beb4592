"""What Schemathesis finds in the API, against a real deployment: nothing."""

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tests.deployment import Deployment
from tests.web.desk import RecordingDesk
from tests.web.served import a_server, metrics_of, source_of
from tests.web.test_api import FULL, SETTINGS, something_of_everything

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "3"))
"""Random ones for each operation; those at the edges of what is allowed (some sixty) come on top."""

CONFIG = {
    "seed": 1,
    "headers": {"Authorization": f"Bearer {FULL.token}"},
    "generation": {"max-examples": EXAMPLES, "deterministic": True, "database": "none"},
    "phases": {"examples": {"enabled": False}, "stateful": {"enabled": False}},
}


def failures(recorder: Any) -> Iterator[str]:
    for checks in recorder.checks.values():
        for check in checks:
            if check.failure_info is not None:
                found = check.failure_info
                yield f"{recorder.label}, {check.name}: {found.failure}\n{found.code_sample}"


LOST_COUNT = "AST constructor recursion depth mismatch"
"""CPython 3.11 at times loses count of its recursions on a busy machine (python/cpython#106905)."""


def test_schemathesis_finds_nothing(deployment: Deployment) -> None:
    """Each operation, with what its description allows and with what it forbids, and all its checks."""
    import schemathesis  # takes a second, in each test process that only collects it
    from schemathesis.engine import events, from_schema

    something_of_everything(deployment)
    source = replace(source_of(deployment), desk=RecordingDesk())
    found: list[str] = []
    asked: dict[str, int] = {}
    with a_server(metrics_of(deployment), [source], SETTINGS) as client:
        url = f"{client.base_url}/api/v1/openapi.json"
        description = client.get(url)
        assert "{}" not in description.text.replace('"security":[{},', "")  # nothing is left open
        described = {
            f"{method.upper()} {path}"
            for path, methods in description.json()["paths"].items()
            for method in methods
        }
        schema = schemathesis.openapi.from_url(url, config=schemathesis.Config.from_dict(CONFIG))
        for event in from_schema(schema).execute():
            if isinstance(event, events.ScenarioFinished):
                label = event.recorder.label
                asked[label] = asked.get(label, 0) + len(event.recorder.interactions)
                found += failures(event.recorder)
            elif isinstance(event, events.NonFatalError | events.FatalError):
                found += [] if LOST_COUNT in str(event) else [str(event)]
    assert "\n\n".join(found) == ""
    assert asked.keys() == described
    assert min(asked.values()) > 10
