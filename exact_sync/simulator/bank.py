"""Bank, cash and memorial entries: what settles invoices, and everyday costs beside it."""

from datetime import date, timedelta
from itertools import pairwise

from exact_sync.simulator.dice import money, share
from exact_sync.simulator.entries import VAT_LINE, Entry, Posting
from exact_sync.simulator.ledger import Bookkeeper, Settlement
from exact_sync.simulator.moments import midnight
from exact_sync.simulator.tax import VAT_CODES

_MOST = 50  # settlements on one statement
_EVERYDAY = (("4440", 450, 3_900), ("4300", 4_000, 12_500), ("4400", 900, 24_000), ("4110", 21_000, 98_000),
             ("4210", 1_500, 16_000), ("4200", 9_900, 160_000))  # fmt: skip
_BALANCES = {"10": ("1000", 250_000), "20": ("1100", 12_500_000), "21": ("1110", 4_000_000)}
"""Ledger account and opening balance (cents) of the journals that keep one."""


def book_bank(keeper: Bookkeeper, entries: int) -> None:
    """Post the settlements on statements, and everyday costs until there are that many entries (at least)."""
    settlements = sorted(keeper.settlements, key=lambda s: s.day)
    entries = max(entries, -(-len(settlements) // _MOST))
    statements = min(len(settlements), max(1, entries * 3 // 4))
    if settlements:
        statements = max(statements, -(-len(settlements) // _MOST))
    # Cut the sorted settlements into that many runs of nearly the same length.
    cuts = [n * len(settlements) // statements for n in range(statements + 1)] if statements else [0]
    todo: list[tuple[date, list[Settlement]]] = [
        (settlements[stop - 1].day, settlements[start:stop]) for start, stop in pairwise(cuts)
    ]
    todo += [(day, []) for day in keeper.setting.history.days(max(0, entries - statements))]
    todo.sort(key=lambda work: work[0])
    balances = {journal: opening for journal, (_, opening) in _BALANCES.items()}
    for i, (day, group) in enumerate(todo):
        journal, lines = ("20", _settling(group)) if group else _everyday(keeper, i)
        moved = -sum(line.dc for line in lines)
        if journal == "10" and balances["10"] + moved < 0:  # a till is never below zero
            journal = "20"
        ledger = _BALANCES[journal][0]
        before = balances[journal]
        balances[journal] = before + moved
        number = keeper.numbering.next(journal, day)
        text = f"Afschrift {number % 10_000}" if journal == "20" else None
        keeper.ledger.post(
            Entry(journal, 40, day, number, text), ledger, lines,
            OpeningBalanceFC=money(before), ClosingBalanceFC=money(before + moved),
        )  # fmt: skip


def _settling(group: list[Settlement]) -> list[Posting]:
    lines: list[Posting] = []
    for s in group:
        text = f"Fact. {s.invoice} {s.account['Name']}"[:60]
        lines.append(
            Posting(
                s.ledger,
                -s.booked,
                -s.booked,
                text,
                account=s.account,
                invoice=s.invoice,
                offset=s.line["ID"],
            )
        )
        if s.booked != s.cents:
            gain = s.cents - s.booked
            lines.append(Posting("9010", -gain, -gain, "Koersverschil", account=s.account, invoice=s.invoice))
    return lines


def _everyday(keeper: Bookkeeper, i: int) -> tuple[str, list[Posting]]:
    """A cost paid by bank or in cash, or interest on the savings account."""
    dice = keeper.setting.dice
    if i % 40 == 7:
        interest = dice.between(800, 9_900)
        return "21", [Posting("9000", -interest, -interest, "Rente")]
    ledger, low, high = dice.pick(_EVERYDAY)
    net = dice.between(low, high)
    title = keeper.chart.by_code[ledger]["Description"]
    vat = VAT_CODES[keeper.setting.country].high_paid
    if ledger == "4440":  # banks charge no VAT
        return "20", [Posting(ledger, net, net, title)]
    tax = share(net, vat.percent, 100)
    lines = [Posting(ledger, net, net, title, vat, tax), Posting("1520", tax, tax, "BTW", number=VAT_LINE)]
    return ("10" if net + tax < 6_000 else "20"), lines


def book_memorial(keeper: Bookkeeper, entries: int) -> None:
    """Wages, depreciation and corrections, spread over the months."""
    history, dice = keeper.setting.history, keeper.setting.dice
    days = sorted(
        _month_end(history.start + timedelta(days=n * 1095 // max(1, entries))) for n in range(entries)
    )
    for i, day in enumerate(days):
        day = min(day, history.end)
        kind = i % 3
        if kind == 0:
            gross = dice.between(1_100_000, 2_600_000)
            tax, pension = share(gross, 31, 100), share(gross, 6, 100)
            text = f"Loonjournaalpost {day:%m-%Y}"
            lines = [Posting("4000", gross, gross, text), Posting("4020", pension, pension, text),
                     Posting("1710", -tax - pension, -tax - pension, text)]  # fmt: skip
            first = "1700"
        elif kind == 1:
            worn = dice.between(20_000, 90_000)
            lines, first = [Posting("4500", worn, worn, "Afschrijving inventaris")], "0105"
        else:
            amount = dice.between(-30_000, 30_000)
            lines, first = [Posting("9020", amount, amount, None)], "1190"
        number = keeper.numbering.next("90", day)
        status = 20 if (keeper.setting.today - day).days < 20 else 50
        keeper.ledger.post(Entry("90", 90, day, number, lines[0].text, status=status), first, lines)


def _month_end(day: date) -> date:
    following = (midnight(day).replace(day=28) + timedelta(days=4)).replace(day=1)
    return following.date() - timedelta(days=1)
