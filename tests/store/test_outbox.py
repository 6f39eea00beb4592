"""The outbox: a message is sent when its run adds no more to it, and never changes after that."""

from datetime import timedelta

from exact_sync.store import outbox
from exact_sync.store.changes import Change
from exact_sync.store.database import Database
from tests.deployment import START

OPEN = timedelta(seconds=10)


def test_what_a_run_may_still_add_to_is_not_sent(database: Database) -> None:
    def told(after: timedelta) -> dict[str, int]:
        found = outbox.due(connection, "shop", START + after, 10)
        return {message.resource: message.change.inserted for message in found}

    with database.begin() as connection:
        for run, name in ((1, "items"), (1, "items"), (2, "contacts")):
            outbox.add(connection, run, 7, name, Change(inserted=1), ["shop"], 10, START, OPEN)
        outbox.close(connection, 2)
        assert told(OPEN / 2) == {"contacts": 1}
        assert told(OPEN) == {"contacts": 1, "items": 2}
