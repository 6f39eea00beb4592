"""A person signs in: from the page of consent to stored tokens, and who that person is."""

from collections.abc import Callable, Sequence
from datetime import datetime

import httpx

from exact_sync.clock import Clock
from exact_sync.connections import Connection
from exact_sync.errors import BadConfiguration, ExactAway
from exact_sync.exact.client import Client
from exact_sync.exact.oauth import App, TokenEndpoint, authorize_url
from exact_sync.exact.requests import Observer
from exact_sync.store.credentials import StoredSignIn


def app_of(connection: Connection) -> App:
    """The app as registered at Exact. Raises BadConfiguration where a part is not set."""
    settings = connection.settings
    secret = settings.client_secret.get_secret_value() if settings.client_secret else ""
    if not settings.client_id or not secret:
        missing = "client_id" if not settings.client_id else "client_secret"
        raise BadConfiguration(
            f"setting {connection.setting(missing)} is not set",
            f"set {connection.variable(missing)} to what the App Center shows for your app",
        )
    return App(settings.client_id, secret, settings.redirect_uri)


def with_browser(
    app: App,
    site: str,
    http: httpx.Client,
    clock: Clock,
    store: StoredSignIn,
    is_stopped: Callable[[], bool],
    prepare: Callable[[], None],
    show: Callable[[str], None],
    paste: Callable[[], str] | None,
    observer: Observer | None,
) -> None:
    """Show the URL, wait for the redirect (or for its pasted URL), store the tokens."""
    from exact_sync.exact.consent import consent  # brings an HTTP server along

    code = consent(app, site, clock, is_stopped, prepare, show, paste)
    endpoint = TokenEndpoint(http, site, app, clock, observer)
    store.sign_in_with(lambda: endpoint.exchange(code))


def who_is_it(client: Client, store: StoredSignIn, refusals: Sequence[tuple[datetime, str]] = ()) -> int:
    """Ask Exact whose sign-in this is, note it, and return the division that user has open."""
    me = client.me(refusals)
    division = me.get("CurrentDivision")
    if not isinstance(division, int):
        raise ExactAway("Exact does not say which division the user has open")
    store.describe(str(me.get("FullName") or me.get("UserName") or "unknown"), division)
    return division


class Consent:
    """Implements web.source.Consent: signing in where the server, and not a command, meets the browser."""

    def __init__(
        self,
        connection: Connection,
        clock: Clock,
        http: Callable[[], httpx.Client],
        store: Callable[[], StoredSignIn],
        client: Callable[[], Client],
        observer: Callable[[], Observer | None],
    ) -> None:
        """What is passed as a function is built by whoever first needs it."""
        self._connection = connection
        self._clock = clock
        self._http = http
        self._store = store
        self._client = client
        self._observer = observer

    @property
    def redirect_uri(self) -> str:
        return self._connection.settings.redirect_uri

    def url(self, state: str) -> str:
        return authorize_url(self._connection.settings.site, app_of(self._connection), state)

    def given(self, code: str) -> None:
        app, site = app_of(self._connection), self._connection.settings.site
        endpoint = TokenEndpoint(self._http(), site, app, self._clock, self._observer())
        self._store().sign_in_with(lambda: endpoint.exchange(code))

    def who(self) -> str:
        store = self._store()
        who_is_it(self._client(), store)
        return store.read().user_name or "unknown"
