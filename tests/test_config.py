"""Settings: who wins over whom, and what a mistake is told to the person who made it."""

import os
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from exact_sync.config import Settings, load, unknown_variables, variable_near
from exact_sync.errors import BadConfiguration
from exact_sync.server_settings import ServerSettings

RESOURCES = ["items", "contacts", "customers"]


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Nothing of this machine's own settings; a secrets folder of our own."""
    for name in [name for name in os.environ if name.upper().startswith("EXACT_SYNC_")]:
        monkeypatch.delenv(name)
    folder = tmp_path / "secrets"
    folder.mkdir()
    monkeypatch.setenv("EXACT_SYNC_SECRETS_DIR", str(folder))
    monkeypatch.chdir(tmp_path)
    return folder


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "my.toml"
    file.write_text(text)
    return file


def refused(tmp_path: Path, text: str) -> BadConfiguration:
    with pytest.raises(BadConfiguration) as caught:
        load(written(tmp_path, text), known_resources=RESOURCES)
    assert caught.value.exit_code == 2
    return caught.value


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
    load(written(tmp_path, 'client_id = "file"'), known_resources=RESOURCES)
    assert load(known_resources=RESOURCES).client_id is None
    refused(tmp_path, 'client_id = "file"\nworkers = 0')
    assert load(known_resources=RESOURCES).client_id is None
    assert Settings().client_id is None


@pytest.mark.parametrize(
    ("region", "site"),
    [
        ("nl", "https://start.exactonline.nl"),
        ("be", "https://start.exactonline.be"),
        ("de", "https://start.exactonline.de"),
        ("fr", "https://start.exactonline.fr"),
        ("uk", "https://start.exactonline.co.uk"),
        ("es", "https://start.exactonline.es"),
        ("com", "https://start.exactonline.com"),
    ],
)
def test_every_region_has_its_site(region: str, site: str) -> None:
    assert load(known_resources=RESOURCES, region=region).site == site
    assert (
        load(known_resources=RESOURCES, region=region, base_url="http://localhost:9/").site
        == "http://localhost:9"
    )


@pytest.mark.parametrize(
    ("text", "codes"),
    [("all", "all"), (" ALL ", "all"), ("124132", [124132]), (" 1, 2 ,3,", [1, 2, 3])],
)
def test_divisions_are_codes_or_all(monkeypatch: pytest.MonkeyPatch, text: str, codes: object) -> None:
    monkeypatch.setenv("EXACT_SYNC_DIVISIONS", text)
    assert load(known_resources=RESOURCES).divisions == codes


def test_divisions_in_the_file_may_be_a_list_or_one_number(tmp_path: Path) -> None:
    for text, codes in (("[1, 2]", [1, 2]), ("7", [7]), ('"all"', "all"), ('["1", 2]', [1, 2])):
        file = written(tmp_path, f"divisions = {text}")
        assert load(file, known_resources=RESOURCES).divisions == codes


@pytest.mark.parametrize("text", ["1;2", "-1", "all, 7", "x", "²", "1.5", "'; DROP TABLE x; --"])
def test_what_is_no_division_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("EXACT_SYNC_DIVISIONS", text)
    with pytest.raises(BadConfiguration, match="EXACT_SYNC_DIVISIONS"):
        load(known_resources=RESOURCES)


@given(st.integers(1, 3660), st.sampled_from("smhd"))
def test_durations_are_written_with_a_unit(number: int, unit: str) -> None:
    names = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
    assert Settings(interval=f" {number}{unit} ").interval == timedelta(**{names[unit]: number})


@pytest.mark.parametrize("text", ["", "0s", "1", "-1h", "1w", "1.5h", "1 h 2", "soon", "9" * 30 + "d"])
def test_what_is_no_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(BadConfiguration, match=r"setting interval \(EXACT_SYNC_INTERVAL\)"):
        load(known_resources=RESOURCES, interval=text)


@pytest.mark.parametrize("text", ["3661d", "99999999d", "87841h", "9" * 5000 + "d"])
def test_a_duration_of_more_than_ten_years_is_refused(tmp_path: Path, text: str) -> None:
    """Added to a date it would leave the calendar."""
    for name in ("interval", "overlap", "sweep_interval", "alerts.lag", "resources.items.every"):
        assert "is too long; 3660d is the most" in str(refused(tmp_path, f'{name} = "{text}"'))
    assert load(known_resources=RESOURCES, overlap="87840h").overlap == timedelta(days=3660)


