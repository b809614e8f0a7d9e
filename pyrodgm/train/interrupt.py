"""Ctrl-C takes effect between two steps, never within one."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def stop_requests() -> Iterator[Callable[[], bool]]:
    """Yield a function that returns whether Ctrl-C or SIGTERM was received. A second one interrupts immediately."""
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    requested = threading.Event()
    before: dict[signal.Signals, Any] = {}

    def put_back():
        for number, handler in before.items():
            signal.signal(number, handler)

    def note(number, frame):
        requested.set()
        put_back()

    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) not in (signal.SIG_IGN, None):  # as nohup and scripts have it for a job behind
            before[number] = signal.signal(number, note)
    try:
        yield requested.is_set
    finally:
        put_back()
