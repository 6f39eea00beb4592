"""``exact-sync auth``: sign in at Exact, see who is, and sign out."""

import json
from collections.abc import Callable
from datetime import datetime

import click

from exact_sync.cli.options import Options, connection_option
from exact_sync.cli.typed import typed_line
from exact_sync.credentials import REFRESH_TOKEN_LIFE
from exact_sync.service import Service
from exact_sync.sync.naming import errors_named


@click.group()
def auth() -> None:
    """Sign in at Exact Online, see who is signed in, and sign out."""


@auth.command()
@click.option("--paste", is_flag=True, help="No listener: paste the URL the browser was sent to.")
@connection_option
@click.pass_obj
def login(options: Options, paste: bool, connection: str | None) -> None:
    """Sign in with the browser. Prints the URL to open on a line of its own."""
    with options.deployment("exact-sync auth", connection) as deployment:
        service = deployment.only()

        def show(url: str) -> None:
            click.echo("Open this page in a browser, sign in and give consent:", err=True)
            click.echo(url)
            if paste:
                click.echo("Then paste the URL the browser was sent to (or only its code):", err=True)
            else:
                click.echo(f"Waiting for the answer at {service.settings.redirect_uri} …", err=True)

        read: Callable[[], str] | None = typed_line if paste else None
        with errors_named(service.connection):
            name = service.sign_in_with_browser(show, read)
        click.echo(f"{service.connection.label}Signed in as {name}.")


@auth.command()
@connection_option
@click.pass_obj
def logout(options: Options, connection: str | None) -> None:
    """Forget the sign-in that is stored here. The rows stay."""
    with options.deployment("exact-sync auth", connection) as deployment:
        service = deployment.only()
        with errors_named(service.connection):
            before = service.sign_out()
        if not before.has_tokens:
            click.echo(f"{service.connection.label}Nobody is signed in.")
            return
        whose = f"{before.user_name or 'unknown'}, at {service.settings.site}"
        click.echo(f"{service.connection.label}Signed out: {whose}.")
        click.echo("  → the consent stays on record at Exact, where it can be withdrawn", err=True)


@auth.command(name="status")
@connection_option
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_obj
def auth_status(options: Options, connection: str | None, as_json: bool) -> int:
    """Who is signed in, and until when. Exit code 3 where signing in is needed."""
    with options.deployment("exact-sync auth", connection) as deployment:
        found = []
        for service in deployment.services:
            with errors_named(service.connection):
                found.append(_facts(service))
            if not as_json:
                _print(service, found[-1])
    is_signed_in = all(facts["signed_in"] for facts in found)
    if as_json:
        all_of_them = {"signed_in": is_signed_in, "connections": found}
        click.echo(json.dumps(found[0] if deployment.is_alone else all_of_them, indent=2))
    return 0 if is_signed_in else 3


def _facts(service: Service) -> dict[str, object]:
    service.ready()
    sign_in = service.sign_in.read()
    tokens = sign_in.tokens
    needed = sign_in.needed_because or (None if tokens else "nobody is signed in yet")
    ends = tokens.obtained_at + REFRESH_TOKEN_LIFE if tokens else None

    def text(moment: datetime | None) -> str | None:
        return moment.isoformat(timespec="seconds") if moment else None

    whose = {} if service.connection.is_alone else {"connection": service.connection.name}
    return whose | {
        "signed_in": needed is None,
        "user": sign_in.user_name or None,
        "site": service.settings.site,
        "signed_in_at": text(sign_in.signed_in_at),
        "sign_in_needed_because": needed,
        "sign_in_needed_since": text(sign_in.needed_since),
        "access_token_ends": text(tokens.expires_at if tokens else None),
        "refresh_token_ends": text(ends),
    }


def _print(service: Service, facts: dict[str, object]) -> None:
    connection, now = service.connection, service.clock.now()
    if not facts["signed_in"]:
        since = f" (since {_moment(facts, 'sign_in_needed_since')})" if facts["sign_in_needed_since"] else ""
        click.echo(f"{connection.label}Signing in is needed: {facts['sign_in_needed_because']}{since}")
        click.echo(f"  → {connection.hint('run: exact-sync auth login')}")
        return
    click.echo(f"{connection.label}Signed in at {facts['site']} as {facts['user'] or 'unknown'}.")
    expires, ends = (
        datetime.fromisoformat(str(facts[f"{kind}_token_ends"])) for kind in ("access", "refresh")
    )
    if facts["signed_in_at"]:
        click.echo(f"Consent given: {_moment(facts, 'signed_in_at')}.")
    state = "valid" if expires > now else "ended; it is refreshed with the next call"
    click.echo(f"Access token:  until {_moment(facts, 'access_token_ends')} ({state}).")
    days = max(0, (ends - now).days)
    click.echo(
        f"Refresh token: until {_moment(facts, 'refresh_token_ends')} ({days} days; each sync renews it)."
    )


def _moment(facts: dict[str, object], name: str) -> str:
    return f"{datetime.fromisoformat(str(facts[name])):%Y-%m-%d %H:%M:%S} UTC"
