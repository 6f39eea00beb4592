"""A person signs in: from the page of consent to stored tokens, and who that person is."""

from collections.abc import Callable

import httpx

from exact_sync.clock import Clock
from exact_sync.connections import Connection
from exact_sync.errors import BadConfiguration, ExactAway
from exact_sync.exact.client import Client
from exact_sync.exact.oauth import App, TokenEndpoint
from exact_sync.exact.requests import Observer
from exact_sync.store.credentials import StoredSignIn


def app_of(connection: Connection) -> App:
    """The app as registered at Exact. Raises BadConfiguration where a part is not set."""
    settings = connection.settings
    if not settings.client_id or settings.client_secret is None:
        missing = "client_id" if not settings.client_id else "client_secret"
        raise BadConfiguration(
            f"setting {connection.setting(missing)} is not set",
            f"set {connection.variable(missing)} to what the App Center shows for your app",
        )
    return App(settings.client_id, settings.client_secret.get_secret_value(), settings.redirect_uri)


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
    store.sign_in(TokenEndpoint(http, site, app, clock, observer).exchange(code))


def who_is_it(client: Client, store: StoredSignIn) -> int:
    """Ask Exact whose sign-in this is, note it, and return the division that user has open."""
    me = client.me()
    division = me.get("CurrentDivision")
    if not isinstance(division, int):
        raise ExactAway("Exact does not say which division the user has open")
    store.describe(str(me.get("FullName") or me.get("UserName") or "unknown"), division)
    return division
