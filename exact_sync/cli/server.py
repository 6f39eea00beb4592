"""``exact-sync server``: what the server inside ``exact-sync run`` needs to be set up."""

import sys

import click

from exact_sync.errors import BadConfiguration

_SHORTEST = 8


@click.group()
def server() -> None:
    """The server inside exact-sync run: its password."""


@server.command()
def password() -> None:
    """Ask for a password (or read a line of stdin), and print the line for the settings."""
    if sys.stdin.isatty():
        chosen = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        chosen = sys.stdin.readline().rstrip("\r\n")
    if len(chosen) < _SHORTEST:
        raise BadConfiguration(f"the password has fewer than {_SHORTEST} characters", "choose a longer one")
    from argon2 import PasswordHasher

    click.echo(f'password_hash = "{PasswordHasher().hash(chosen)}"')
    click.echo("put this line into the section [server] of config.toml", err=True)
