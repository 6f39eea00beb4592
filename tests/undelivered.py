"""An outbox with messages in each state, and two targets that are set up."""

from datetime import timedelta

from sqlalchemy import Connection

from exact_sync.outbox_settings import OutboxSettings
from exact_sync.store import outbox
from exact_sync.store.changes import Change
from tests.deployment import DIVISION, Deployment
from tests.facts import restart
from tests.target import SECRET, TOKEN

CLOSED = "HTTP 410: <b>closed</b>"
ABOUT = {1: "items", 2: "items", 3: "contacts", 4: "journals", 5: "journals"}
"""The messages, all for the warehouse; the last one is for a target that is no longer set up, too.

1 and 5 were given up, 2 was delivered, 3 was refused and is tried again, 4 was never tried.
"""


def set_up(deployment: Deployment) -> None:
    """From now on a warehouse and a shop are told what changed."""
    section = {"url": f"https://example.com:8443/{TOKEN}", "secret": SECRET}
    settings = OutboxSettings(targets={"warehouse": section, "shop": section})  # type: ignore[dict-item]
    restart(deployment, outbox=settings)


def leave_undelivered(connection: Connection, deployment: Deployment) -> None:
    """Each a minute younger than the one before; the last one is an hour old."""
    now, minute = deployment.clock.now(), timedelta(minutes=1)
    for number, resource in ABOUT.items():
        at, division = now - (65 - number) * minute, 0 if resource == "journals" else DIVISION
        targets = ["warehouse", "removed"] if number == 5 else ["warehouse"]
        outbox.add(connection, number, division, resource, Change(inserted=1), targets, 10, at, minute)
    outbox.failed(connection, "warehouse", 1, CLOSED, now, None)
    outbox.delivered(connection, "warehouse", 2, now)
    outbox.failed(connection, "warehouse", 3, "HTTP 500", now, now + 10 * minute)
    for target in ("warehouse", "removed"):
        outbox.failed(connection, target, 5, "HTTP 404", now, None)


def undelivered(deployment: Deployment) -> None:
    """Both."""
    set_up(deployment)
    with deployment.service.database.begin() as connection:
        leave_undelivered(connection, deployment)
