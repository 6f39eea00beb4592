"""Whence a request comes, as its headers tell: pure functions of what was sent."""

import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from exact_sync.server_settings import is_loopback_name


def name_in(host: str) -> str:
    """The name in a Host header: without the port, in small letters; empty where it makes no sense."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def is_ours(host: str, public_url: str | None) -> bool:
    """Only this machine, or a proxy that is known, is called so.

    A page elsewhere can have its own name resolve to our address (DNS rebinding), and is then no
    stranger to the browser any more. The name stays in the Host header.
    """
    name = name_in(host)
    return is_loopback_name(name) or (public_url is not None and name == name_in(urlsplit(public_url).netloc))


def is_passed_on(headers: Headers) -> bool:
    """A proxy or a tunnel has brought it, and says so: whoever sent it need not be on this machine."""
    return any(name == "forwarded" or name.startswith("x-forwarded-") for name in headers)


def is_from_our_pages(headers: Headers, hosts: set[str]) -> bool:
    """No page of another site has sent this, as far as the browser says. ``hosts``: what we are called."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc.lower() in {host.lower() for host in hosts}


def came_from(headers: Headers, hosts: set[str]) -> str:
    """The page of ours on which a form was, as far as the browser says; else ``/``."""
    try:
        page = urlsplit(headers.get("referer", ""))
    except ValueError:
        return "/"
    if page.netloc.lower() not in {host.lower() for host in hosts}:
        return "/"
    return local_path(f"{page.path}?{page.query}" if page.query else page.path)


def local_path(wanted: str) -> str:
    """Where a browser is sent next: a path of this server, else ``/``.

    Browsers read ``//host`` and ``/\\host`` as another site, and overlook control characters.
    """
    is_plain = wanted.isascii() and wanted.isprintable() and not {" ", "\\"} & set(wanted)
    is_local = wanted.startswith("/") and not wanted.startswith("//")
    return wanted if is_plain and is_local and len(wanted) <= 500 else "/"


Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def address(text: str | None) -> Address | None:
    """An address; one of IPv4 that is written as one of IPv6 is what it is."""
    try:
        found = ipaddress.ip_address(text or "")
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def neighbourhood(text: str | None) -> str:
    """What counts as one peer: an address, of IPv6 its network, which one person has as a whole."""
    found = address(text)
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
