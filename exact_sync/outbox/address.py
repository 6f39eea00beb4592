"""Which addresses a target may have: those of the internet, unless its settings allow others.

A name is looked up, what comes is checked, and exactly that address is connected to: a name that means
something else a moment later leads nowhere else.
"""

import ipaddress
import socket
from ipaddress import IPv4Address, IPv6Address

_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
_MAPPED = ipaddress.ip_network("::ffff:0:0/96")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_SIX_TO_FOUR = ipaddress.ip_network("2002::/16")
_FOR_RELAYS = ipaddress.ip_network("192.88.99.0/24")
_TEREDO = ipaddress.ip_network("2001::/32")
_FOR_BOOKS = ipaddress.ip_network("3fff::/20")
"""For documentation, which not every Python knows."""


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name, in the order in which they are to be tried. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def is_public(address: str) -> bool:
    """True for an address of the internet; an IPv4 address inside an IPv6 one counts as what it is."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return _is_public_4(parsed) if isinstance(parsed, IPv4Address) else _is_public_6(parsed)


def _is_public_4(address: IPv4Address) -> bool:
    return address.is_global and not address.is_multicast and address not in _FOR_RELAYS


def _is_public_6(address: IPv6Address) -> bool:
    if address.scope_id is not None:
        return False
    if address in _MAPPED or address in _NAT64:
        return _is_public_4(IPv4Address(int(address) & 0xFFFFFFFF))
    if address in _SIX_TO_FOUR:
        return _is_public_4(IPv4Address(int(address) >> 80 & 0xFFFFFFFF))
    is_used = address not in _TEREDO and address not in _FOR_BOOKS
    return address in _GLOBAL_UNICAST and address.is_global and is_used
