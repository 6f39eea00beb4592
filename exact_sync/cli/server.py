"""``exact-sync server``: what the server inside ``exact-sync run`` needs to be set up."""

import sys

import click

from exact_sync.api_tokens import new_token
from exact_sync.cli.typed import typed_line
from exact_sync.errors import BadConfiguration
from exact_sync.server_settings import is_token_name

_SHORTEST = 8


@click.group()
def server() -> None:
    """The server inside exact-sync run: its password and tokens."""


@server.command()
def password() -> None:
    """Ask for a password, and print the line for the settings. It may also be a line of stdin."""
    if sys.stdin is not None and sys.stdin.isatty():
        chosen = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        chosen = typed_line().rstrip("\r\n")
    if len(chosen) < _SHORTEST:
        raise BadConfiguration(f"the password has fewer than {_SHORTEST} characters", "choose a longer one")
    from argon2 import PasswordHasher

    click.echo(f'password_hash = "{PasswordHasher().hash(chosen)}"')
    click.echo("put this line into the section [server] of config.toml", err=True)


@server.command()
@click.argument("name")
@click.option("--full", is_flag=True, help="It may also sync, pause, resume, accept, retry and drop.")
def token(name: str, full: bool) -> None:
    """Make a token by which a machine may use the API. It is printed with the lines for the settings."""
    if not is_token_name(name):
        raise BadConfiguration(
            f"{name!r} can't be the name of a token",
            "use up to 41 small letters, digits, - and _, and begin with a letter",
        )
    made = new_token()
    click.echo(made.token)
    access = "full" if full else "read"
    click.echo(f'\n[server.tokens.{name}]\nhash = "{made.hash}"\naccess = "{access}"')
    click.echo(
        "the first line is the token, which is not shown again; put the others into config.toml", err=True
    )
