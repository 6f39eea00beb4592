"""exact-sync keeps Exact Online administrations mirrored in PostgreSQL."""

__version__ = "0.1.0"
