"""Which connections take part in what was asked for, and with which divisions."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from exact_sync.errors import Unknown
from exact_sync.service import Service


@dataclass(frozen=True)
class Share:
    """One connection's part of what was asked for."""

    service: Service
    divisions: list[int]
    """Only these; empty means all."""
    is_sure: bool = True
    """False where nobody knows yet whether it has these divisions."""


def shares(services: Sequence[Service], codes: Sequence[int]) -> list[Share]:
    """All of them; with ``codes`` those that have one of these divisions, or were never asked.

    Raises Unknown for a division that none of them has.
    """
    if not codes or len(services) == 1:
        return [Share(service, list(codes)) for service in services]
    lists, unknown = _lists(services, codes)
    result = []
    for service, listed in zip(services, lists, strict=True):
        own = [code for code in codes if code in listed]
        if own or (unknown and not listed):
            result.append(Share(service, own or unknown, is_sure=bool(own)))
    return result


def check_known(services: Sequence[Service], codes: Sequence[int]) -> None:
    """Raises Unknown for a division that none of them has, and that no setting names."""
    named = {code for service in services for code in service.wanted.codes}
    if unnamed := [code for code in codes if code not in named]:
        _lists(services, unnamed)


def _lists(services: Sequence[Service], codes: Sequence[int]) -> tuple[list[Collection[int]], list[int]]:
    """The divisions of each, and those of ``codes`` that perhaps one has that was never asked.

    Raises Unknown where all were asked and none has one of them.
    """
    lists = [service.listed() for service in services]
    unknown = [code for code in codes if not any(code in listed for listed in lists)]
    if unknown and all(lists):
        whose = "that Exact lists" if len(lists) == 1 else "of any connection"
        raise Unknown(
            f"division {unknown[0]} is not among the divisions {whose}",
            "exact-sync status lists them; a new one is found by: exact-sync sync divisions",
        )
    return lists, unknown
