"""The section [outbox]: what a target is, and what is said of one that is none."""

import os
from pathlib import Path

import pytest

from exact_sync import config
from exact_sync.config import Settings
from exact_sync.errors import BadConfiguration
from tests.target import SECRET

CANARY = "canary-in-a-path"
URL = f"https://example.com/{CANARY}"


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in [name for name in os.environ if name.upper().startswith("EXACT_SYNC_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("EXACT_SYNC_SECRETS_DIR", str(tmp_path / "secrets"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secrets").mkdir()
    return tmp_path


def load(folder: Path, text: str) -> Settings:
    file = folder / "my.toml"
    file.write_text(f'[outbox.targets.warehouse]\nurl = "{URL}"\nsecret = "{SECRET}"\n{text}\n')
    return config.load(file, known_resources=("items", "customers"))


def test_a_target_comes_from_file_environment_and_secrets_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = load(folder, "keys_limit = 7").outbox.targets["warehouse"]
    assert (target.keys_limit, target.allow_private, target.resources) == (7, False, [])
    assert target.where == "https://example.com"
    (folder / "my.toml").unlink()
    (folder / "secrets" / "outbox__targets__warehouse__secret").write_text(f"{SECRET}\n")
    monkeypatch.setenv("EXACT_SYNC_OUTBOX__TARGETS__WAREHOUSE__URL", "http://10.0.0.1:8080/x")
    monkeypatch.setenv("EXACT_SYNC_OUTBOX__TARGETS__WAREHOUSE__ALLOW_PRIVATE", "true")
    monkeypatch.setenv("EXACT_SYNC_OUTBOX__TARGETS__WAREHOUSE__RESOURCES", "items, customers")
    target = config.load(known_resources=("items", "customers")).outbox.targets["warehouse"]
    assert target.secret.get_secret_value() == SECRET
    assert target.where == "http://10.0.0.1:8080"
    assert target.resources == ["items", "customers"]
    assert target.wants("items")
    assert not target.wants("journals")
    assert config.unknown_variables() == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('url = "ftp://example.com"', "targets.warehouse.url .*is no URL such as https://"),
        ('url = "https://example.com:x/"', "is no URL"),
        ('url = "https://user:canary-in-a-path@example.com/"', "can't have a user or password in it"),
        ('url = "http://example.com/canary-in-a-path"', "must begin with https://, unless allow_private"),
        ('secret = "canary-in-a-path"', "make one with: exact-sync outbox secret"),
        ('secret = "whsec_c2hvcnQ="', "make one with: exact-sync outbox secret"),
        ("keys_limit = 10001", "keys_limit .*less than or equal to 10000"),
        ('resources = ["itmes"]', r"warehouse.resources: there is no resource itmes \(did you mean items"),
        ("keys = 1", r"unknown setting outbox.targets.warehouse.keys \(did you mean .*keys_limit"),
        ("[outbox]\ntarget = 1", "unknown setting outbox.target "),
        ("[outbox.targets.BIG]", "can't be the name of a target|is not set, and there is no default"),
    ],
)
def test_a_mistake_is_told_without_what_is_secret(folder: Path, text: str, said: str) -> None:
    name = text.split(" ")[0]
    file = folder / "my.toml"
    lines = {"url": f'url = "{URL}"', "secret": f'secret = "{SECRET}"', name: text}
    inside = [line for line in lines.values() if not line.startswith("[")]
    outside = [line for line in lines.values() if line.startswith("[")]
    file.write_text("\n".join(["[outbox.targets.warehouse]", *inside, *outside]))
    with pytest.raises(BadConfiguration, match=said) as caught:
        config.load(file, known_resources=("items", "customers"))
    assert CANARY not in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_resource_of_ones_own_can_be_named(folder: Path) -> None:
    text = 'resources = ["notes"]\n[resources.notes]\nendpoint = "activities/CommunicationNotes"'
    assert load(folder, text).outbox.targets["warehouse"].resources == ["notes"]
