"""Progress bars on a terminal, however small it is and however many divisions there are."""

import io
from concurrent.futures import ThreadPoolExecutor

import click
import pytest
from rich.console import Console

from exact_sync.cli.bars import Bars
from exact_sync.cli.progress import Lines
from exact_sync.sync.outcome import Outcome, Tally


def test_only_what_is_at_work_has_a_bar_and_what_has_ended_is_a_line_above() -> None:
    """Else sixty divisions took longer to draw than to read, and nobody saw what was at work."""
    screen = io.StringIO()
    bars = Bars(Console(file=screen, force_terminal=True, width=80, height=24))
    be = bars.of("be")

    def read(division: int) -> None:
        for resource in ("journals", "gl_account_classification_mappings"):
            be.begins(division, resource)
            be.page(division, resource, 1_000)
            be.page(division, resource, 139)
            be.ends(Outcome(division, resource, "ok", Tally(records=1_139, inserted=11)))

    with bars.progress:
        bars.begins(1, "divisions")
        bars.ends(Outcome(0, "divisions", "failed", exit_code=1))
        bars.begins(1, "items")
        bars.ends(Outcome(1, "items", "verified", is_verification=True))
        be.begins(999_999, "items")
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(read, range(100_000, 100_040)))
        assert [task.description for task in bars.progress.tasks] == ["be: 999999 items"]
    shown = click.unstyle(screen.getvalue())
    lines = [line for line in shown.splitlines() if "written" in line]
    assert len(lines) == 81
    assert max(map(len, lines)) == 80
    assert "be: 100039 gl_account_classification_mappings     1,139 read        11 written" in shown
    assert "✗ 1 divisions" in shown


def test_a_note_says_which_resource_it_is_about(capsys: pytest.CaptureFixture[str]) -> None:
    """Of forty-seven runs, one left a column empty. The same in many divisions is said once."""
    Lines().summary([
        *(Outcome(division, "items", "ok", message="Exact does not know X here") for division in (1, 2)),
        Outcome(1, "journals", "suspect", message="journals of division 1: Exact has 0"),
        Outcome(1, "users", "later", message="no connection", exit_code=4),
    ])  # fmt: skip
    assert capsys.readouterr().err.splitlines() == [
        "note: items: Exact does not know X here",
        "note: journals of division 1: Exact has 0",
        "error: no connection",
    ]
