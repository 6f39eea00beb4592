"""What someone does behind our back; each names the key of the row that it concerns."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tests.deployment import Deployment
from tests.facts import sql


@dataclass(frozen=True)
class Case:
    """A resource, and the column that somebody changes in it."""

    name: str
    column: str
    value: str
    settings: dict[str, Any]

    @property
    def key(self) -> str:
        return "entry_id" if self.name == "financial_transactions" else "id"

    def row(self, deployment: Deployment, at: int) -> str:
        query = (
            f"SELECT {self.key}::text FROM exact.{self.name} WHERE _deleted_at IS NULL ORDER BY 1 OFFSET {at}"
        )
        return str(sql(deployment, query)[0][0])


def removed(deployment: Deployment, case: Case) -> tuple[str, str]:
    key = case.row(deployment, 1)
    sql(deployment, f"DELETE FROM exact.{case.name} WHERE {case.key} = '{key}'")
    return "missing", key


def marked(deployment: Deployment, case: Case) -> tuple[str, str]:
    key = case.row(deployment, 2)
    sql(deployment, f"UPDATE exact.{case.name} SET _deleted_at = now() WHERE {case.key} = '{key}'")
    return "missing", key


def changed(deployment: Deployment, case: Case) -> tuple[str, str]:
    key = case.row(deployment, 3)
    sql(deployment, f"UPDATE exact.{case.name} SET {case.column} = {case.value} WHERE {case.key} = '{key}'")
    return "changed", key


def added(deployment: Deployment, case: Case) -> tuple[str, str]:
    key = f"f{str(uuid4())[1:]}"
    copy = f"jsonb_populate_record(t, jsonb_build_object('{case.key}', '{key}'))"
    sql(
        deployment,
        f"INSERT INTO exact.{case.name} SELECT ({copy}).* FROM exact.{case.name} t "
        f"WHERE {case.key} = '{case.row(deployment, 4)}'",
    )
    return "extra", key
