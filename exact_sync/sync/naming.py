"""Outcomes and errors that say whose they are, where there are several connections to Exact."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from exact_sync.connections import Connection
from exact_sync.errors import ExactSyncError
from exact_sync.sync.audience import Audience
from exact_sync.sync.outcome import Outcome, failure
from exact_sync.sync.task import CONNECTION_WIDE


def named_error(connection: Connection, error: ExactSyncError) -> ExactSyncError:
    """The same error, with the connection's name before it and in the commands of its hint."""
    if connection.is_alone:
        return error
    result = copy.copy(error)
    result.message = connection.label + error.message
    result.hint = connection.hint(error.hint)
    return result


@contextmanager
def errors_named(connection: Connection) -> Iterator[None]:
    """Errors that leave this say whose they are."""
    try:
        yield
    except ExactSyncError as error:
        if connection.is_alone:
            raise
        raise named_error(connection, error) from error


def named_outcome(connection: Connection, outcome: Outcome) -> Outcome:
    hint = connection.hint(outcome.hint) if outcome.hint else outcome.hint
    return outcome if connection.is_alone else replace(outcome, connection=connection.name, hint=hint)


def not_begun(connection: Connection, error: ExactSyncError) -> Outcome:
    """Of a connection that could not begin at all."""
    return named_outcome(connection, failure(CONNECTION_WIDE, "", error))


class Naming:
    """An audience that tells another one whose runs they are."""

    def __init__(self, connection: Connection, audience: Audience) -> None:
        self._connection = connection
        self._audience = audience
        self.begins, self.page = audience.begins, audience.page

    def ends(self, outcome: Outcome) -> None:
        self._audience.ends(named_outcome(self._connection, outcome))
