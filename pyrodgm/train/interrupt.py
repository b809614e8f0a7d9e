"""Ctrl-C takes effect between two steps, never within one."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class Terminated(KeyboardInterrupt):
    """SIGTERM, once the run is saved."""

    exit_code = 128 + signal.SIGTERM  # of the command line


@contextmanager
def stop_requests() -> Iterator[Callable[[], int]]:
    """Yield a function that returns SIGINT (Ctrl-C) or SIGTERM if received, else 0. A second one interrupts at once."""
    if threading.current_thread() is not threading.main_thread():
        yield lambda: 0
        return
    requested = [0]
    before: dict[signal.Signals, Any] = {}

    def put_back():
        for number, handler in before.items():
            signal.signal(number, handler)

    def note(number, frame):
        requested[0] = number
        put_back()

    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) not in (signal.SIG_IGN, None):  # ignored under nohup and in background jobs
            before[number] = signal.signal(number, note)
    try:
        yield lambda: requested[0]
    finally:
        put_back()
