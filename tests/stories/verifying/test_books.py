"""``verify`` compares the books: per account, year and period, to the cent."""

from exact_sync.store import books
from exact_sync.sync.once import exit_code
from tests.deployment import DIVISION
from tests.facts import OTHER, found_other, only, sql
from tests.stories.verifying.damages import Case, added, changed, marked, removed
from tests.stories.verifying.proof import Deploy, asked, kinds, verify

LEDGER = Case("transaction_lines", "amount_dc", "amount_dc + 0.01", {})


def test_the_books_tie_out_to_the_cent_in_every_period_of_every_division(deploy: Deploy) -> None:
    with deploy("transaction_lines", "reporting_balance") as deployment:
        found_other(deployment)
        deployment.sync_well("divisions", "transaction_lines", "reporting_balance")
        for division in (DIVISION, OTHER):
            with deployment.service.database.begin() as connection:
                number, cells = books.compare(connection, division, None)
            lines = sql(
                deployment,
                "SELECT count(DISTINCT (gl_account, financial_year, financial_period)), count(*) "
                "FROM exact.transaction_lines WHERE division = :division",
                division=division,
            )[0]
            assert cells == []
            assert number == lines[0] > 100
            outcome = only(verify(deployment, "transaction_lines"), "transaction_lines", division)
            assert outcome.status == "verified"
            assert outcome.checked == f"{number:,} sums of the books, {lines[1]:,} counted"


def test_what_is_left_of_a_binary_float_is_no_difference_and_a_cent_is(deploy: Deploy) -> None:
    one = "ctid = (SELECT min(ctid) FROM exact.reporting_balance)"
    with deploy("transaction_lines", "reporting_balance") as deployment:
        deployment.sync_well("divisions", "transaction_lines", "reporting_balance")
        for more, differing in (("5.55E-17", 0), ("0.01", 1)):
            sql(deployment, f"UPDATE exact.reporting_balance SET amount = amount + {more} WHERE {one}")
            with deployment.service.database.begin() as connection:
                assert len(books.compare(connection, DIVISION, None)[1]) == differing


def test_with_the_books_it_costs_the_balance_s_pages_and_what_is_new_in_the_ledger_besides(
    deploy: Deploy,
) -> None:
    with deploy("transaction_lines", "reporting_balance", "payments") as deployment:
        pages = only(deployment.sync_well("reporting_balance"), "reporting_balance").tally.calls
        deployment.simulator.stats.reset()
        assert exit_code(verify(deployment, "transaction_lines", "reporting_balance", "payments")) == 0
        assert deployment.calls("ReportingBalance") == pages + 1
        assert deployment.calls("sync/Financial/TransactionLines") == 1
        assert asked(deployment) == 3 + pages + 1
        assert deployment.violations() == {}


def test_a_cent_in_the_ledger_is_found_by_the_books_and_mended(deploy: Deploy) -> None:
    """In lines that the next run doesn't read again by itself."""
    with deploy("transaction_lines", "reporting_balance") as deployment:
        deployment.sync_well("transaction_lines")
        for damage in (changed, added, removed, marked):
            _, key = damage(deployment, LEDGER)
            outcome = only(verify(deployment, "transaction_lines"), "transaction_lines")
            line = sql(deployment, f"SELECT * FROM exact.transaction_lines WHERE id = '{key}'")
            assert outcome.exit_code == 1
            assert "sum" in kinds(outcome), (damage, key, line)
            sums = [d for d in outcome.differences if d.kind == "sum"]
            assert len(sums) == 1
            assert sums[0].detail.startswith("here ")
            outcome = only(verify(deployment, "transaction_lines", repair=True), "transaction_lines")
            assert (outcome.status, outcome.differences) == ("verified", ())
        for damage in (changed, added, removed, marked):
            damage(deployment, LEDGER)
        assert exit_code(verify(deployment, "transaction_lines")) == 1
        assert exit_code(verify(deployment, "transaction_lines", repair=True)) == 0
        assert deployment.differences("transaction_lines") == []
        assert deployment.violations() == {}


def test_a_line_whose_record_cannot_be_read_is_at_exact_and_the_books_do_not_bury_it(deploy: Deploy) -> None:
    """Where the key is what can't be read, it may be any of them."""
    with deploy("transaction_lines", "reporting_balance") as deployment:
        deployment.sync_well("transaction_lines")
        wrong, other = sql(
            deployment,
            "SELECT min(id::text), max(id::text) FROM exact.transaction_lines "
            "GROUP BY gl_account, financial_year, financial_period HAVING count(*) > 1 LIMIT 1",
        )[0]
        damage = f"UPDATE exact.transaction_lines SET amount_dc = amount_dc + 1 WHERE id = '{wrong}'"
        sql(deployment, damage)
        faults = deployment.simulator.faults
        faults.add("value", path="nLines", key=other, values={"Quantity": '"much"'}, times=None)
        outcome = only(verify(deployment, "transaction_lines", repair=True), "transaction_lines")
        assert (outcome.status, outcome.tally.deleted) == ("verified", 0)
        faults.clear()
        faults.add("null_key", path="financialtransaction/TransactionLines", times=None)
        sql(deployment, damage)
        outcome = only(verify(deployment, "transaction_lines", repair=True), "transaction_lines")
        assert outcome.tally.deleted == 0


def test_where_much_of_the_ledger_is_wrong_it_is_read_again_at_once(deploy: Deploy) -> None:
    with deploy("transaction_lines", "reporting_balance") as deployment:
        sql(deployment, "UPDATE exact.transaction_lines SET amount_dc = amount_dc + 1")
        deployment.sync_well("transaction_lines")
        deployment.simulator.stats.reset()
        outcome = only(verify(deployment, "transaction_lines", repair=True), "transaction_lines")
        assert outcome.status == "verified"
        assert deployment.differences("transaction_lines") == []
        assert deployment.calls("TransactionLines") < 10


def test_hidden_ledger_lines_are_not_buried_by_the_books(deploy: Deploy) -> None:
    with deploy("transaction_lines", "reporting_balance") as deployment:
        sql(
            deployment,
            "INSERT INTO exact.transaction_lines SELECT (jsonb_populate_record(NULL::exact.transaction_lines,"
            " to_jsonb(t) || jsonb_build_object('id', gen_random_uuid(), '_version', NULL))).* FROM ("
            "SELECT * FROM exact.transaction_lines WHERE amount_dc > 0 LIMIT 1) t, generate_series(1, 200)",
        )
        deployment.simulator.faults.add("hidden", path="financialtransaction/TransactionLines", times=None)
        before = sql(deployment, "SELECT count(*) FROM exact.transaction_lines WHERE _deleted_at IS NULL")
        outcome = only(verify(deployment, "transaction_lines", repair=True), "transaction_lines")
        assert outcome.exit_code == 1
        assert "sum" in kinds(outcome)
        assert (
            sql(deployment, "SELECT count(*) FROM exact.transaction_lines WHERE _deleted_at IS NULL")
            == before
        )


def test_books_that_cannot_be_read_are_a_note_and_the_rest_is_compared(deploy: Deploy) -> None:
    with deploy("transaction_lines") as deployment:
        deployment.simulator.faults.add("status", path="ReportingBalance", times=None, status=403)
        deployment.sync("reporting_balance")
        for _ in range(2):  # found out now, and known already
            outcome = only(verify(deployment, "transaction_lines"), "transaction_lines")
            assert (outcome.status, outcome.exit_code) == ("verified", 0)
            assert "the books were not added up" in str(outcome.message)
            assert "counted" in outcome.checked
