"""What `exact-sync sync` takes from its start until its first call arrives: python -m bench.startup

Imports, settings, connection, and whatever else comes before. CPU as the kernel counts it for that process.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from socket import create_server, socket

from bench.ours import service, sign_in
from bench.postgres import running

_TIMES = 9


def main() -> None:
    with tempfile.TemporaryDirectory() as name, running(Path(name) / "server") as server:
        folder = Path(name)
        with server.database("startup") as url, create_server(("127.0.0.1", 0)) as listening:
            base_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            with service(base_url, url, folder) as product:
                product.ready()
                sign_in(product)
            environment = os.environ | {
                # As installed: compiled, which the first start sees to, and which is not counted.
                "PYTHONDONTWRITEBYTECODE": "",
                "PYTHONPYCACHEPREFIX": f"{name}/compiled",
                "EXACT_SYNC_DATABASE_URL": url,
                "EXACT_SYNC_DATA_DIR": name,
                "EXACT_SYNC_BASE_URL": base_url,
                "EXACT_SYNC_CLIENT_ID": "bench",
                "EXACT_SYNC_CLIENT_SECRET": "bench-secret",
            }
            found = [_once(listening, environment, folder) for _ in range(_TIMES + 1)][1:]
    walls, cpus = zip(*found, strict=True)
    for what, values in (("seconds", walls), ("CPU seconds", cpus)):
        print(f"{what} until the first call: median {statistics.median(values):.2f}, least {min(values):.2f}")


def _once(listening: socket, environment: dict[str, str], folder: Path) -> tuple[float, float]:
    """Seconds, and seconds of CPU."""
    started = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "exact_sync", "sync"], env=environment, cwd=folder,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as child:  # fmt: skip
        connection, _ = listening.accept()
        connection.recv(1)
        seconds = time.perf_counter() - started
        nanoseconds = sum(
            int(file.read_text().split()[0]) for file in Path(f"/proc/{child.pid}/task").glob("*/schedstat")
        )
        child.kill()
        connection.close()
    return seconds, nanoseconds / 1e9


if __name__ == "__main__":
    main()
