"""A small, strict Exact Online for tests and for the demo. Imports nothing of the product."""

from exact_sync.simulator.books import Books
from exact_sync.simulator.clock import Clock
from exact_sync.simulator.faults import Fault
from exact_sync.simulator.simulator import Simulator

__all__ = ["Books", "Clock", "Fault", "Simulator"]
