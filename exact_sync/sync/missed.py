"""What date windows missed: an entry may have moved into one that was read before its own.

So before anything counts as gone, Exact is asked for it by its key.
"""

import contextlib
from functools import partial
from itertools import islice

from exact_sync.errors import Refused, Unavailable
from exact_sync.sync import sweep
from exact_sync.sync.questions import Questions
from exact_sync.sync.task import Task
from exact_sync.sync.window_counts import Gone

_MOST_CALLS = 5
"""Few move at a time. Of more that is missed, what moved comes with the changes of the next run."""


def ask_for(task: Task, questions: Questions, gone: Gone) -> None:
    """Bring what exists of that which seems to be gone, here and in quarantine."""
    name, aside = task.resource.key, sorted(gone.over.difference(gone.rejected))
    keys = [key for missed in gone.keys.values() for key in missed]
    keys += [key for text in aside if (key := task.shaper.value(name, {name: text})) is not None]
    with contextlib.suppress(Refused, Unavailable):  # then there is only the windows' word
        for part in islice(sweep.parts(task, questions, keys), _MOST_CALLS):
            for page in questions.pages(partial(questions.by_key, part)):
                batch = task.intake.wanted(page)
                gone.came(batch)
                task.keep(batch)
