"""Sends messages through Apprise, which is imported only where there is somebody to tell."""

import hashlib
import logging
import warnings
from collections.abc import Sequence
from typing import Any

from pydantic import SecretStr

from exact_sync.alerts.messages import Message
from exact_sync.errors import BadConfiguration

log = logging.getLogger(__name__)


class Target:
    """Somebody to tell. Nothing that is shown of it holds a secret."""

    def __init__(self, number: int, url: str) -> None:
        import apprise

        scheme = url.partition("://")[0].lower()
        self.name = f"{number} ({scheme})"
        """Its place in the settings, from 1, and its scheme: a host may be a token."""
        self.fingerprint = hashlib.sha256(url.encode()).hexdigest()[:16]
        asset = apprise.AppriseAsset(app_id="exact-sync", app_desc="exact-sync", app_url="")
        with warnings.catch_warnings():  # some of its modules use what Python 3.13 lacks
            warnings.simplefilter("ignore", DeprecationWarning)
            instance = apprise.Apprise.instantiate(url, asset=asset)
        if instance is None:
            raise BadConfiguration(
                f"setting alerts.urls: number {number} is no URL that Apprise understands ({scheme}://…)",
                "its parts may be incomplete, or the service unknown",
            )
        self._apprise: Any = apprise.Apprise(asset=asset)
        self._apprise.add(instance)

    def accepts(self, message: Message) -> bool:
        """Send a message; True once the target has it. Waits some seconds at most."""
        try:
            return bool(
                self._apprise.notify(
                    title=message.title,
                    body=message.body,
                    notify_type="success" if message.is_over else "warning",
                    body_format="text",
                )
            )
        except Exception as error:  # noqa: BLE001 - a hundred services: none may end the watch
            log.warning("alert target %s failed: %s", self.name, type(error).__name__)
            return False


def targets(urls: Sequence[SecretStr]) -> list[Target]:
    """Raises BadConfiguration for a URL that Apprise can't parse, without showing it."""
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    plain = dict.fromkeys(url.get_secret_value() for url in urls)
    return [Target(number, url) for number, url in enumerate(plain, 1)]
