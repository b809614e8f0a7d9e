import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer

import pooch
import pytest

from pyrodgm.data import DATASETS, fetch, files, origin, path, sources, store

CONTENT = bytes(range(256)) * 4000  # about a megabyte


@contextmanager
def serving(content=CONTENT, ranges=True, break_after=None, early=0):
    """A server of one file that may ignore Range, begin too early, and break its first connection after some bytes."""
    asked, breaks = [], [break_after] if break_after else []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.headers.get("Range"))
            start = int(asked[-1].removeprefix("bytes=").removesuffix("-")) - early if ranges and asked[-1] else 0
            if start >= len(content):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(content)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            self.wfile.write(content[start : start + breaks.pop()] if breaks else content[start:])

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """An empty cache, no user folder, and the checksum of the served file."""
    monkeypatch.delenv("PYRODGM_DATA", raising=False)
    monkeypatch.setattr(store.pooch, "os_cache", lambda name: tmp_path / "cache")
    (tmp_path / "file").write_bytes(CONTENT)
    digest = pooch.file_hash(tmp_path / "file")

    def serve(home, checksum=f"sha256:{digest}"):
        monkeypatch.setitem(sources.SOURCES, "mnist", sources.Source(home, {"file.gz": checksum}))
        return tmp_path / "cache" / "mnist"

    return serve


