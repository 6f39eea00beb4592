"""What somebody types, or a script writes to our stdin."""

import sys

from exact_sync.errors import BadConfiguration


def typed_line() -> str:
    """One line. Raises BadConfiguration where it is no text."""
    try:
        line = sys.stdin.readline() if sys.stdin is not None else ""
        line.encode()  # in the C locale bytes that are no text pass as halves of a character
    except UnicodeError:
        raise BadConfiguration("what stands on stdin is no text in UTF-8", "send it as UTF-8") from None
    return line
