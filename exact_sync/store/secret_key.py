"""The key that encrypts the tokens: from the settings, or made once in the data directory."""

import os
import secrets
from pathlib import Path

from pydantic import SecretStr

from exact_sync.errors import BadConfiguration

FILE = "secret.key"


def secret_key(configured: SecretStr | None, data_dir: Path) -> str:
    """The configured key, or the one in the data directory, made if it is not there yet."""
    if configured is not None:
        return configured.get_secret_value()
    file = data_dir / FILE
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        # Whole or not at all, even if two processes make it at once: the first link wins.
        fresh = data_dir / f".{FILE}.{os.getpid()}"
        if not file.exists():
            fresh.touch(mode=0o600)
            fresh.write_text(secrets.token_urlsafe(32))
            try:
                os.link(fresh, file)
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        return file.read_text().strip()
    except OSError as error:
        raise BadConfiguration(
            f"the key file {file} can't be made or read: {error.strerror}",
            "set EXACT_SYNC_SECRET_KEY, or EXACT_SYNC_DATA_DIR to a folder that can be written",
        ) from None
