"""current/Me: the user who asks, as one record."""

from __future__ import annotations

import uuid
from datetime import UTC
from typing import Any

from exact_sync.simulator.books import Books
from exact_sync.simulator.clock import ZONE, to_wall
from exact_sync.simulator.schema import ME

LEGISLATIONS = {"NL": 1, "BE": 2, "DE": 5, "FR": 128}
"""Exact's numbers by country; only France's was seen in a recording."""


def me_record(books: Books, current: int | None, origin: str) -> dict[str, Any]:
    """The one row. `current`: the division the user has open in the browser."""
    now = books.clock.now()
    offset = now.astimezone(ZONE).utcoffset()
    division = books.division(current) if current is not None else {}
    first, _, last = books.user_name.partition(" ")
    mail = "sanne.dewit@example.com"
    record: dict[str, Any] = dict.fromkeys(ME.properties)
    record.update(
        UserID=books.user_id,
        UserName=mail,
        FullName=books.user_name,
        FirstName=first,
        LastName=last,
        Email=mail,
        Title="Mw.",
        Gender="V",
        Language="EN",
        LanguageCode="en-GB",
        Legislation=LEGISLATIONS.get(division.get("Country") or "NL", 1),
        CurrentDivision=current,
        AccountingDivision=current,
        DivisionCustomer=division.get("Customer") or uuid.UUID(int=books.user_id.int ^ (current or 0)),
        DivisionCustomerCode=division.get("CustomerCode") or "1265594",
        CustomerCode=division.get("CustomerCode") or "1265594",
        DivisionCustomerName=division.get("Description"),
        DivisionCustomerSiretNumber="",
        IsClientUser=True,
        IsEmployeeSelfServiceUser=False,
        IsMyFirmLiteUser=False,
        IsMyFirmPortalUser=False,
        IsStarterUser=False,
        IsOEIMigrationMandatory=False,
        PackageCode="EOLAPPCENTER",
        PictureUrl=f"{origin}//docs/images/placeholder_contact_myeol.png",
        ServerTime=to_wall(now.astimezone(UTC)).replace(microsecond=0).isoformat(),
        ServerUtcOffset=int(offset.total_seconds()) if offset is not None else 0,
    )
    return record
