"""What several divisions learn of one endpoint adds up."""

from sqlalchemy import text

from exact_sync.catalog import Edm
from exact_sync.catalog.custom import custom
from exact_sync.store import learned, provision
from exact_sync.store.database import Database

MINE = custom("mine", "beta/Things", None, None)


def test_what_another_division_learned_meanwhile_is_kept(database: Database) -> None:
    with database.begin() as connection:
        learned.save(connection, MINE, {"ID": Edm.GUID, "A": Edm.STRING, "N": Edm.INT64, "B": None})
        both = learned.save(connection, MINE, {"ID": Edm.GUID, "C": Edm.GUID, "N": Edm.DOUBLE, "A": None})
        assert both == {"ID": Edm.GUID, "A": Edm.STRING, "N": Edm.DOUBLE, "B": None, "C": Edm.GUID}
        assert learned.read(connection, MINE) == both
        types = provision.columns_there(connection)["mine"]
        # F40: behind a change that waits for a long query all readers wait, too.
        assert connection.execute(text("SHOW lock_timeout")).scalar() == "2s"
    assert (types["a"], types["n"], types["c"]) == ("text", "numeric", "uuid")
    assert "b" not in types


def test_another_endpoint_under_the_same_name_is_learned_anew(database: Database) -> None:
    with database.begin() as connection:
        learned.save(connection, MINE, {"ID": Edm.GUID, "A": Edm.STRING})
        assert learned.read(connection, custom("mine", "beta/Others", None, None)) == {}
        assert learned.known(connection, custom("other", "beta/Things", None, None)) is None
