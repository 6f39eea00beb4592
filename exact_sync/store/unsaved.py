"""Tokens that Exact handed out and that are not in the database yet: the one link of the chain."""

import contextlib
import json
import logging
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from exact_sync.credentials import Cipher, Tokens
from exact_sync.errors import BadConfiguration

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Link:
    """Tokens, and where in the chain they belong."""

    parent: str | None
    """Fingerprint of the tokens that they replace; None where nobody was signed in."""
    tokens: Tokens
    is_first: bool
    """A person has just consented: with these a new chain begins."""


class Unsaved:
    """Kept in memory, and for the next process in a file (encrypted), until they are stored."""

    def __init__(self, file: Path, cipher: Cipher) -> None:
        self._file = file
        self._cipher = cipher
        self._link: Link | None = None

    def keep(self, parent: Tokens | None, tokens: Tokens, *, is_first: bool = False) -> None:
        """Never raises: where the file can't be written, memory has to do."""
        self._link = Link(_name(parent), tokens, is_first)
        try:
            self._write(self._link)
        except OSError as error:
            log.warning(
                "the new tokens could not be stored yet, and not be kept in %s either (%s): "
                "until the database is back only this process has them",
                self._file,
                error.strerror or type(error).__name__,
            )

    def after(self, stored: Tokens | None) -> Link | None:
        """The link that replaces the stored tokens, if there is one.

        Raises BadConfiguration where a file lies there that can't be read.
        """
        parent = _name(stored)
        if self._link is not None and self._link.parent == parent:
            return self._link
        link = self._read()
        return link if link is not None and link.parent == parent else None

    def forget(self) -> None:
        """They are stored now, or others are. A file that can't be deleted replaces nothing any more."""
        self._link = None
        with contextlib.suppress(OSError):
            self._file.unlink(missing_ok=True)

    def _write(self, link: Link) -> None:
        tokens = link.tokens
        content = {
            "parent": link.parent,
            "access": tokens.access,
            "refresh": tokens.refresh,
            "expires_at": tokens.expires_at.isoformat(),
            "obtained_at": tokens.obtained_at.isoformat(),
            "is_first": link.is_first,
        }
        self._file.parent.mkdir(parents=True, exist_ok=True)
        draft = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(self._cipher.seal(json.dumps(content)))
        draft.replace(self._file)  # whole or not at all: another process may look at any time

    def _read(self) -> Link | None:
        try:
            content = json.loads(self._cipher.open(self._file.read_text()))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (BadConfiguration, ValueError):  # of another secret key, or torn
            return None
        except OSError as error:
            raise BadConfiguration(
                f"can't look for new tokens in {self._file}: {error.strerror or type(error).__name__}",
                "the user that runs exact-sync must be able to read and write its data folder",
            ) from None
        return Link(
            content["parent"],
            Tokens(
                content["access"],
                content["refresh"],
                datetime.fromisoformat(content["expires_at"]),
                datetime.fromisoformat(content["obtained_at"]),
            ),
            content.get("is_first", False),
        )


def _name(tokens: Tokens | None) -> str | None:
    return tokens.fingerprint if tokens is not None else None
