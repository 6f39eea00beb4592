"""Where settings come from: who wins over whom, and what can be read at all."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from exact_sync.config import Settings, load, unknown_variables
from exact_sync.errors import BadConfiguration
from tests.config.files import RESOURCES, refused, written


def test_the_defaults_are_those_of_the_contract() -> None:
    settings = load(known_resources=RESOURCES)
    assert settings.database_url is None
    assert settings.site == "https://start.exactonline.nl"
    assert settings.divisions == "all"
    assert settings.interval == timedelta(hours=1)
    assert settings.snapshot_interval == timedelta(hours=6)
    assert settings.start_date is None
    assert settings.overlap == timedelta(minutes=15)
    assert (settings.recent_days, settings.day_reserve, settings.auto_migrate) == (62, 0.1, True)


def test_option_over_environment_over_secret_over_file(
    monkeypatch: pytest.MonkeyPatch, secrets: Path, tmp_path: Path
) -> None:
    file = written(tmp_path, 'client_id = "file"\n')

    def client_id(**options: str) -> str | None:
        return load(file, known_resources=RESOURCES, **options).client_id

    assert client_id() == "file"
    (secrets / "exact_sync_client_id").write_text("secret\n")
    assert client_id() == "secret"
    monkeypatch.setenv("EXACT_SYNC_CLIENT_ID", "environment")
    assert client_id() == "environment"
    assert client_id(client_id="option") == "option"


@pytest.mark.parametrize("name", ["client_secret", "exact_sync_client_secret", "EXACT_SYNC_CLIENT_SECRET"])
def test_a_secret_is_one_file_with_or_without_the_prefix(secrets: Path, name: str) -> None:
    (secrets / name).write_text("canary\n")
    settings = load(known_resources=RESOURCES)
    assert settings.client_secret is not None
    assert settings.client_secret.get_secret_value() == "canary"
    assert "canary" not in f"{settings!r} {settings}"


def test_the_file_is_named_by_the_option_or_the_environment_or_lies_here(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("config", "environment", "option"):
        (tmp_path / f"{name}.toml").write_text(f'client_id = "{name}"')
    assert load(known_resources=RESOURCES).client_id == "config"
    monkeypatch.setenv("EXACT_SYNC_CONFIG", str(tmp_path / "environment.toml"))
    assert load(known_resources=RESOURCES).client_id == "environment"
    assert load(tmp_path / "option.toml", known_resources=RESOURCES).client_id == "option"
    with pytest.raises(BadConfiguration, match="there is no configuration file"):
        load(tmp_path / "none.toml", known_resources=RESOURCES)


def test_one_file_leaves_nothing_behind_for_the_next(tmp_path: Path) -> None:
    # With a mark at the beginning, as editors on Windows write it.
    file = written(tmp_path, '\ufeffclient_id = "file"')
    assert load(file, known_resources=RESOURCES).client_id == "file"
    assert load(known_resources=RESOURCES).client_id is None
    refused(tmp_path, 'client_id = "file"\nworkers = 0')
    assert load(known_resources=RESOURCES).client_id is None
    assert Settings().client_id is None


@pytest.mark.parametrize("value", ["", " "])
def test_a_blank_data_folder_is_the_usual_one(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    usual = load(known_resources=RESOURCES).data_dir
    monkeypatch.setenv("EXACT_SYNC_DATA_DIR", value)
    assert load(known_resources=RESOURCES).data_dir == usual


def test_a_resource_has_its_own_schedule(tmp_path: Path) -> None:
    text = '[resources.items]\nevery = "15m"\n[resources.contacts]\ncron = "15 6 * * 1-5"\nenabled = false'
    settings = load(written(tmp_path, text), known_resources=RESOURCES)
    assert settings.resource("items").every == timedelta(minutes=15)
    assert settings.resource("contacts").cron == "15 6 * * 1-5"
    assert settings.resource("contacts").enabled is False
    assert settings.resource("customers").enabled is True


def test_a_resource_can_be_set_by_a_secret_and_by_the_environment(
    monkeypatch: pytest.MonkeyPatch, secrets: Path, tmp_path: Path
) -> None:
    (secrets / "exact_sync_resources__items__every").write_text("3m\n")
    file = written(tmp_path, '[resources.items]\nevery = "15m"\ndeletes = "hard"')
    section = load(file, known_resources=RESOURCES).resource("items")
    assert (section.every, section.deletes) == (timedelta(minutes=3), "hard")
    monkeypatch.setenv("EXACT_SYNC_RESOURCES__items__every", "5m")
    assert load(known_resources=RESOURCES).resource("items").every == timedelta(minutes=5)
    assert unknown_variables() == []
    monkeypatch.setenv("EXACT_SYNC_RESOURCES__itemz__every", "5m")
    with pytest.raises(BadConfiguration, match=r"unknown setting resources\.itemz"):
        load(known_resources=RESOURCES)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("RESOURCES", "x", r"setting resources \(EXACT_SYNC_RESOURCES\): is no JSON"),
        ("SERVER__TOKENS", "x", r"setting server \(EXACT_SYNC_SERVER__TOKENS\): is no JSON"),
    ],
)
def test_a_variable_that_is_no_json_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(f"EXACT_SYNC_{name}", value)
    with pytest.raises(BadConfiguration, match=said) as caught:
        load(known_resources=RESOURCES)
    assert "Source" not in str(caught.value)


@pytest.mark.parametrize("name", ["client_secret", "exact_sync_alerts__urls"])
@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda file: file.write_bytes(b"caf\xe9"), "can't be read: it is no text"),
        (lambda file: file.mkdir(), "can't be read: Is a directory"),
        (lambda file: file.symlink_to("nowhere"), "is a link to nothing"),
    ],
    ids=["no text", "a folder", "a link"],
)
def test_a_secret_that_cannot_be_read_is_named(
    secrets: Path, name: str, made: Callable[[Path], object], said: str
) -> None:
    made(secrets / name)
    with pytest.raises(BadConfiguration, match=rf"{name} {said}$"):
        load(known_resources=RESOURCES)


def test_a_secret_that_may_not_be_read_is_named(monkeypatch: pytest.MonkeyPatch, secrets: Path) -> None:
    (secrets / "client_secret").write_text("canary")

    def refuse(self: Path, *_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied", str(self))

    with monkeypatch.context() as patch:  # root may read everything
        patch.setattr(Path, "read_text", refuse)
        with pytest.raises(BadConfiguration, match=r"client_secret can't be read: Permission denied$"):
            load(known_resources=RESOURCES)


def test_a_secret_may_lie_elsewhere_and_come_from_windows(secrets: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"\xef\xbb\xbfcanary\r\n")
    (secrets / "client_id").symlink_to(tmp_path / "elsewhere")
    assert load(known_resources=RESOURCES).client_id == "canary"


def test_a_secrets_folder_that_is_named_must_be_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("EXACT_SYNC_SECRETS_DIR", str(tmp_path / "nowhere"))
    with pytest.raises(BadConfiguration, match=r"there is no secrets folder .*nowhere"):
        load(known_resources=RESOURCES)
    monkeypatch.setenv("EXACT_SYNC_SECRETS_DIR", "")
    assert load(known_resources=RESOURCES).client_secret is None


@pytest.mark.parametrize("folder", ["~nobody-of-this-name/x", "a\\u0000b"])
def test_a_data_folder_that_can_be_none_is_one_clear_line(tmp_path: Path, folder: str) -> None:
    assert "setting data_dir (EXACT_SYNC_DATA_DIR" in str(refused(tmp_path, f'data_dir = "{folder}"'))


def test_a_secrets_folder_that_lets_nobody_in_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, secrets: Path
) -> None:
    for name in ("is_dir", "iterdir"):

        def refuse(self: Path, *_: object, **__: object) -> None:
            raise PermissionError(13, "Permission denied", str(self))

        with monkeypatch.context() as patch:  # root may enter everywhere
            patch.setattr(Path, name, refuse)
            with pytest.raises(BadConfiguration, match=r"secrets folder .* can't be read: Permission denied"):
                load(known_resources=RESOURCES)
