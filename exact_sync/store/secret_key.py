"""The key that encrypts the tokens: from the settings, or made once in the data directory."""

import contextlib
import os
import secrets
from pathlib import Path
from tempfile import NamedTemporaryFile

from pydantic import SecretStr

from exact_sync.errors import BadConfiguration

FILE = "secret.key"
_RESTORE = "restore it from a backup; or remove it, so that a new one is made, and sign in again"


def secret_key(configured: SecretStr | None, data_dir: Path) -> str:
    """The configured key, or the one in the data directory, made if it is not there yet.

    A blank one counts as none: an .env file with nothing behind the name must not encrypt with nothing.
    """
    if configured is not None and configured.get_secret_value().strip():
        return configured.get_secret_value()
    file = data_dir / FILE
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            _make(file)
        key = file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise BadConfiguration(
            f"the key file {file} can't be made or read: {error.strerror}",
            "set EXACT_SYNC_SECRET_KEY, or EXACT_SYNC_DATA_DIR to a folder that can be written",
        ) from None
    except UnicodeDecodeError:
        raise BadConfiguration(f"the key file {file} is no text", _RESTORE) from None
    if not key:
        raise BadConfiguration(f"the key file {file} is empty", _RESTORE)
    return key


def _make(file: Path) -> None:
    """Whole or not at all, even if several processes or connections make it at once: the first link wins."""
    # For its owner's eyes only, as all temporary files.
    with NamedTemporaryFile("w", encoding="utf-8", prefix=f".{FILE}.", dir=file.parent) as fresh:
        fresh.write(secrets.token_urlsafe(32))
        fresh.flush()
        with contextlib.suppress(FileExistsError):
            os.link(fresh.name, file)
