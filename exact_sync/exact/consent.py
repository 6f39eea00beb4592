"""A person's consent: from the page where it is given to the code that proves it."""

from collections.abc import Callable
from datetime import timedelta

from exact_sync.clock import Clock
from exact_sync.errors import BadConfiguration
from exact_sync.exact.callback import Callback
from exact_sync.exact.oauth import App, authorize_url, loopback_address, new_state, read_redirect

TIMEOUT = timedelta(minutes=10)


def consent(
    app: App,
    site: str,
    clock: Clock,
    is_stopped: Callable[[], bool],
    prepare: Callable[[], None],
    show: Callable[[str], None],
    paste: Callable[[], str] | None,
) -> str:
    """Show the URL of the consent page, wait for the redirect (or ``paste`` its URL): the code.

    ``prepare`` is called before anybody is asked to do something. Raises BadConfiguration where the
    redirect can't be waited for, SignInNeeded where it doesn't come.
    """
    state = new_state()
    url = authorize_url(site, app, state)
    if paste is not None:
        prepare()
        show(url)
        return read_redirect(paste(), state)
    address = loopback_address(app.redirect_uri)
    if address is None:
        raise BadConfiguration(
            f"the redirect URI {app.redirect_uri} is no loopback address to listen on",
            "use: exact-sync auth login --paste",
        )
    callback = Callback(address, state)
    prepare()
    show(url)
    until = clock.now() + TIMEOUT
    return callback.wait(lambda: is_stopped() or clock.now() > until)
