"""Two pairs of tokens, and whether anybody waits for a lock."""

from datetime import timedelta

from exact_sync.credentials import Tokens
from tests.deployment import START

FIRST = Tokens("access-canary-1", "refresh-canary-1", START + timedelta(minutes=10), START)
SECOND = Tokens(
    "access-canary-2", "refresh-canary-2", START + timedelta(minutes=20), START + timedelta(minutes=10)
)
WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
