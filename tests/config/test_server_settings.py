"""Who may come to the server, as settings say it."""

from pathlib import Path

import pytest

from exact_sync.config import load, unknown_variables
from exact_sync.errors import BadConfiguration
from exact_sync.server_settings import ServerSettings
from tests.config.files import RESOURCES, refused, written


@pytest.mark.parametrize("value", ["yes", "10.0.0.0/8, proxy", "10.0.0.1/8"])
def test_a_trusted_proxy_is_named_by_a_setting_there_is(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("EXACT_SYNC_SERVER__TRUSTED_PROXY", value)
    with pytest.raises(BadConfiguration) as caught:
        load(known_resources=RESOURCES)
    assert str(caught.value) == (
        "setting server.trusted_proxy (EXACT_SYNC_SERVER__TRUSTED_PROXY): "
        "is neither true nor false nor networks, such as 10.0.0.0/8"
    )


def test_the_server_is_set_by_file_variable_and_secret(
    monkeypatch: pytest.MonkeyPatch, secrets: Path, tmp_path: Path
) -> None:
    hashed = "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2g"
    (secrets / "server__password_hash").write_text(f"{hashed}\n")
    monkeypatch.setenv("EXACT_SYNC_SERVER__TRUSTED_PROXY", "10.0.0.0/8, fd00::/8")
    server = load(written(tmp_path, "[server]\nport = 9\n"), known_resources=RESOURCES).server
    assert server.port == 9
    assert server.password_hash is not None
    assert server.password_hash.get_secret_value() == hashed
    assert [str(network) for network in server.trusted_proxy or ()] == ["10.0.0.0/8", "fd00::/8"]
    assert hashed not in repr(server)
    assert refused(tmp_path, "[server]\nprot = 9\n").hint == "did you mean server.port?"
    assert unknown_variables({"EXACT_SYNC_SERVER__PORT": "9", "EXACT_SYNC_SERVER_PORT": "9"}) == [
        "EXACT_SYNC_SERVER_PORT"
    ]


def test_tokens_are_set_by_file_variable_and_secret(
    monkeypatch: pytest.MonkeyPatch, secrets: Path, tmp_path: Path
) -> None:
    one, two, three = (f"sha256:{digit * 64}" for digit in "123")
    monkeypatch.setenv("EXACT_SYNC_SERVER__TOKENS__ONE__HASH", one)
    (secrets / "server__tokens__two__hash").write_text(f"{two}\n")
    text = f'[server.tokens.two]\naccess = "full"\n[server.tokens.three]\nhash = "{three}"\n'
    server = load(written(tmp_path, text), known_resources=RESOURCES).server
    assert {name: (token.hash.get_secret_value(), token.access) for name, token in server.tokens.items()} == {
        "one": (one, "read"), "two": (two, "full"), "three": (three, "read"),
    }  # fmt: skip
    assert not any(digest in repr(server) for digest in (one, two, three))
    assert unknown_variables({"EXACT_SYNC_SERVER__TOKENS__ONE__HASH": one}) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[server.tokens.a]\nhash = "exs_canary"', "make both with: exact-sync server token NAME"),
        ('[server.tokens.a]\naccess = "full"', "server.tokens.a.hash"),
        ('[server.tokens.a]\nhsah = "canary"', "did you mean server.tokens.a.hash?"),
        (f'[server.tokens."a b"]\nhash = "sha256:{"1" * 64}"', "can't be the name of a token"),
        (f'[server.tokens.a]\nhash = "sha256:{"1" * 64}"\naccess = "write"', "'read' or 'full'"),
        ('[server]\npublic_url = "http://sync.example.com"', "is no URL of a site"),
        ('[server]\npublic_url = "https://canary:canary@sync.example.com"', "is no URL of a site"),
        ('[server]\npublic_url = "https://sync.example.com/below"', "is no URL of a site"),
        ("[server]\nsession_hours = 0", "greater than or equal to 1"),
    ],
)
def test_what_is_wrong_with_who_may_come_is_said(tmp_path: Path, text: str, said: str) -> None:
    error = refused(tmp_path, text)
    assert said in str(error)
    assert "canary" not in str(error)


def test_the_public_address_is_a_site(tmp_path: Path) -> None:
    for url in ("https://sync.example.com/", "http://127.0.0.1:8480", "http://localhost", "https://[::1]:1"):
        file = written(tmp_path, f'[server]\npublic_url = "{url}"')
        assert load(file, known_resources=RESOURCES).server.public_url == url.rstrip("/")


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("[::1]", True), ("localhost", True)]
    + [(host, False) for host in ("", "0.0.0.0", "::", "10.0.0.1", "localhost.example.org")],
)
def test_only_this_machine_can_reach_a_loopback_address(host: str, is_ours: bool) -> None:
    assert ServerSettings(host=host).is_loopback is is_ours
