"""documents/Documents, linked to accounts, items, invoices and entries, and the list of their attachments."""

from decimal import Decimal

from exact_sync.simulator import names
from exact_sync.simulator.dice import Rare
from exact_sync.simulator.entries import Entry
from exact_sync.simulator.moments import midnight
from exact_sync.simulator.sales import Sale
from exact_sync.simulator.setting import SITE, Record, Setting

_TYPES = (
    (10, "Sales invoice", "Customers"),
    (20, "Purchase invoice", "Suppliers"),
    (100, "Miscellaneous", "General"),
)
_BODIES = (
    "<p>Geachte heer/mevrouw,</p><p>Bijgaand onze factuur&nbsp;&euro;&nbsp;1.210,&ndash; &amp; bijlage.</p>",
    "<html><head><style>p{color:#333}</style></head><body>"
    '<p class="x">Één <b>vet</b> &lt;woord&gt;</p></body></html>',
    "<ul><li>Müller &amp; Söhne</li>\r\n<li>日本 🎌</li></ul>",
    "Platte tekst zonder opmaak.\n\nMet een lege regel.",
    "",
    "<table>" + "<tr><td>Regel</td><td>1,00</td></tr>" * 60 + "</table>",
)
_FILES = (
    "factuur-{}.pdf",
    "Scan {}.jpg",
    "bijlage ({}).xlsx",
    "Überblick_{}.docx",
    "ubl-{}.xml",
    "e-mail {} 📎.eml",
)
_RARE = Rare(
    ("ContractNumber", (("C-2024/017",), ("",))),
    ("DocumentFolderCode DocumentFolderDescription", (("2024", "Archief 2024"), ("INK",
     "Inkoop › facturen"))),
    ("EntryStatusDescription ProposedEntryStatus ActionRegenerateEntryProposal", (("Open", 20, False),
     ("Processed", 50, False), ("Rejected", 5, True), ("Void", 0, False))),
    ("ProjectCode ProjectDescription", (("N-2024", "Nieuwbouw Noordzijde"),)),
    ("SalesOrderNumber", ((4000123,), (4000999,))), ("ShopOrderNumber", ((7001,),)),
    ("TeamsMeetingId", (("19:meeting_MjdhNjM4YzUt@thread.v2",),)), every=7,
)  # fmt: skip
_GUIDS = {"ContractID": "ContractNumber", "DocumentFolder": "DocumentFolderCode", "Project": "ProjectCode",
          "Opportunity": "TeamsMeetingId"}  # fmt: skip


def found_papers(
    setting: Setting, n: int, accounts: list[Record], contacts: list[Record], items: list[Record],
    sales: list[Sale], entries: list[Entry],
) -> list[Record]:  # fmt: skip
    """n documents; the invoices and entries they belong to learn of them."""
    dice, history = setting.dice, setting.history
    categories = {name: dice.guid() for _, _, name in _TYPES}
    guids = {name: dice.guid() for name in _GUIDS}
    numbered = [s for s in sales if s.processed]
    bought = [e for e in entries if e.kind in (30, 31)]
    made: list[Record] = []
    for i in range(n):
        kind, title, category = _TYPES[i % 3]
        sale = numbered[i // 3 * 7 % len(numbered)] if kind == 10 and numbered else None
        entry = bought[i // 3 * 5 % len(bought)] if kind == 20 and bought else None
        account = dice.pick(accounts) if not (sale or entry) and accounts and i % 2 else None
        if sale:
            account = sale.customer
        elif entry:
            account = entry.account
        stamps = history.stamps(sale.day if sale else entry.day if entry else None)
        identity = dice.guid()
        body = dice.pick(_BODIES) if i % 2 else None
        record: Record = {
            "ID": identity, "Body": body, "HasEmptyBody": not body, "Category": categories[category],
            "CategoryDescription": category, "Currency": "EUR", "DocumentDate": midnight(stamps[0].date()),
            "HID": i + 1,
            "DocumentViewUrl": f"{SITE}/docs/DocViewContent.aspx?ID={identity}&_Division_={setting.division}",
            "InheritShare": i % 8 == 3, "SendMethod": (0, 0, 1, 2)[i % 4], "Type": kind,
            "TypeDescription": title,
            "Subject": f"{title} {i + 1} – {account['Name']}" if account else dice.pick(names.REMARKS)[:80],
            "Language": ("NL", "EN", None)[i % 3 if i % 5 else 1],
            "ExpiryDate": midnight(history.today) if i % 11 == 4 else None,
        }  # fmt: skip
        if account:
            record["Account"], record["AccountCode"] = account["ID"], account["Code"]
            record["AccountName"] = account["Name"]
        if contacts and i % 6 == 5:
            contact = dice.pick(contacts)
            record["Contact"], record["ContactFullName"] = contact["ID"], contact["FullName"]
        if items and i % 12 == 2:
            item = dice.pick(items)
            record["Item"], record["ItemCode"] = item["ID"], item["Code"]
            record["ItemDescription"] = item["Description"]
        _RARE.fill(record, i, dice)
        for name, companion in _GUIDS.items():
            if record.get(companion) is not None:
                record[name] = guids[name]
        setting.stamp(record, stamps)
        _belong(record, sale, entry)
        made.append(record)
    return made


def _belong(document: Record, sale: Sale | None, entry: Entry | None) -> None:
    """A document is that of an invoice or of an entry, or of neither."""
    if sale:
        document["SalesInvoiceNumber"] = sale.record["InvoiceNumber"]
        document["AmountFC"] = sale.record["AmountFC"]
        _link(document, [sale.record])
    if entry:
        document["FinancialTransactionEntryID"] = entry.record["EntryID"]
        document["AmountFC"], document["Currency"] = -entry.lines[0]["AmountFC"], entry.currency
        _link(document, [entry.record, *entry.lines])


def _link(document: Record, others: list[Record]) -> None:
    for record in others:
        record["Document"], record["DocumentNumber"] = document["ID"], document["HID"]
        record["DocumentSubject"] = document["Subject"]


def found_attachments(setting: Setting, documents: list[Record], n: int) -> list[Record]:
    """n attachments; some documents have several, most have none."""
    dice = setting.dice
    made: list[Record] = []
    for i in range(n if documents else 0):
        document = documents[i * 2 % len(documents)]
        identity = dice.guid()
        query = f"ID={identity}&_Division_={setting.division}&Stamp=NL001"
        made.append(
            {
                "ID": identity, "Document": document["ID"], "FileName": dice.pick(_FILES).format(i + 1),
                "FileSize": Decimal((0, 4, dice.below(9_000_000))[2 if i % 9 else i % 2]),
                "Url": f"{SITE}/docs/SysAttachment.aspx?{query}",
            }
        )  # fmt: skip
    return made
