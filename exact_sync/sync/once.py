"""The one-shot: everything that was asked for, once, then an exit code."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from exact_sync.catalog import DIVISIONS, Resource
from exact_sync.sync.audience import Audience
from exact_sync.sync.crew import Crew
from exact_sync.sync.line import job
from exact_sync.sync.outcome import Outcome, failure
from exact_sync.sync.task import CONNECTION_WIDE

if TYPE_CHECKING:
    from exact_sync.sync.verify import Checks

_WORKED = ("ok", "unavailable", "quarantine", "verified", "differs")
_LOOK_EVERY = 5.0
"""Seconds between looks at whether the work is still ours."""


class _Recorder:
    """Passes everything on to an audience and keeps the outcomes."""

    def __init__(self, audience: Audience) -> None:
        self.outcomes: list[Outcome] = []
        self.begins = audience.begins
        self.page = audience.page
        self._ends = audience.ends

    def ends(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self._ends(outcome)


def sync_once(
    crew: Crew,
    resources: Sequence[Resource],
    codes: Sequence[int],
    audience: Audience,
    *,
    full: bool = False,
    insist: bool = False,
    again: bool = False,
    checks: "Checks | None" = None,
) -> list[Outcome]:
    """Run (or, with ``checks``, verify) resources of divisions, several divisions at a time.

    Raises only what concerns all of them: WorkHeld, SignInNeeded, DatabaseAway, BadConfiguration.
    """
    if checks is None:  # comparing goes beside a daemon too: division by division
        crew.take_over(alone=False)
    try:
        crew.check_signed_in()
        began = crew.moment()
        recorder = _Recorder(audience)
        is_paused = not insist and (CONNECTION_WIDE, DIVISIONS.name) in crew.paused()
        if (DIVISIONS in resources and not is_paused) or not crew.has_divisions(codes):
            crew.read_divisions(recorder, full=full, since=began)
        others = [resource for resource in resources if resource.per_division]
        if others:
            _sync_divisions(
                crew, others, codes, recorder, began, full=full, insist=insist, again=again, checks=checks
            )
        return recorder.outcomes
    finally:
        crew.lock.free()


def _sync_divisions(
    crew: Crew,
    resources: Sequence[Resource],
    codes: Sequence[int],
    recorder: _Recorder,
    began: datetime,
    *,
    full: bool,
    insist: bool,
    again: bool,
    checks: "Checks | None",
) -> None:
    if not crew.has_divisions():
        return  # reading them failed, and that outcome says why
    selection = crew.selection(codes, insist=full)
    for code, error in selection.failures.items():
        recorder.ends(failure(code, "", error))
    pool = crew.pool(recorder, since=began)
    standings, paused = crew.standings(), crew.paused()
    try:
        for code in selection.divisions:
            for resource in resources:
                if not insist and (code, resource.name) in paused:
                    continue
                standing = standings.get((code, resource.name))
                pool.add(
                    job(
                        code, resource, standing, full=full, insist=insist or full, again=again, checks=checks
                    )
                )
        del standings
        while not pool.wait(_LOOK_EVERY):
            crew.keep_lock()
            crew.paused()  # what is under way gives way to a new pause
    finally:
        pool.close(timeout=8)


def exit_code(outcomes: Sequence[Outcome]) -> int:
    """The contract's rule for several causes: 3 where nothing could be done without signing in,
    else 1 where anything needs a person, else 4.
    """
    codes = {outcome.exit_code for outcome in outcomes} - {0}
    worked = any(outcome.status in _WORKED for outcome in outcomes)
    if not codes:
        return 0
    if 3 in codes and not worked:
        return 3
    if codes == {2}:
        return 2
    return 1 if codes != {4} else 4
