"""Signed cookies: sessions, and the tokens that prove that a form is ours."""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import datetime

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from itsdangerous import BadSignature, Signer, TimestampSigner

_ENDED_AT_MOST = 10_000


class Seals:
    """Signs with a key made from the deployment's secret key and its password: a new password ends
    all sessions.
    """

    def __init__(
        self, secret_key: str, password_hash: str | None, hours: int, now: Callable[[], datetime]
    ) -> None:
        purpose = b"exact-sync sessions:" + (password_hash or "").encode()
        key = HKDF(SHA256(), 32, salt=None, info=purpose).derive(secret_key.encode())
        self._now = now
        self._life = hours * 3600
        self._sessions = _Signer(key, now)
        self._visits = Signer(key, salt="visit", digest_method=hashlib.sha256)
        self._forms = Signer(key, salt="form", digest_method=hashlib.sha256)
        self._ended: dict[str, float] = {}
        self.label = hashlib.sha256(key).hexdigest()[:8]
        """Tells our cookies from those of another exact-sync on this machine: ports do not."""

    def new_session(self) -> str:
        """The cookie of somebody who has just given the password; never one that was sent to us."""
        return self._sessions.sign(secrets.token_urlsafe(16)).decode()

    def session(self, cookie: str | None) -> str | None:
        """The session that a cookie stands for; None where it is none of ours, too old, or ended."""
        if not cookie:
            return None
        try:
            found = self._sessions.unsign(cookie, max_age=self._life).decode()
        except (BadSignature, UnicodeError):
            return None
        return None if found in self._ended else found

    def end(self, session: str) -> None:
        """No copy of its cookie is worth anything any more, until this process ends."""
        now = self._now().timestamp()
        self._ended = {each: until for each, until in self._ended.items() if until > now}
        if len(self._ended) < _ENDED_AT_MOST:
            self._ended[session] = now + self._life

    def new_visit(self) -> tuple[str, str]:
        """A name for a browser that gave no password, and its cookie."""
        visit = secrets.token_urlsafe(16)
        return visit, self._visits.sign(visit).decode()

    def visit(self, cookie: str | None) -> str | None:
        """The name of a browser; None where the cookie is none of ours."""
        if not cookie:
            return None
        try:
            return self._visits.unsign(cookie).decode()
        except (BadSignature, UnicodeError):
            return None

    def form_token(self, name: str) -> str:
        """What a form must send back, of a session or a visit."""
        return self._forms.get_signature(name).decode()

    def is_form_token(self, given: str, name: str) -> bool:
        """Compared in constant time."""
        return hmac.compare_digest(given.encode(), self.form_token(name).encode())


class _Signer(TimestampSigner):
    """Signs with the time of a clock that is given."""

    def __init__(self, key: bytes, now: Callable[[], datetime]) -> None:
        super().__init__(key, salt="session", digest_method=hashlib.sha256)
        self._clock = now

    def get_timestamp(self) -> int:
        return int(self._clock().timestamp())
