"""Imported first where the product's memory is measured: as `exact-sync` itself does (`__main__.py`)."""

import sys

sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
