"""What threads share is set where the work begins, in a process of its own."""

import subprocess
import sys

import pytest

CODE = """
import ctypes, sys
from exact_sync import process
if {lacks_mallopt}:
    ctypes.CDLL = lambda name: object()
process.share()
print(sys.getswitchinterval())
"""


def run(*, lacks_mallopt: bool) -> str:
    code = CODE.format(lacks_mallopt=lacks_mallopt)
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()


def test_threads_hand_over_sooner_than_by_default() -> None:
    assert run(lacks_mallopt=False) == "0.001"


def test_a_signal_that_comes_while_the_lock_of_the_event_is_held_stops_us_too() -> None:
    code = """
import os, signal, threading
from types import SimpleNamespace
from exact_sync.cli.work import stop_on_signals
stop = threading.Event()
stop_on_signals(SimpleNamespace(stop=stop), 0)
with stop._cond:
    os.kill(os.getpid(), signal.SIGTERM)
stop.wait()
os.kill(os.getpid(), signal.SIGTERM)
"""
    command = [sys.executable, "-c", code]
    said = subprocess.run(command, check=True, timeout=60, stderr=subprocess.PIPE).stderr
    assert said == b"", "a second signal is one too many, not an error"


@pytest.mark.parametrize("number", ["SIGTERM", "SIGHUP"])
def test_a_signal_that_the_kernel_gives_to_another_thread_stops_us_too(number: str) -> None:
    code = f"""
import signal, threading
from types import SimpleNamespace
from exact_sync.cli.work import stop_on_signals
stop = threading.Event()
stop_on_signals(SimpleNamespace(stop=stop), 0)
other = threading.Thread(target=threading.Event().wait, daemon=True)
other.start()
threading.Timer(0.1, signal.pthread_kill, (other.ident, signal.{number})).start()
stop.wait()
"""
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, check=True, timeout=60).returncode == 0


def test_who_was_started_with_nohup_outlives_the_terminal() -> None:
    code = """
import signal, threading
from types import SimpleNamespace
from exact_sync.cli.work import stop_on_signals
signal.signal(signal.SIGHUP, signal.SIG_IGN)
stop_on_signals(SimpleNamespace(stop=threading.Event()), 0)
signal.raise_signal(signal.SIGHUP)
print(signal.getsignal(signal.SIGHUP).name)
"""
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "SIG_IGN\n"


def test_who_hangs_leaves_though_nobody_reads_that_and_nothing_can_be_closed() -> None:
    code = """
import os, signal, threading, time
from types import SimpleNamespace
from exact_sync.cli import work
work.PATIENCE = 0
work.stop_on_signals(SimpleNamespace(stop=threading.Event(), leave=lambda: 1 / 0), 4)
os.dup2(os.open("/dev/full", os.O_WRONLY), 2)
signal.raise_signal(signal.SIGTERM)
time.sleep(20)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 4


def test_a_c_library_that_has_no_such_option_is_left_alone() -> None:
    assert run(lacks_mallopt=True) == "0.001"


def test_what_was_imported_is_never_looked_through_for_garbage() -> None:
    code = """
import gc
gc.disable()
from exact_sync import process
process.imported()
print(gc.isenabled(), gc.get_freeze_count() > 1000, gc.get_threshold()[0])
"""
    command = [sys.executable, "-c", code]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said.split() == ["True", "True", "10000"]
