"""``exact-sync auth``: sign in at Exact, and see who is."""

import json
import sys
from collections.abc import Callable
from datetime import timedelta

import click

from exact_sync.cli.options import Options

REFRESH_TOKEN_LIFE = timedelta(days=30)


@click.group()
def auth() -> None:
    """Sign in at Exact Online, and see who is signed in."""


@auth.command()
@click.option("--paste", is_flag=True, help="No listener: paste the URL the browser was sent to.")
@click.pass_obj
def login(options: Options, paste: bool) -> None:
    """Sign in with the browser. Prints the URL to open on a line of its own."""
    with options.service("exact-sync auth") as service:

        def show(url: str) -> None:
            click.echo("Open this page in a browser, sign in and give consent:", err=True)
            click.echo(url)
            if paste:
                click.echo("Then paste the URL the browser was sent to (or only its code):", err=True)
            else:
                click.echo(f"Waiting for the answer at {service.settings.redirect_uri} …", err=True)

        read: Callable[[], str] | None = _pasted if paste else None
        name = service.sign_in_with_browser(show, read)
        click.echo(f"Signed in as {name}.")


def _pasted() -> str:
    return sys.stdin.readline()


@auth.command(name="status")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_obj
def auth_status(options: Options, as_json: bool) -> int:
    """Who is signed in, and until when. Exit code 3 where signing in is needed."""
    with options.service("exact-sync auth") as service:
        service.ready()
        sign_in, now = service.sign_in.read(), service.clock.now()
        tokens = sign_in.tokens
        needed = sign_in.needed_because or (None if tokens else "nobody is signed in yet")
        ends = tokens.obtained_at + REFRESH_TOKEN_LIFE if tokens else None
        facts = {
            "signed_in": needed is None,
            "user": sign_in.user_name or None,
            "site": service.settings.site,
            "sign_in_needed_because": needed,
            "access_token_ends": tokens.expires_at.isoformat(timespec="seconds") if tokens else None,
            "refresh_token_ends": ends.isoformat(timespec="seconds") if ends else None,
        }
    if as_json:
        click.echo(json.dumps(facts, indent=2))
        return 0 if needed is None else 3
    if needed is not None:
        click.echo(f"Signing in is needed: {needed}\n  → run: exact-sync auth login")
        return 3
    click.echo(f"Signed in at {facts['site']} as {facts['user'] or 'unknown'}.")
    if tokens and ends:
        state = "valid" if tokens.expires_at > now else "ended; it is refreshed with the next call"
        click.echo(f"Access token:  until {tokens.expires_at:%Y-%m-%d %H:%M:%S} UTC ({state}).")
        days = max(0, (ends - now).days)
        click.echo(f"Refresh token: until {ends:%Y-%m-%d %H:%M:%S} UTC ({days} days; each sync renews it).")
    return 0
