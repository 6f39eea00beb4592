"""The product's own HTTP: as strict as httpx's, and no connection is used that should not be."""

import gzip
import itertools
import socket
from pathlib import Path

import httpx
import pytest

from exact_sync.exact.wire import Wire, http_client
from tests.certificates import trust
from tests.deployment import SharedClock
from tests.exact.verbatim import HANGS_UP, KEPT, asking, ok


def test_what_is_asked_is_what_httpx_would_ask(clock: SharedClock) -> None:
    with asking(clock, ok(), ok()) as (server, http), httpx.Client(headers={"User-Agent": "we"}) as theirs:
        for client in (http, theirs):
            client.get(f"{server.url}?$filter=a%20eq%20'b'", headers={"Authorization": "Bearer x"})
        ours, other = ({*head.split(b"\r\n")} for _, head in server.asked)
        assert ours == other
        assert b"GET /x?$filter=a%20eq%20'b' HTTP/1.1" in ours


def test_an_answer_is_what_the_server_said(clock: SharedClock) -> None:
    body = b"x" * 1_000_000
    said = ok(
        body,
        b"Content-Type: text/plain ",
        b"X-Twice: 1",
        b"X-Twice: 2",
        "X-Runs: täglich".encode("latin-1"),
        b"X-Folded: one\r\n\t two",
        b"X-Long: " + b"x" * 90_000,
    )
    with asking(clock, said.replace(b"200 OK", b"429 Too Many Requests")) as (server, http):
        answer = http.get(server.url)
    assert (answer.status_code, answer.content) == (429, body)
    assert answer.headers["content-type"] == "text/plain"
    assert answer.headers.get_list("x-twice") == ["1", "2"]
    assert answer.headers["x-runs"] == "täglich"
    assert answer.headers["x-folded"] == "one two"
    assert len(answer.headers["x-long"]) == 90_000


def test_a_connection_is_used_again(clock: SharedClock) -> None:
    large = b"x" * 1_000_000
    with asking(clock, ok(), ok(large), NOTHING, ok(large)) as (server, http):
        assert [http.get(server.url).content for _ in range(4)] == [b"{}", large, b"", large]
        assert server.connections == [1, 1, 1, 1]


NOTHING = b"HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n[\r\n2\r\n1]\r\n0\r\n\r\n"
ZIPPED = ok(gzip.compress(b"[1]"), b"Content-Encoding: gzip")
ENDLESS = b"HTTP/1.0 200 OK\r\n\r\n[1]" + HANGS_UP
CLOSES = ok(b"[1]", b"Connection: close")
HINTED = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok(b"[1]")
SPACED = CHUNKED.replace(b"chunked", b"chunked ")
BOTH = CHUNKED.replace(b"\r\n\r\n1", b"\r\nContent-Length: 1\r\n\r\n1", 1)


BODIES = {
    "chunked": (CHUNKED, [1, 1]),
    "chunked and a space": (SPACED, [1, 1]),
    "zipped": (ZIPPED, [1, 1]),
    "after hints": (HINTED, [1, 1]),
    "counted and chunked": (BOTH, [1, 1]),
    "until it ends": (ENDLESS, [1, 2]),
    "counted and closes": (CLOSES, [1, 2]),
    "of old": (ok(b"[1]").replace(b"1.1", b"1.0"), [1, 2]),
    "more than its length": (ok(b"[1]") + b"[9]", [1, 2]),
    "chunked and closes": (CHUNKED.replace(b"\r\n", b"\r\nConnection: close\r\n", 1), [1, 2]),
    "more than its chunks": (CHUNKED + b"[9]", [1, 2]),
}
"""And over which connections this and the next answer come."""


