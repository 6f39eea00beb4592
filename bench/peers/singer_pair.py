"""The Singer pair: the tap's messages go to Meltano's target by a pipe, as its documentation shows.

Starts both and measures them together.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.stopwatch import job, measured


def main(wanted: dict[str, Any]) -> None:
    config = Path(wanted["folder"]) / "target.json"
    config.parent.mkdir(parents=True, exist_ok=True)
    settings = {
        "sqlalchemy_url": wanted["database_url"].replace("postgresql://", "postgresql+psycopg://"),
        "default_target_schema": "peer",
        "load_method": "upsert",
        "use_copy": True,
        "activate_version": False,
        "add_record_metadata": False,
        "validate_records": False,
        "batch_size_rows": 10_000,
    }
    config.write_text(json.dumps(settings))
    target = str(Path(sys.executable).parent / "target-postgres")
    tap = [sys.executable, "-m", "bench.peers.singer_tap", json.dumps(wanted)]
    with measured(wanted["name"], wanted["rows"], wanted["postmaster"]):
        with (
            subprocess.Popen(tap, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as source,
            subprocess.Popen(
                [target, "--config", str(config)], stdin=source.stdout, stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            ) as sink,
        ):  # fmt: skip
            assert source.stdout is not None
            source.stdout.close()
            _, said = sink.communicate()
        if source.returncode or sink.returncode:
            raise SystemExit(
                f"the pair failed ({source.returncode}, {sink.returncode}):\n{said.decode()[-2000:]}"
            )


if __name__ == "__main__":
    main(job())
