"""Serves pages that are rendered already, in a process of its own.

python -m bench.server FILE LATENCY [packed]     # prints its port; FILE: a pickled list of bodies
"""

import gzip
import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_CHUNK = 8 * 1024


@contextmanager
def served(pages: Sequence[bytes], latency: float = 0.0, *, packed: bool = False) -> Iterator[str]:
    """The base URL of a server for these pages; every call takes ``latency`` seconds.

    ``packed``: they come compressed and in chunks, as from servers that make a page while they send it.
    """
    with tempfile.NamedTemporaryFile(prefix="exact-sync-bench-") as file:
        pickle.dump(list(pages), file)
        file.flush()
        command = [sys.executable, "-m", "bench.server", file.name, str(latency)]
        command += ["packed"] if packed else []
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            try:
                yield f"http://127.0.0.1:{int(process.stdout.readline())}"
            finally:
                process.terminate()


def main(file: Path, latency: float, *, packed: bool) -> None:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            number = self.path.rsplit("/", 1)[-1] if "/page/" in self.path else "0"
            body = count if "/$count" in self.path else bodies[int(number)]
            time.sleep(latency)
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            if packed:
                self.send_header("Content-Encoding", "gzip")
                self.send_header("Transfer-Encoding", "chunked")
            else:
                self.send_header("Content-Length", str(len(body)))
            for kind, limit in (("X-RateLimit-", 5000), ("X-RateLimit-Minutely-", 60)):
                self.send_header(f"{kind}Limit", str(limit))
                self.send_header(f"{kind}Remaining", str(limit - 1))
                self.send_header(f"{kind}Reset", str(int(time.time() * 1000) + 30_000))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    base = f"http://127.0.0.1:{server.server_address[1]}/page/".encode()
    bodies = [page.replace(b'"@/', b'"' + base) for page in pickle.loads(file.read_bytes())]
    count = str(sum(body.count(b'"__metadata"') for body in bodies)).encode()
    if packed:
        bodies = [_packed(body) for body in bodies]
    print(server.server_address[1], flush=True)
    server.serve_forever()


def _packed(body: bytes) -> bytes:
    packed = gzip.compress(body)
    chunks = [packed[at : at + _CHUNK] for at in range(0, len(packed), _CHUNK)]
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in [*chunks, b""])


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), packed="packed" in sys.argv)