@pytest.mark.parametrize(("answer", "connections"), BODIES.values(), ids=BODIES)
def test_a_body_comes_as_it_may(clock: SharedClock, answer: bytes, connections: list[int]) -> None:
    with asking(clock, answer, ok(b"[2]")) as (server, http):
        assert [http.get(server.url).json() for _ in range(2)] == [[1], [2]]
        assert server.connections == connections


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (None, httpx.RemoteProtocolError),
        (b"SSH-2.0-OpenSSH_9.9\r\n" + HANGS_UP, httpx.RemoteProtocolError),
        (ok(b"[1]", b"this is no header"), httpx.RemoteProtocolError),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", httpx.RemoteProtocolError),
        (b"HTTP/1.1 429 Too Many Requests\r\n" + HANGS_UP, httpx.RemoteProtocolError),
        (ok(b"[1]", b"Content-Length: 4"), httpx.RemoteProtocolError),
        (ok(b"[1]").replace(b" 3", b" three"), httpx.RemoteProtocolError),
        (CHUNKED.replace(b"chunked", b"gzip, chunked"), httpx.RemoteProtocolError),
        (CHUNKED.removesuffix(b"\r\n\r\n") + HANGS_UP, httpx.RemoteProtocolError),
        (ok(b"[1]").removesuffix(b"]") + HANGS_UP, httpx.RemoteProtocolError),
        (CHUNKED[:-9] + HANGS_UP, httpx.RemoteProtocolError),
        (CHUNKED.replace(b"1]", b"1]]"), httpx.RemoteProtocolError),
        (ok(b"[1]").removesuffix(b"]"), httpx.ReadTimeout),
        (b"", httpx.ReadTimeout),
    ],
    ids=[
        "nothing",
        "ssh",
        "no header",
        "another protocol",
        "head cut",
        "two lengths",
        "no length",
        "what is zipped on its way",
        "end cut",
        "cut",
        "chunk cut",
        "chunk too long",
        "stalls",
        "never begins",
    ],
)
def test_what_is_no_answer_is_an_error_of_httpx(
    clock: SharedClock, answer: bytes | None, error: type[httpx.HTTPError]
) -> None:
    """And that connection is closed."""
    with asking(clock, answer, ok(b"[2]")) as (server, http):
        with pytest.raises(httpx.HTTPError) as caught:
            http.get(server.url, timeout=httpx.Timeout(5.0, read=0.1 if error is httpx.ReadTimeout else 5.0))
        assert type(caught.value) is error
        assert server.ended.get(timeout=5) == 1
        assert http.get(server.url).json() == [2]
        assert server.connections == [1, 2]


