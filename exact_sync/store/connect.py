"""The configured database, or the embedded one."""

import contextlib
from collections.abc import Iterator

from exact_sync import logs
from exact_sync.clock import Clock, SystemClock
from exact_sync.config import Settings
from exact_sync.store.database import Database
from exact_sync.store.embedded import Embedded


@contextlib.contextmanager
def open_database(
    settings: Settings, clock: Clock | None = None, name: str = "exact-sync", *, connections: int = 1
) -> Iterator[Database]:
    """The database that the settings name; without one, an embedded server that ends with this.

    ``connections``: how many connections to Exact share it.
    """
    with contextlib.ExitStack() as stack:
        if settings.database_url is not None:
            url = settings.database_url.get_secret_value()
        else:
            embedded = Embedded(settings.data_dir / "postgres")
            stack.callback(embedded.close)
            url = embedded.url
        database = Database(
            url, clock or SystemClock(), name=name, connections=connections * (settings.workers + 4)
        )
        logs.hide(database.url.password)
        stack.callback(database.close)
        yield database
