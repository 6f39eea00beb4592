"""What the documentation says exists, and what exists is documented."""

import importlib.util
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from sqlalchemy import text

from exact_sync import errors
from exact_sync.catalog import RESOURCES
from exact_sync.cli import cli
from exact_sync.config import Settings
from exact_sync.store import migrate, state
from exact_sync.store.database import Database
from exact_sync.store.schemas import Schemas
from tests.mirror import DEFAULTS
from tests.processes import Here

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]

_OF_THE_USER = {"config.toml", "exact.dump"}
"""Files that the documentation speaks of and that only exist at the reader's."""

_FILE = re.compile(r"`((?:[\w.-]+/)*(?:[\w.-]+\.(?:toml|md|yml|txt|py|ini)|Dockerfile|Makefile))`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def everything() -> str:
    return "\n".join(map(read, PAGES))


def commands(command: click.Command, path: str = "exact-sync") -> Iterator[str]:
    """Every command as it is typed, such as ``exact-sync auth login``."""
    if not isinstance(command, click.Group):
        yield path
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        sub = command.get_command(context, name)
        assert sub is not None
        yield from commands(sub, f"{path} {name}")


def kinds(kind: type[errors.ExactSyncError]) -> Iterator[type[errors.ExactSyncError]]:
    yield kind
    for sub in kind.__subclasses__():
        yield from kinds(sub)


def test_every_command_is_documented() -> None:
    known, told = list(commands(cli)), everything()
    assert "exact-sync auth login" in known
    assert [command for command in known if not re.search(rf"\b{re.escape(command)}\b", told)] == []


def test_no_command_is_cut_off_in_a_list_of_commands() -> None:
    def listed(command: click.Command) -> Iterator[str]:
        if isinstance(command, click.Group):
            context = click.Context(command)
            found = {name: command.get_command(context, name) for name in command.list_commands(context)}
            for sub in found.values():
                assert sub is not None
                yield sub.get_short_help_str(72 - max(map(len, found)))  # as on a terminal of 80 columns
                yield from listed(sub)

    assert [line for line in listed(cli) if line.endswith("...")] == []


def test_every_command_in_the_readme_exists() -> None:
    known = set(commands(cli))
    groups = {command.rsplit(" ", 1)[0] for command in known if command.count(" ") == 2}
    for found in re.findall(r"`exact-sync ([a-z][a-z -]*)", read(README)) + re.findall(
        r"^\$ exact-sync ([a-z][a-z ]*)", read(README), re.MULTILINE
    ):
        words = found.split()
        command = f"exact-sync {words[0]}"
        if command in groups:
            command += f" {words[1]}"
        assert command in known


def test_every_exit_code_is_documented() -> None:
    table = read(README).split("## When something is wrong")[1]
    documented = set(re.findall(r"^\| `(\d+)` \|", table, re.MULTILINE))
    assert documented == {"0", "1", "130"} | {str(kind.exit_code) for kind in kinds(errors.ExactSyncError)}


def test_every_resource_is_in_the_readme() -> None:
    table = read(README).split("## What is stored")[1]
    assert set(re.findall(r"^\| `(\w+)` \|", table.split("## ")[0], re.MULTILINE)) == DEFAULTS


def test_every_setting_in_the_readme_exists() -> None:
    section = read(README).split("\n## Settings\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`.+?) \| (`.+?) \|", section, re.MULTILINE)
    names = [name for cell, _ in rows for name in re.findall(r"`([a-z_]+)`", cell) if "[" not in cell]
    assert len(names) > 8
    assert set(names) <= set(Settings.model_fields)
    variables = set(re.findall(r"EXACT_SYNC_([A-Z_]+)", everything()))
    known = {name.upper() for name in Settings.model_fields} | {"CONFIG", "SECRETS_DIR"}
    assert {name for name in variables if name not in known and "__" not in name} == set()


def test_every_state_table_is_explained() -> None:
    page = read(ROOT / "docs" / "architecture.md")
    tables = {table.name for table in state.metadata.tables.values() if table.schema == state.SCHEMA}
    assert {name for name in tables if f"`{name}`" not in page} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    named = set(_FILE.findall(read(page))) - _OF_THE_USER
    assert {name for name in named if not (ROOT / name).exists()} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in _LINK.findall(read(page)):
        if link.startswith("https://"):
            continue
        file, _, anchor = link.partition("#")
        target = (page.parent / file) if file else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def anchors(page: Path) -> set[str]:
    """What a heading is called in a link, as code hosts make it."""
    return {
        re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
        for heading in _HEADING.findall(read(page))
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_sql_statement_works(page: Path, database: Database) -> None:
    migrate.upgrade(database.within(Schemas("exact_be", "exact_be_sync")))
    with database.connect() as connection:
        connection.execute(text("BEGIN"))
        for block in re.findall(r"```sql\n(.+?)```", read(page), re.DOTALL):
            for statement in filter(None, map(str.strip, block.split(";"))):
                connection.execute(text(statement))
        connection.execute(text("ROLLBACK"))


def test_the_page_of_tables_is_up_to_date() -> None:
    spec = importlib.util.spec_from_file_location("generate_tables", ROOT / "docs" / "generate_tables.py")
    assert spec is not None
    assert spec.loader is not None
    generator = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generator)
    assert generator.page() == read(generator.FILE), "run: python docs/generate_tables.py"


def test_the_command_counts_the_columns_that_the_page_counts(here: Here) -> None:
    page = read(ROOT / "docs" / "tables.md")
    counts = dict(re.findall(r"^\| \[`(\w+)`\].* \| (\d+) \|$", page, re.MULTILINE))
    shown = [line.split() for line in here.run("resources")[1].splitlines()[1:]]
    assert {line[0]: line[4] for line in shown} == counts
    assert len(counts) == len(RESOURCES)


def test_every_dependency_is_explained() -> None:
    project = tomllib.loads(read(ROOT / "pyproject.toml"))
    required = [
        *project["project"]["dependencies"],
        *project["project"]["optional-dependencies"]["dev"],
        *project["project"]["optional-dependencies"]["otel"],
        *project["dependency-groups"]["build"],
    ]
    names = {re.split(r"[\[<>=!~ ]", requirement)[0] for requirement in required}
    names.remove("exact-sync")  # its own extra
    page = read(ROOT / "docs" / "dependencies.md")
    assert set(re.findall(r"^\| ([\w-]+) \| ", page, re.MULTILINE)) - {"package"} == names


def test_a_virtual_environment_that_could_not_be_made_whole_is_made_again(tmp_path: Path) -> None:
    """As Debian's Python leaves it without python3-venv: with a python in it, and no pip."""
    python = tmp_path / "python3"
    python.write_text(
        '#!/bin/sh\n[ "$2" = venv ] && mkdir -p .venv/bin && touch .venv/bin/python && exit 1\nexit 0\n'
    )
    python.chmod(0o755)
    make = ["make", "-f", str(ROOT / "Makefile"), ".venv/bin/python", f"PYTHON={python}"]
    assert subprocess.run(make, cwd=tmp_path, capture_output=True, check=False).returncode == 2
    assert not (tmp_path / ".venv").exists()


def test_the_image_can_be_built_of_what_the_build_sees() -> None:
    """Docker leaves everything out that .dockerignore does not name again, and COPY fails for it."""
    seen = set(re.findall(r"^!(\S+)", read(ROOT / ".dockerignore"), re.MULTILINE))
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", read(ROOT / "Dockerfile"), re.MULTILINE)
    needed = {source for line in copied for source in line.split()}
    assert {"requirements.txt", "exact_sync"} <= needed
    assert needed == seen
    assert {name for name in needed if not (ROOT / name).exists()} == set()


def test_the_compose_file_asks_for_nothing_that_compose_refuses() -> None:
    """Compose copies a secret into the container unless it is a file, and can't where that is read-only."""
    compose = read(ROOT / "docker-compose.yml")
    sources = re.findall(
        r"^    (\w+):", compose.partition("\nsecrets:\n")[2].partition("\n\n")[0], re.MULTILINE
    )
    assert "read_only: true" not in compose or set(sources) <= {"file"}


def test_the_container_starts_as_documented() -> None:
    lines = read(ROOT / "Dockerfile")
    assert 'ENTRYPOINT ["exact-sync"]' in lines
    assert 'CMD ["run"]' in lines
    assert re.search(r"^USER \d+", lines, re.MULTILINE)
    checked = re.search(r'HEALTHCHECK .*?CMD \["exact-sync", "(\w+)"\]', lines, re.DOTALL)
    assert checked is not None
    assert f"exact-sync {checked[1]}" in set(commands(cli))