def test_a_head_may_not_drip_for_ever(clock: SharedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = itertools.count()
    monkeypatch.setattr(clock, "monotonic", lambda: float(next(seconds)))
    with asking(clock, b"HTTP/1.1 102 Processing\r\n\r\n" * 100) as (server, http):
        with pytest.raises(httpx.ReadTimeout, match="too slowly"):
            http.get(server.url, timeout=30.0)
        assert server.ended.get(timeout=5) == 1


def test_a_connection_that_was_closed_meanwhile_is_not_used(clock: SharedClock) -> None:
    with asking(clock, ok() + HANGS_UP, ok()) as (server, http):
        http.get(server.url)
        ((_, connection, _),) = _wire(http)._idle
        connection.settimeout(5)
        assert connection.recv(1, socket.MSG_PEEK) == b""  # now it has been
        http.get(server.url)
        assert server.connections == [1, 2]


def _wire(http: httpx.Client) -> Wire:
    assert isinstance(http._transport, Wire)
    return http._transport


def test_an_idle_connection_is_kept_for_seconds(clock: SharedClock) -> None:
    """What lies between may have forgotten it, and then nobody would answer."""
    with asking(clock, ok(), ok(), ok()) as (server, http):
        for seconds in (4, 6, 0):
            http.get(server.url)
            clock.advance(seconds=seconds)
        assert server.connections == [1, 1, 2]


def test_an_idle_connection_that_is_too_old_is_closed_though_a_younger_one_is_used(
    clock: SharedClock,
) -> None:
    """It would wait for ever, long closed at the other end."""
    with asking(clock, *[ok() for _ in range(4)]) as (server, http):
        for answer in [http.send(http.build_request("GET", server.url), stream=True) for _ in range(2)]:
            answer.read()
        for _ in range(2):
            clock.advance(seconds=4)
            http.get(server.url)
        assert server.connections == [1, 2, 2, 2]
        assert len(_wire(http)._idle) == 1


def test_few_idle_connections_are_kept_and_none_after_the_end(clock: SharedClock) -> None:
    with asking(clock, *[ok() for _ in range(8)]) as (server, http):
        wire = _wire(http)
        under_way = [http.send(http.build_request("GET", server.url), stream=True) for _ in range(4)]
        for answer in under_way[:3]:
            answer.read()
        assert len(wire._idle) == KEPT
        sockets = [connection for _, connection, _ in wire._idle]
        http.close()
        under_way[3].read()
        assert wire._idle == []
        assert [kept.fileno() for kept in sockets] == [-1, -1]


def test_a_body_that_nobody_wants_ends_its_connection(clock: SharedClock) -> None:
    with asking(clock, ok(b"x" * 1_000_000), ok(b"[2]")) as (server, http):
        with http.stream("GET", server.url) as answer:
            next(answer.iter_raw())
        assert http.get(server.url).json() == [2]
        assert server.connections == [1, 2]


def test_who_is_not_there_can_t_be_connected_to(clock: SharedClock) -> None:
    with asking(clock) as (server, http):
        server.close()
        with pytest.raises(httpx.ConnectError):
            http.get(f"http://127.0.0.1:{server.port}/")
        with pytest.raises(httpx.ConnectError):
            http.get("http://there-is-no-such-name.invalid/")
        with pytest.raises(httpx.LocalProtocolError):
            http.get(f"http://{'x' * 64}.invalid/")
        with pytest.raises(httpx.UnsupportedProtocol):
            http.get("ftp://127.0.0.1/")


def test_a_header_that_is_none_is_not_sent(clock: SharedClock) -> None:
    with asking(clock) as (server, http):
        with pytest.raises(httpx.LocalProtocolError):
            http.get(server.url, headers={"Authorization": "Bearer a\r\nX: b"})
        assert server.asked == []


def test_an_encrypted_server_must_show_a_certificate_for_its_name(
    clock: SharedClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted = trust(tmp_path, "localhost")
    with (
        asking(clock, context=trusted.server) as (server, http),
        pytest.raises(httpx.ConnectError, match="certificate"),
    ):
        http.get(f"https://localhost:{server.port}/")
    monkeypatch.setattr(httpx, "create_ssl_context", lambda: trusted.client)
    trusted.server.set_alpn_protocols(["h2", "http/1.1"])
    with asking(clock, ok(b"[1]"), ok(b"[2]"), context=trusted.server) as (server, http):
        assert [http.get(f"https://localhost:{server.port}/").json() for _ in range(2)] == [[1], [2]]
        assert server.connections == [1, 1]
        ((_, connection, _),) = _wire(http)._idle
        assert connection.selected_alpn_protocol() == "http/1.1"
        with pytest.raises(httpx.ConnectError, match="certificate"):
            http.get(server.url)


def test_what_follows_an_answer_is_no_answer(
    clock: SharedClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it has been deciphered along with the end of the answer."""
    trusted = trust(tmp_path, "localhost")
    monkeypatch.setattr(httpx, "create_ssl_context", lambda: trusted.client)
    answers = ok(b" " * 10_000 + b"[1]") + ok(b"[9]"), ok(b"[2]")
    with asking(clock, *answers, context=trusted.server) as (server, http):
        assert [http.get(f"https://localhost:{server.port}/").json() for _ in range(2)] == [[1], [2]]


def test_what_changes_something_goes_by_httpx_itself(
    clock: SharedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The token endpoint above all: there each kind of error matters."""
    asked: list[str] = []
    theirs = httpx.HTTPTransport.handle_request

    def handle(transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        return theirs(transport, request)

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", handle)
    with asking(clock, ok(), ok(), ok()) as (server, http):
        http.post(server.url, data={"grant_type": "refresh_token"})
        http.get(server.url)
        http.delete(server.url)
    assert asked == ["POST", "DELETE"]


def test_a_proxy_is_the_business_of_httpx(clock: SharedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    with asking(clock, ok(b"[1]")) as (server, _):
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{server.port}")
        with http_client(clock, {}, kept=KEPT) as http:
            assert http.get("http://there-is-no-such-name.invalid/x").json() == [1]
        assert server.asked[0][1].startswith(b"GET http://there-is-no-such-name.invalid/x")
