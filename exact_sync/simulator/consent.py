"""The page where a user allows an app to read, and the pages that refuse to show it."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Exact Online (simulator)</title>
<style>body{{font:16px sans-serif;max-width:32em;margin:4em auto;color:#222}}
button{{font:inherit;padding:.5em 1.5em;margin-right:1em}}</style></head>
<body><h1>Exact Online <small>(simulator)</small></h1>{content}</body></html>
"""


def consent_page(user: str, divisions: list[str], fields: Mapping[str, str]) -> bytes:
    """Allow or deny: a form that posts the original parameters back with `decision`."""
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in fields.items()
    )
    names = "".join(f"<li>{escape(name)}</li>" for name in divisions)
    app = escape(fields.get("client_id", ""))
    return _page(
        f"<p>Signed in as <b>{escape(user)}</b>. The app <b>{app}</b> asks to read:</p>"
        f"<ul>{names}</ul>"
        f'<form method="post" action="/api/oauth2/auth">{hidden}'
        '<button name="decision" value="allow">Allow</button>'
        '<button name="decision" value="deny">Deny</button></form>'
    )


def error_page(message: str) -> bytes:
    """Shown where redirecting would hand a code to a stranger."""
    return _page(f"<p><b>This request cannot be granted.</b></p><p>{escape(message)}</p>")


def _page(content: str) -> bytes:
    return _PAGE.format(content=content).encode()
