"""Ctrl-C between two steps, never within one."""

import signal
import threading
from contextlib import contextmanager


@contextmanager
def stop_requests():
    """Yield a function that says whether Ctrl-C or a request to terminate came; a second one interrupts at once."""
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    requested = threading.Event()
    before = {}

    def note(number, frame):
        requested.set()
        signal.signal(signal.SIGINT, before[signal.SIGINT])
        signal.signal(signal.SIGTERM, before[signal.SIGTERM])

    for number in (signal.SIGINT, signal.SIGTERM):
        before[number] = signal.signal(number, note)
    try:
        yield requested.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