class TestDownload:
    def test_it_is_checked_and_cached(self, cache):
        with serving() as (home, asked):
            folder = cache(home)
            assert fetch("mnist") == fetch("mnist") == [folder / "file.gz"]
        assert (folder / "file.gz").read_bytes() == CONTENT and asked == [None]
        assert [file.name for file in folder.iterdir()] == ["file.gz"]

    def test_two_at_once_fetch_it_once(self, cache):
        with serving() as (home, asked):
            folder, found, together = cache(home), [], threading.Barrier(2)

            def fetch_it():
                together.wait()
                found.extend(fetch("mnist"))

            threads = [threading.Thread(target=fetch_it) for _ in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert found == [folder / "file.gz"] * 2 and asked == [None]
        assert (folder / "file.gz").read_bytes() == CONTENT

    def test_a_broken_one_goes_on_where_it_stopped(self, cache):
        with serving(break_after=300_000) as (home, asked):  # it is written in chunks of 2**16
            folder = cache(home)
            with pytest.raises(
                FileNotFoundError, match="file.gz: not in .* could not be downloaded: .*262,144 bytes are kept"
            ):
                fetch("mnist")
            assert (folder / "file.gz.part").read_bytes() == CONTENT[: 2**18]
            assert fetch("mnist")[0].read_bytes() == CONTENT
        assert asked == [None, "bytes=262144-"] and not (folder / "file.gz.part").exists()

    def test_a_server_that_ignores_the_range_sends_the_whole(self, cache):
        with serving(ranges=False, break_after=300_000) as (home, asked):
            cache(home)
            with pytest.raises(FileNotFoundError):
                fetch("mnist")
            assert fetch("mnist")[0].read_bytes() == CONTENT
        assert asked == [None, "bytes=262144-"]

    def test_a_server_that_begins_elsewhere_sends_the_whole(self, cache):
        with serving(early=1) as (home, asked):
            folder = cache(home)
            folder.mkdir(parents=True)
            (folder / "file.gz.part").write_bytes(CONTENT[:1000])
            with suppress(FileNotFoundError):  # with a wrong checksum
                fetch("mnist")
        assert asked == ["bytes=1000-", None] and (folder / "file.gz").read_bytes() == CONTENT

    @pytest.mark.parametrize("part", [CONTENT, CONTENT + b"more"], ids=["whole", "too long"])
    def test_a_part_that_needs_no_more(self, cache, part):
        with serving() as (home, asked):
            folder = cache(home)
            folder.mkdir(parents=True)
            (folder / "file.gz.part").write_bytes(part)
            assert fetch("mnist")[0].read_bytes() == CONTENT
        assert asked[0] == f"bytes={len(part)}-" and len(asked) == (1 if part == CONTENT else 2)

    @pytest.mark.parametrize("checksum", ["sha256:" + "0" * 64, "md5:" + "0" * 32])
    def test_a_wrong_checksum_leaves_nothing_and_the_next_try_works(self, cache, checksum):
        with serving() as (home, _):
            folder = cache(home, checksum)
            with pytest.raises(FileNotFoundError, match="could not be downloaded: .*hash"):
                fetch("mnist")
            assert list(folder.iterdir()) == []
            cache(home)
            assert fetch("mnist")[0].read_bytes() == CONTENT

    def test_the_file_is_asked_for_without_compression(self, cache, monkeypatch):
        """Places in a compressed answer are none in the file."""
        asked, get = [], store.requests.get
        monkeypatch.setattr(store.requests, "get", lambda url, **to: asked.append(to["headers"]) or get(url, **to))
        with serving() as (home, _):
            cache(home)
            fetch("mnist")
        assert asked == [{"Accept-Encoding": "identity"}]

    def test_a_part_of_another_file_does_no_harm(self, cache):
        with serving() as (home, _):
            folder = cache(home)
            folder.mkdir(parents=True)
            (folder / "file.gz.part").write_bytes(b"another file")
            with pytest.raises(FileNotFoundError, match="hash"):
                fetch("mnist")
            assert fetch("mnist")[0].read_bytes() == CONTENT

    def test_what_the_cache_holds_is_checked_too(self, cache):
        with serving() as (home, _):
            folder = cache(home)
            folder.mkdir(parents=True)
            (folder / "file.gz").write_bytes(b"damaged")
            assert fetch("mnist")[0].read_bytes() == CONTENT

    def test_an_absent_server_names_both_places(self, cache):
        folder = cache("http://127.0.0.1:9/")
        with pytest.raises(
            FileNotFoundError, match=rf"file.gz: not in \$PYRODGM_DATA/mnist \(not set\) nor in {folder}"
        ):
            fetch("mnist")


class TestFinding:
    def test_the_users_folder_comes_first_and_is_taken_as_it_is(self, cache, monkeypatch, tmp_path):
        cache("http://127.0.0.1:9/")
        monkeypatch.setenv("PYRODGM_DATA", str(tmp_path))
        (tmp_path / "mnist").mkdir()
        (tmp_path / "mnist/file.gz").write_bytes(b"mine")
        assert fetch("mnist") == [tmp_path / "mnist/file.gz"] and path("mnist") == tmp_path / "mnist"

    def test_stand_ins_only_where_the_sets_own_files_are_not_there(self, cache, monkeypatch, tmp_path):
        cache("")
        monkeypatch.setenv("PYRODGM_DATA", str(tmp_path))
        (tmp_path / "omniglot").mkdir()
        (tmp_path / "omniglot/omniglot_28x28_box.npz").touch()
        assert fetch("omniglot") == [tmp_path / "omniglot/omniglot_28x28_box.npz"]
        assert path("omniglot") == tmp_path / "omniglot"
        with pytest.raises(FileNotFoundError, match="chardata.mat: not in "):
            fetch("omniglot", box=False)
        (tmp_path / "omniglot/chardata.mat").touch()
        assert fetch("omniglot") == [tmp_path / "omniglot/chardata.mat"] == fetch("omniglot", box=False)
        assert fetch("omniglot", box=True) == [tmp_path / "omniglot/omniglot_28x28_box.npz"]
        (tmp_path / "omniglot/omniglot_28x28_box.npz").unlink()
        with pytest.raises(FileNotFoundError, match="omniglot_28x28_box.npz: not in "):
            fetch("omniglot", box=True)

    def test_some_of_the_stand_ins_stand_in_for_nothing(self, cache, monkeypatch, tmp_path):
        cache("")
        own = {f"{part}.amat": "md5:" + "0" * 32 for part in "ab"}
        source = sources.Source("http://127.0.0.1:9/", own, stand_ins=("a.mat", "b.mat"))
        monkeypatch.setitem(sources.SOURCES, "binarised-mnist", source)
        monkeypatch.setenv("PYRODGM_DATA", str(tmp_path))
        (tmp_path / "binarized_mnist").mkdir()
        for name in source.stand_ins:
            with pytest.raises(FileNotFoundError, match="a.amat: not in "):
                fetch("binarised-mnist")
            (tmp_path / "binarized_mnist" / name).touch()
        assert [found.name for found in fetch("binarised-mnist")] == ["a.mat", "b.mat"]

    def test_a_set_without_a_home(self, cache):
        cache("")
        assert files("cifar10-subset") == ("cifar10_subset.npz",)
        with pytest.raises(
            FileNotFoundError, match=r"cifar10_subset.npz: not in \$PYRODGM_DATA/cifar10_subset \(not set\)"
        ):
            fetch("cifar10-subset")

    @pytest.mark.parametrize("name", ["digits", "moons", "circles", "potential", "pv"])
    def test_sets_without_files(self, name):
        assert files(name) == () and fetch(name) == [] and path(name) is None
        assert origin(name) == ("included in scikit-learn" if name == "digits" else "generated")

    def test_svhns_third_file_is_asked_for(self):
        assert "extra_32x32.mat" not in (*files("svhn"), *files("svhn", extra=False))
        assert files("svhn", extra=True)[2] == "extra_32x32.mat"

    def test_every_data_set_has_a_source_and_every_file_a_checksum(self):
        assert set(sources.SOURCES) == set(DATASETS)
        lengths = {"sha256": 64, "md5": 32}
        for name in DATASETS:
            groups = [sources.SOURCES[name].files, *sources.SOURCES[name].optional.values()]
            for checksum in (value for group in groups for value in group.values()):
                kind, digest = checksum.split(":")
                assert len(digest) == lengths[kind] and int(digest, 16)

    @pytest.mark.parametrize("function", [files, fetch, path, origin])
    def test_an_unknown_name_lists_the_nearest(self, function):
        with pytest.raises(ValueError, match=r"name: got 'mnits' \(did you mean 'mnist'\?\), want one of"):
            function("mnits")
