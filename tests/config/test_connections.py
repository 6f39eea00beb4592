"""Sections of the settings: which connections there are, and what is told of a mistake in one."""

from datetime import date
from pathlib import Path

import pytest

from exact_sync import logs
from exact_sync.config import Settings, load, unknown_variables
from exact_sync.connections import Connection, connections, named
from exact_sync.errors import BadConfiguration
from exact_sync.patterns import Pattern
from exact_sync.service import load_settings

TOP = 'client_id = "top"\nclient_secret = "secret of the top"\n'


def of(text: str) -> list[Connection]:
    Path("config.toml").write_text(text)
    return connections(load(known_resources=["items"]))


def refused(text: str) -> str:
    with pytest.raises(BadConfiguration) as caught:
        of(text)
    return str(caught.value)


def test_without_sections_there_is_one_that_needs_no_name() -> None:
    [only] = of(TOP)
    assert (only.name, only.schema, only.state_schema) == ("default", "exact", "exact_sync")
    assert (only.label, only.hint("run: exact-sync auth login")) == ("", "run: exact-sync auth login")
    assert (only.settings.client_id, only.webhook_url) == ("top", None)
    assert [each.name for each in connections(Settings())] == ["default"]


def test_each_section_has_its_own_schemas_and_inherits_no_secret() -> None:
    top, be, fr = of(
        TOP
        + 'region = "de"\ndivisions = [7]\nstart_date = 2020-01-01\nworkers = 3\nconnection_day_limit = 9\n'
        '[connections.be]\nregion = "be"\nclient_id = "b"\ndivisions = [1, "name:B*"]\n'
        '[connections.fr]\nschema = "france"\nstart_date = 2023-01-01\nexclude_divisions = "country:BE"\n'
    )
    assert [each.schema for each in (top, be, fr)] == ["exact", "exact_be", "france"]
    assert [each.state_schema for each in (top, be, fr)] == ["exact_sync", "exact_be_sync", "france_sync"]
    assert (be.settings.site, be.settings.client_id) == ("https://start.exactonline.be", "b")
    assert be.settings.divisions == [1, Pattern("name", "B*")]
    assert (be.settings.client_secret, fr.settings.client_id) == (None, None)
    assert (fr.settings.site, fr.settings.divisions) == ("https://start.exactonline.nl", "all")
    assert fr.settings.exclude_divisions == [Pattern("country", "BE")]
    assert (be.settings.start_date, fr.settings.start_date) == (date(2020, 1, 1), date(2023, 1, 1))
    assert (be.settings.workers, be.settings.connection_day_limit, top.settings.connection_day_limit) == (
        3,
        None,
        9,
    )
    assert be.label == "be: "
    assert (
        be.hint("run: exact-sync auth login --paste") == "run: exact-sync auth login --connection be --paste"
    )


