"""A kill in the middle of writing several files."""

import os
from contextlib import contextmanager
from unittest import mock

import pytest


@contextmanager
def killed_at(moment):
    """A context that ends, as if it were killed, just before its file number ``moment`` replaces an older one."""
    replace, files = os.replace, []

    def killed(source, target):
        files.append(target)
        if len(files) == moment:
            raise SystemExit
        replace(source, target)

    with mock.patch("os.replace", killed), pytest.raises(SystemExit):
        yield
