"""The key that encrypts the tokens: from the settings, or made once in the data directory."""

import os
import secrets
from pathlib import Path

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
        # Whole or not at all, even if two processes make it at once: the first link wins.
        fresh = data_dir / f".{FILE}.{os.getpid()}"
        if not file.exists():
            fresh.touch(mode=0o600)
            fresh.write_text(secrets.token_urlsafe(32), encoding="utf-8")
            try:
                os.link(fresh, file)
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
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