def test_without_an_app_at_the_top_level_the_first_section_is_the_first_connection() -> None:
    nl, be = of('[connections.nl]\nclient_id = "n"\n[connections.be]\nclient_id = "b"\n')
    assert [(nl.name, nl.schema), (be.name, be.schema)] == [("nl", "exact"), ("be", "exact_be")]
    [only] = of('[connections.nl]\nclient_id = "n"\n')
    assert only.label == ""


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[connections.Be]\n", "connections.Be: a connection can't have this name"),
        ("[connections.b-e]\n", "connections.b-e"),
        (f"[connections.{'x' * 22}]\n", "up to 21 small letters"),
        (TOP + "[connections.default]\n", "the connection at the top level has this name"),
        (TOP + "[connections.sync]\n", "connections.sync.schema: the schema exact_sync belongs to"),
        (TOP + "[connections.be]\n[connections.be_sync]\n", "the schema exact_be_sync belongs to"),
        (TOP + '[connections.be]\nschema = "exact"\n', "the schema exact belongs to the connection default"),
        ('[connections.be]\nschema = "public"\n', "'public' can't be the schema"),
        ('[connections.be]\nschema = "pg_x"\n', "'pg_x' can't be the schema"),
        ('[connections.be]\nschema = "a; DROP"\n', "can't be the schema"),
        ('[connections.be]\nregon = "be"\n', "did you mean connections.be.region?"),
        ('[connections.be]\nschema_name = "x"\n', "unknown setting connections.be.schema_name"),
        ('[connections.be]\nregion = "us"\n', "connections.be.region (EXACT_SYNC_CONNECTIONS__BE__REGION"),
        ('[connections.be]\ndivisions = ["town:Delft"]\n', "'town:Delft' names no division"),
        ("[connections.be]\nconnection_day_limit = 0\n", "connections.be.connection_day_limit"),
        ("connections = 5", "connections"),
        ("[connections]\nbe = 5", "connections.be"),
        ('region = "be"\n[connections.be]\nclient_id = "b"', "such as [connections.be]"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_that_names_its_place(text: str, says: str) -> None:
    said = refused(text)
    assert says in said
    assert "\n" not in said


def test_sections_come_from_the_environment_and_the_secrets_folder_too(
    monkeypatch: pytest.MonkeyPatch, secrets: Path
) -> None:
    monkeypatch.setenv("EXACT_SYNC_CONNECTIONS__BE__CLIENT_ID", "b")
    monkeypatch.setenv("EXACT_SYNC_CONNECTIONS__BE__DIVISIONS", "1, name:B*")
    monkeypatch.setenv("EXACT_SYNC_CONNECTIONS__BE__SCHEMA", "belgium")
    monkeypatch.setenv("EXACT_SYNC_CONNECTIONS__AT__CLIENT_ID", "a")
    (secrets / "connections__be__client_secret").write_text("be's canary\n")
    (secrets / "EXACT_SYNC_CONNECTIONS__FR__CLIENT_SECRET").write_text("fr's canary\n")
    found = of('[connections.fr]\nclient_id = "f"\n')
    # As in the file, then by name: the order of the environment is chance.
    assert [each.name for each in found] == ["fr", "at", "be"]
    fr, _, be = found
    assert (be.schema, be.settings.divisions) == ("belgium", [1, Pattern("name", "B*")])
    assert unknown_variables() == []
    assert [each.name for each in of("connections = 5")] == ["at", "be", "fr"]
    for each in (fr, be):
        assert each.settings.client_secret is not None
        assert each.settings.client_secret.get_secret_value() == f"{each.name}'s canary"
        load_settings()
        assert "canary" not in logs.clean(f"it is {each.name}'s canary")
    (secrets / "connections__be__client_secrett").write_text("x")
    assert "did you mean connections.be.client_secret?" in refused("")
    (secrets / "connections__be__client_secrett").unlink()
    (secrets / "connections__be__client_secret").write_bytes(b"\xffcanary")
    assert "connections__be__client_secret can't be read: it is no text" in refused("")


def test_each_connection_hears_webhooks_under_a_url_of_its_own(secrets: Path) -> None:
    (secrets / "webhook_secret").write_text("canary of the top\n")
    (secrets / "connections__be__webhook_secret").write_text("canary of be\n")
    top, be = of(
        TOP
        + '[server]\npublic_url = "https://sync.example.com/"\n'
        + '[connections.be]\nwebhook_url = "https://be.example.com/x?y"\n'
    )
    assert top.webhook_url == "https://sync.example.com/webhooks/exact/default"
    assert be.webhook_url == "https://be.example.com/x?y"
    for each, canary in ((top, "canary of the top"), (be, "canary of be")):
        assert each.settings.webhook_secret is not None
        assert each.settings.webhook_secret.get_secret_value() == canary
        load_settings()
        assert "canary" not in logs.clean(f"it is the {canary}")
    assert be.hint("run: exact-sync webhooks list") == "run: exact-sync webhooks list --connection be"


@pytest.mark.parametrize(
    "url",
    ["http://example.com/x", "sync.example.com", "https:///x", "ftp://localhost/", "https://u:p@e.com/#x"],
)
def test_exact_is_given_no_url_that_it_could_not_call(url: str) -> None:
    assert "is no URL that Exact could call" in refused(f'{TOP}webhook_url = "{url}"')
    assert "is no URL of a site" in refused(f'{TOP}[server]\npublic_url = "{url}"')
    assert "is no URL of a site" in refused(f'{TOP}[server]\npublic_url = "https://example.com/path"')
    assert of(f'{TOP}webhook_url = "http://127.0.0.1:8480/webhooks/exact/default"')


def test_a_connection_is_found_by_its_name() -> None:
    every = of(TOP + "[connections.be]\n[connections.fr]\n")
    assert named(every, None) == every
    assert named(every, "fr") == every[2:]
    with pytest.raises(BadConfiguration, match=r"no connection xyz \(there is: default, be, fr\)"):
        named(every, "xyz")
    assert (every[1].setting("client_id"), every[1].variable("client_id")) == (
        "connections.be.client_id",
        "EXACT_SYNC_CONNECTIONS__BE__CLIENT_ID",
    )


def test_an_empty_variable_means_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXACT_SYNC_DIVISIONS", "")
    monkeypatch.setenv("EXACT_SYNC_EXCLUDE_DIVISIONS", "")
    settings = load(known_resources=[])
    assert (settings.divisions, settings.exclude_divisions) == ("all", [])
    monkeypatch.delenv("EXACT_SYNC_DIVISIONS")
    assert "names no division" in refused("divisions = []")
