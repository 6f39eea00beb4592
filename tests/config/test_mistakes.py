"""What a mistake is told to the person who made it."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from exact_sync.config import Settings, load
from exact_sync.errors import BadConfiguration
from tests.config.files import RESOURCES, refused, written


@pytest.mark.parametrize("value", ["canary", "name=value,canary", "=canary"])
def test_headers_without_a_name_or_a_value_are_refused(tmp_path: Path, value: str) -> None:
    said = str(refused(tmp_path, f'telemetry.headers = "{value}"'))
    assert "setting telemetry.headers (EXACT_SYNC_TELEMETRY__HEADERS" in said
    assert "canary" not in said


@pytest.mark.parametrize(
    "text",
    [
        "workers = 0",
        'region = "us"',
        'base_url = "start.exactonline.nl"',
        'base_url = "https://start.exactonline.nl/api"',
        'base_url = "file:///etc/passwd"',
        'redirect_uri = "localhost:8471/callback"',
        'redirect_uri = "https:///callback"',
        "day_reserve = 1",
        "recent_days = 0",
        "resources = 5",
        "[resources]\nitems = 5",
        '[resources.items]\ncron = "6 * *"',
        "not toml",
        'client_id = "é',
    ],
)
def test_a_mistake_in_the_file_names_the_file(tmp_path: Path, text: str) -> None:
    assert "my.toml" in str(refused(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('workers = "x"', "is no whole number"),
        ("workers = 0", "should be greater than or equal to 1"),
        ('region = "us"', "should be 'nl', 'be'"),
        ('day_reserve = "10%"', "is no number"),
        ('verify_repair = "maybe"', "is neither true nor false"),
        ("data_dir = 5", "is no path"),
        ('start_date = "2024-02-30"', "is no date; write 2024-01-31"),
    ],
)
def test_a_value_of_the_wrong_kind_is_told_in_our_words(tmp_path: Path, text: str, said: str) -> None:
    name = text.partition(" ")[0]
    assert f"setting {name} (EXACT_SYNC_{name.upper()} or {tmp_path / 'my.toml'}): {said}" in str(
        refused(tmp_path, text)
    )


def test_a_value_where_a_section_belongs_is_told_so(tmp_path: Path) -> None:
    for text in ("server = 5", "resources.items = 5", "connections.be = 5"):
        assert str(refused(tmp_path, text)).endswith("is a section, with settings in it")


@pytest.mark.parametrize("section", ["outbox.targets.w", "server.tokens.w"])
def test_what_a_section_must_have_is_said_in_plain_words(tmp_path: Path, section: str) -> None:
    """The README's first example of a target has no secret yet."""
    said = str(refused(tmp_path, f"[{section}]"))
    assert f"setting {section}." in said
    assert "is not set, and there is no default" in said


@pytest.mark.parametrize(
    "rest",
    [
        "?x=1",
        "/?x",
        "#x",
        ":port",
        ":0",
        ":99999",
        ":-1",
        "/api",
        " ",
        " x",
        "\\n",
        "]",
        "[::1",
        "..nl",
        ".☃",
        "x" * 63,
    ],
)
def test_an_address_of_a_site_is_scheme_host_and_port_and_no_more(tmp_path: Path, rest: str) -> None:
    """What it says else would be glued to each path that is asked for."""
    for name in ("base_url", "connections.be.base_url", "server.public_url"):
        said = str(refused(tmp_path, f'{name} = "http://127.0.0.1{rest}"'))
        assert name in said
        assert "is no URL" in said
    if rest not in ("?x=1", "/?x", "/api"):
        assert "is no URL" in str(refused(tmp_path, f'webhook_url = "http://127.0.0.1{rest}"'))


@pytest.mark.parametrize("rest", ["", "/", "//", "?", "/#", "/?#"])
def test_an_address_of_a_site_may_end_as_people_write_it(tmp_path: Path, rest: str) -> None:
    file = written(tmp_path, f'base_url = "HTTP://127.0.0.1:8490{rest}"')
    assert load(file, known_resources=RESOURCES).site == "http://127.0.0.1:8490"


def test_an_address_may_be_written_in_any_script(tmp_path: Path) -> None:
    file = written(tmp_path, 'base_url = "https://bücher.example"')
    assert load(file, known_resources=RESOURCES).site == "https://bücher.example"


@pytest.mark.parametrize("section", ["", "[connections.be]\n"])
def test_an_address_with_a_password_is_refused_without_showing_it(tmp_path: Path, section: str) -> None:
    """It would be shown wherever the site is."""
    for user in ("canary", "canary:canary", ":canary"):
        error = refused(tmp_path, f'{section}base_url = "http://{user}@127.0.0.1:8490"')
        assert "base_url" in str(error)
        assert "can't have a user or password in it" in str(error)
        assert "canary" not in str(error)


def test_every_mistake_is_named_at_once(tmp_path: Path) -> None:
    said = str(refused(tmp_path, 'workers = 0\nregion = "us"'))
    assert "EXACT_SYNC_WORKERS" in said
    assert "EXACT_SYNC_REGION" in said


def test_a_file_that_is_no_text_is_a_clear_error(tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadConfiguration, match="can't be read"):
        load(file, known_resources=RESOURCES)
    with pytest.raises(BadConfiguration, match="can't be read"):
        load(tmp_path, known_resources=RESOURCES)


def test_no_mistake_shows_a_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lines = ['database_url = ["canary"]', 'client_secret = ["canary"]', 'interval = "canary"']
    assert "canary" not in str(refused(tmp_path, "\n".join(lines)))
    with pytest.raises(ValidationError) as raw:
        Settings(database_url=["canary"])  # type: ignore[arg-type]
    assert "canary" not in str(raw.value)
    monkeypatch.setenv("EXACT_SYNC_RESOURCES", '{"canary')
    with pytest.raises(BadConfiguration, match="resources") as caught:
        load(known_resources=RESOURCES)
    assert "canary" not in f"{caught.value} {caught.value.__cause__}"
