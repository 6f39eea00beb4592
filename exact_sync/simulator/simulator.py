"""The simulator as one object: start it, steer it, read what happened."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self

from exact_sync.simulator.books import Books
from exact_sync.simulator.clock import Clock
from exact_sync.simulator.faults import Faults
from exact_sync.simulator.limits import Limits
from exact_sync.simulator.oauth import OAuth
from exact_sync.simulator.rights import Rights
from exact_sync.simulator.server import Server
from exact_sync.simulator.stats import Stats
from exact_sync.simulator.webhooks import Webhooks

CLIENT_ID = "7f3c5d1e-52a1-4c11-9d0e-51a101a70000"
CLIENT_SECRET = "simulator-secret"  # noqa: S105 - opens nothing but this
WEBHOOK_SECRET = "simulator-webhook-secret"  # noqa: S105 - the same


class Simulator:
    """A strict little Exact Online on a real port.

    Switches that may be turned while it runs: `latency` (seconds per call), `gzip`,
    `mandatory_filter`, `largest_answer`, `too_large_status`, `current_division`; `limits.minute_limit`,
    `.day_limit`, `.error_limit`, `.connection_day_limit`, `.blocked_status`;
    `oauth.granted`, `.early_status`, `.auto_consent`, `.revoke()`, `.steal()`, `.sign_in()`;
    `rights.hide(path, division)`, `.forbid(…)`, `.give_back(…)`;
    `webhooks.over_http`, `.may_manage`, `webhooks.courier.lose`, `.repeat`, `.delay`.
    """

    def __init__(
        self,
        books: Books | None = None,
        *,
        clock: Clock | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        client_id: str = CLIENT_ID,
        client_secret: str = CLIENT_SECRET,
        redirect_uris: list[str] | None = None,
        auto_consent: bool = True,
        minute_limit: int = 60,
        day_limit: int = 5000,
        error_limit: int = 10,
        connection_day_limit: int | None = None,
        latency: float = 0.0,
        webhook_secret: str = WEBHOOK_SECRET,
        webhooks_over_http: bool = False,
    ) -> None:
        """`books` and `clock` belong together: without a clock, the books' own is used.

        `redirect_uris`: the registered ones, to the letter; None allows any loopback address.
        `webhooks_over_http`: loopback addresses may be called without TLS, which Exact would not do.
        """
        if books is None:
            books = Books(clock)
        elif clock is not None:
            books.clock = clock
        self.books = books
        self.host = host
        self.port = port
        self.client_id = client_id
        self.client_secret = client_secret
        self.latency = latency
        self.gzip = False
        self.mandatory_filter = False
        self.largest_answer = 38 * 1024 * 1024
        """Bytes; 9.5 MB outside the Netherlands and Belgium."""
        self.too_large_status = 400
        """What is answered instead. That is not known; it might be 413 or 500 as well."""
        self.stats = Stats()
        self.faults = Faults()
        self.rights = Rights()
        self.limits = Limits(
            books.clock,
            minute_limit=minute_limit,
            day_limit=day_limit,
            error_limit=error_limit,
            connection_day_limit=connection_day_limit,
        )
        self.oauth = OAuth(
            books,
            books.clock,
            self.stats,
            client_id=client_id,
            client_secret=client_secret,
            redirect_uris=redirect_uris,
            auto_consent=auto_consent,
        )
        self.webhooks = Webhooks(
            books, client_id=client_id, secret=webhook_secret, over_http=webhooks_over_http
        )
        self._current: int | None = None
        self._server: Server | None = None

    @property
    def clock(self) -> Clock:
        return self.books.clock

    @property
    def base_url(self) -> str:
        """Without a slash at the end. Known once started."""
        host = "127.0.0.1" if self.host in ("", "0.0.0.0") else self.host
        return f"http://{host}:{self.port}"

    @property
    def current_division(self) -> int | None:
        """What current/Me says: the division the user has open; by default the first active one."""
        if self._current is not None:
            return self._current
        active = (code for code in self.oauth.divisions() if self.books.division(code)["Status"] == 1)
        return next(active, None)

    @current_division.setter
    def current_division(self, code: int | None) -> None:
        self._current = code

    def start(self) -> Self:
        """Listen, in a thread of its own. A stopped simulator starts again on the same port."""
        if self._server is not None:
            return self
        server = Server((self.host, self.port), self)
        self.port = server.server_address[1]
        self._server = server
        self.webhooks.courier.open()
        threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.02}, name="simulator", daemon=True
        ).start()
        return self

    def stop(self) -> None:
        """Stop listening and cut every connection; books, tokens and counts stay."""
        if self._server is not None:
            self._server.close()
            self._server = None
            self.webhooks.courier.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
