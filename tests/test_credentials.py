"""What signing in yields, and how it is encrypted."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exact_sync.credentials import Cipher, SignIn, Tokens
from exact_sync.errors import BadConfiguration

NOW = datetime(2026, 6, 25, tzinfo=UTC)
TOKENS = Tokens("access-canary", "refresh-canary", NOW, NOW)


@given(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8")))
def test_what_is_sealed_opens_with_the_same_key_only(key: str, secret: str) -> None:
    sealed = Cipher(key).seal(secret)
    assert Cipher(key).open(sealed) == secret
    with pytest.raises(BadConfiguration):
        Cipher(key + "x").open(sealed)


def test_what_is_sealed_shows_nothing_and_never_looks_the_same_twice() -> None:
    first, second = (Cipher("key").seal("canary" * 10) for _ in range(2))
    assert "canary" not in first
    assert first != second


@pytest.mark.parametrize(
    "sealed", ["", "torn", "gAAAAA", pytest.param(Cipher("key").seal("x")[:-6], id="cut")]
)
def test_what_was_torn_or_forged_is_a_clear_error(sealed: str) -> None:
    with pytest.raises(BadConfiguration, match="another secret key") as caught:
        Cipher("key").open(sealed)
    assert caught.value.exit_code == 2
    assert "auth login" in caught.value.hint


def test_no_repr_shows_a_token() -> None:
    assert "canary" not in f"{TOKENS!r} {SignIn(TOKENS)!r} {TOKENS.fingerprint} {Cipher('canary')!r}"


def test_a_fingerprint_names_the_refresh_token_alone() -> None:
    renewed = Tokens("other", "refresh-canary", NOW, NOW)
    assert renewed.fingerprint == TOKENS.fingerprint
    assert Tokens("access-canary", "other", NOW, NOW).fingerprint != TOKENS.fingerprint
