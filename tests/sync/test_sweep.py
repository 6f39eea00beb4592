"""How the sweep asks for what differs."""

from collections.abc import Sequence

import pytest

from exact_sync.catalog import RESOURCES
from exact_sync.sync import sweep
from exact_sync.sync.questions import Questions
from tests.deployment import DIVISION, Deployment


@pytest.mark.parametrize(
    ("name", "keys"),
    [("document_types", range(3_000)), ("currencies", ["A", "B", *("é" * 20 for _ in range(400))])],
)
def test_no_question_by_keys_is_longer_than_exact_takes_however_long_the_keys_are(
    deployment: Deployment, name: str, keys: Sequence[object]
) -> None:
    deployment.service.ready()
    task = deployment.service.opening.look(RESOURCES[name], DIVISION)
    questions = Questions(task)
    parts = list(sweep.parts(task, questions, keys))
    assert [key for part in parts for key in part] == list(keys)
    lengths = [len(questions.by_key(part).url("https://start.exactonline.co.uk", DIVISION)) for part in parts]
    assert 5_000 < max(lengths) < 6_000
    assert list(sweep.parts(task, questions, [])) == []
