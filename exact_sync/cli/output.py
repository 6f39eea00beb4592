"""What commands say: also where nobody reads it any more, or where there is no room left for it."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import click

from exact_sync import logs

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""A file that takes no more: whoever looks after the machine has to see to it."""


def say(text: str, *, err: bool = False) -> None:
    """A line; where nobody takes it (a closed pipe, a full disk), the work goes on in silence."""
    try:
        click.echo(text, err=err)
    except OSError:
        _silence(sys.stderr if err else sys.stdout)


@contextmanager
def read_or_not(code: int) -> Iterator[None]:
    """Meanwhile a result is printed; where nobody reads it to its end (| head), this stays the exit code."""
    try:
        yield
    except (BrokenPipeError, SystemExit):  # of click and of rich
        raise click.exceptions.Exit(code) from None


def report(message: str, hint: str | None = None) -> None:
    """An error as people see it: what is wrong, and what to do."""
    say(logs.clean(f"error: {message}" + (f"\n  → {hint}" if hint else "")), err=True)


def report_no_room(error: OSError) -> bool:
    """Say that something could not be written; False where that is not what went wrong."""
    if error.errno not in _NO_ROOM:
        return False
    where = error.filename or "the output"
    report(f"{where} can't be written to its end: {error.strerror}", "make room there, then run it again")
    return True


def end() -> None:
    """What could not be written would else make the interpreter end with an exit code of its own."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            _silence(stream)


def _silence(stream: TextIO) -> None:
    """What waits in it, and what is still to come, goes nowhere."""
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), stream.fileno())
