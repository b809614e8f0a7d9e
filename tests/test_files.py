"""Files are written whole or not at all, also by several processes."""

import contextlib
import os
import subprocess
import sys

import pytest

from pyrodgm.files import write


def test_two_processes_write_the_same_file(tmp_path, monkeypatch):
    path, sync = tmp_path / "table.md", os.fsync

    def meanwhile(number):
        code = f"from pyrodgm.files import write; write({str(path)!r}, b'theirs')"
        subprocess.run([sys.executable, "-c", code], check=True)
        assert path.read_bytes() == b"theirs"
        sync(number)

    monkeypatch.setattr(os, "fsync", meanwhile)
    with contextlib.suppress(OSError):
        write(path, b"ours")
    assert path.read_bytes() == b"ours" and os.listdir(tmp_path) == ["table.md"]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_write_that_fails_leaves_the_file_as_it_was(tmp_path, monkeypatch, error):
    def fail(number):
        raise error

    write(path := tmp_path / "table.md", b"before")
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(error):
        write(path, b"after")
    assert path.read_bytes() == b"before" and os.listdir(tmp_path) == ["table.md"]


def test_a_full_disk_names_the_file(tmp_path, monkeypatch):
    def full(number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=r"No space left on device: '.*table\.md'$"):
        write(tmp_path / "table.md", b"after")