def test_a_start_date_is_an_iso_date(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EXACT_SYNC_START_DATE", "2024-01-31")
    assert load(known_resources=RESOURCES).start_date == date(2024, 1, 31)
    monkeypatch.delenv("EXACT_SYNC_START_DATE")
    file = written(tmp_path, "start_date = 2024-01-31")
    assert load(file, known_resources=RESOURCES).start_date == date(2024, 1, 31)
    for text in (
        '"31-01-2024"',
        "1577836800",
        '"1577836800"',
        '"2024-01-31T00:00:00"',
        '"2024-02-30"',
        "true",
    ):
        for name in ("start_date", "connections.be.start_date", "resources.items.start_date"):
            assert f"setting {name} (" in str(refused(tmp_path, f"{name} = {text}"))


def test_a_resource_has_one_schedule(tmp_path: Path) -> None:
    said = str(refused(tmp_path, '[resources.items]\nevery = "1h"\ncron = "15 6 * * *"'))
    assert "setting resources.items (EXACT_SYNC_RESOURCES__ITEMS" in said
    assert "has both every and cron" in said


@pytest.mark.parametrize("value", ["yes", "10.0.0.0/8, proxy", "10.0.0.1/8"])
def test_a_trusted_proxy_is_named_by_a_setting_there_is(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("EXACT_SYNC_SERVER__TRUSTED_PROXY", value)
    with pytest.raises(BadConfiguration) as caught:
        load(known_resources=RESOURCES)
    assert str(caught.value) == (
        "setting server.trusted_proxy (EXACT_SYNC_SERVER__TRUSTED_PROXY): "
        "is neither true nor false nor networks, such as 10.0.0.0/8"
    )


@pytest.mark.parametrize("value", ["", " "])
def test_a_blank_data_folder_is_the_usual_one(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    usual = load(known_resources=RESOURCES).data_dir
    monkeypatch.setenv("EXACT_SYNC_DATA_DIR", value)
    assert load(known_resources=RESOURCES).data_dir == usual


@pytest.mark.parametrize("value", ["canary", "name=value,canary", "=canary"])
def test_headers_without_a_name_or_a_value_are_refused(tmp_path: Path, value: str) -> None:
    said = str(refused(tmp_path, f'telemetry.headers = "{value}"'))
    assert "setting telemetry.headers (EXACT_SYNC_TELEMETRY__HEADERS" in said
    assert "canary" not in said


def test_a_resource_has_its_own_schedule(tmp_path: Path) -> None:
    text = '[resources.items]\nevery = "15m"\n[resources.contacts]\ncron = "15 6 * * 1-5"\nenabled = false'
    settings = load(written(tmp_path, text), known_resources=RESOURCES)
    assert settings.resource("items").every == timedelta(minutes=15)
    assert settings.resource("contacts").cron == "15 6 * * 1-5"
    assert settings.resource("contacts").enabled is False
    assert settings.resource("customers").enabled is True


def test_a_resource_can_be_set_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXACT_SYNC_RESOURCES__items__every", "5m")
    assert load(known_resources=RESOURCES).resource("items").every == timedelta(minutes=5)
    assert unknown_variables() == []
    monkeypatch.setenv("EXACT_SYNC_RESOURCES__itemz__every", "5m")
    with pytest.raises(BadConfiguration, match=r"unknown setting resources\.itemz"):
        load(known_resources=RESOURCES)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('intervall = "1h"', "did you mean interval?"),
        ('[resources.item]\nevery = "1h"', "did you mean resources.items?"),
        ('[resources.items]\nevry = "1h"', "did you mean resources.items.every?"),
        ("zzzzzz = 1", "known are: "),
        ('["exact.items; DROP"]\nx = 1', "unknown setting exact.items; DROP"),
        ('[resources."items\\"; --"]\nevery = "1h"', "unknown setting resources.items"),
    ],
)
def test_an_unknown_key_is_an_error_with_the_nearest_known_name(tmp_path: Path, text: str, says: str) -> None:
    assert says in str(refused(tmp_path, text))


def test_an_unknown_variable_is_only_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXACT_SYNC_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("EXACT_SYNC_PORT_8471_TCP", "tcp://10.0.0.1:8471")
    monkeypatch.setenv("exact_sync_region", "be")
    assert load(known_resources=RESOURCES).region == "be"
    assert unknown_variables() == ["EXACT_SYNC_PORT_8471_TCP", "EXACT_SYNC_SERVICE_HOST"]


@pytest.mark.parametrize(
    "name",
    [
        "SERVER__HOTS",
        "SERVER__PORT__TCP",
        "SERVER__TOKENS__CI__HSAH",
        "ALERTS__LAGG",
        "OUTBOX__TARGETS__SHOP__SECRETT",
        "OUTBOX__TARGET",
        "RESOURCES__ITEMS__EVRY",
        "CONNECTIONS__BE__CLIENT_SECRETT",
        "TELEMETRY__",
        "CLIENT_ID__X",
    ],
)
def test_an_unknown_variable_of_a_section_is_only_reported_too(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("EXACT_SYNC_SERVER__PORT", "9")
    monkeypatch.setenv(f"EXACT_SYNC_{name}", "1")
    assert load(known_resources=RESOURCES).server.port == 9
    assert unknown_variables() == [f"EXACT_SYNC_{name}"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("WORKER", "WORKERS"),
        ("SERVER_PORT", "SERVER__PORT"),
        ("SERVER__HOTS", "SERVER__HOST"),
        ("CONNECTIONS__BE__CLIENT_SECRETT", "CONNECTIONS__BE__CLIENT_SECRET"),
        ("RESOURCES__ITEMS__CRONN", "RESOURCES__ITEMS__CRON"),
        ("SERVER__TOKENS__CI__HSAH", "SERVER__TOKENS__CI__HASH"),
        ("PORT_8471_TCP", None),
        ("SERVICE_HOST", None),
        ("SOMETHING__ELSE", None),
        ("", None),
    ],
)
def test_what_was_meant_by_an_unknown_variable(name: str, meant: str | None) -> None:
    assert variable_near(f"EXACT_SYNC_{name}") == (f"EXACT_SYNC_{meant}" if meant else None)


def test_every_known_variable_of_a_section_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {
        "TELEMETRY__HEADERS__X-KEY": "a",
        "TELEMETRY__HEADERS": "{}",
        "CONNECTIONS__BE__SCHEMA": "belgium",
        "RESOURCES__ITEMS": "{}",
        "OUTBOX__TARGETS": "{}",
        "SERVER__TRUSTED_PROXY": "true",
    }
    for name, value in known.items():
        monkeypatch.setenv(f"EXACT_SYNC_{name}", value)
    assert unknown_variables() == []
    settings = load(known_resources=RESOURCES)
    assert settings.connections["be"].schema_name == "belgium"
    assert settings.server.trusted_proxy is True


@pytest.mark.parametrize(
    "text",
    [
        "workers = 0",
        'region = "us"',
        'base_url = "start.exactonline.nl"',
        'base_url = "https://start.exactonline.nl/api"',
        'base_url = "file:///etc/passwd"',
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
    "rest", ["?x=1", "/?x", "#x", ":port", ":0", ":99999", ":-1", "/api", " ", " x", "\\n", "]", "[::1"]
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


@pytest.mark.parametrize("section", ["", "[connections.be]\n"])
def test_an_address_with_a_password_is_refused_without_showing_it(tmp_path: Path, section: str) -> None:
    """It would be shown wherever the site is."""
    for user in ("canary", "canary:canary", ":canary"):
        error = refused(tmp_path, f'{section}base_url = "http://{user}@127.0.0.1:8490"')
        assert "base_url" in str(error)
        assert "can't have a user or password in it" in str(error)
        assert "canary" not in str(error)


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


def test_a_secret_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch, secrets: Path) -> None:
    (secrets / "client_secret").write_text("canary")

    def refuse(self: Path, *_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied", str(self))

    with monkeypatch.context() as patch:  # root may read everything
        patch.setattr(Path, "read_text", refuse)
        with pytest.raises(BadConfiguration, match=r"client_secret can't be read: Permission denied$"):
            load(known_resources=RESOURCES)
    (secrets / "client_secret").write_bytes(b"caf\xe9")
    with pytest.raises(BadConfiguration, match=r"setting client_secret: its file .* is no text"):
        load(known_resources=RESOURCES)


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
