"""Mutation testing: break the package in one place at a time, and check that a test fails each time.

    python -m tests.mutants [--only WORD] [--jobs 2] [--output FILE]

Every mutant of the catalogue is applied to a copy of the package, and its named tests are run there. A mutant is
killed if one of them fails by an assertion, including an expected error or warning that did not occur. It survives if
all pass. Anything else, such as an import error, another exception or a timeout, does not kill it. Tests marked slow
or gpu do not count. Exit code 1 unless every mutant is killed.
"""

import argparse
import compileall
import contextlib
import gc
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from py_compile import PycInvalidationMode

import pytest

from tests.mutants.catalogue import MUTANTS

ROOT = Path(__file__).parents[2]
COPIED = ("pyrodgm", "tests", "benchmarks", "tutorials", "pyproject.toml", "setup.cfg", "README.md")
SECONDS = 300  # a run without a verdict after this time for each of its tests is an error
AT_ONCE = 20  # tests in a run without a mutant
fork = multiprocessing.get_context("fork")  # a child process inherits the imports


class Verdicts:
    """A pytest plugin that records the result of each test: ``passed``, ``assertion``, or another error."""

    def __init__(self):
        self.of = {}

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item, call):
        report = (yield).get_result()
        if report.skipped:
            self.of[item.nodeid] = "skipped"
        elif report.failed:
            asserted = call.when == "call" and call.excinfo.errisinstance((AssertionError, pytest.fail.Exception))
            self.of[item.nodeid] = "assertion" if asserted else call.excinfo.typename  # its text may name this machine
        else:
            self.of.setdefault(item.nodeid, "passed")


def make_copy(root, folder):
    """Copy the repository at ``root`` to a new folder."""
    for name in COPIED:
        if (root / name).is_dir():
            shutil.copytree(root / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(root / name, folder / name)
    # checked by hash: by its default, second and size, a mutant could pass for the original
    compileall.compile_dir(folder / "pyrodgm", quiet=1, invalidation_mode=PycInvalidationMode.CHECKED_HASH)


def run_tests(copy, tests):
    """Run the named tests in a copy. Returns a dict from test to verdict, or a text that says why they did not run."""
    ours, theirs = fork.Pipe(duplex=False)
    process = fork.Process(target=_run_here, args=(copy, tests, theirs))
    process.start()
    theirs.close()
    verdicts, limit = None, SECONDS * len(tests)
    if ours.poll(limit):
        with contextlib.suppress(EOFError):
            verdicts = ours.recv()
    else:
        os.killpg(process.pid, signal.SIGKILL)
    process.join()
    if verdicts is None:
        return f"no verdict within {limit} s" if process.exitcode == -9 else f"exit code {process.exitcode}"
    return verdicts or "no test ran: none was collected"


def _run_here(copy, tests, pipe):
    os.setpgrp()
    os.chdir(copy)
    sys.path[:] = [str(copy), *(path for path in sys.path if path not in ("", str(ROOT)))]
    for name in [name for name in sys.modules if name.split(".")[0] in ("pyrodgm", "tests", "benchmarks")]:
        del sys.modules[name]
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    sys.dont_write_bytecode = True
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # importing the plugins takes a second
    log = os.open(copy / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(log, stream)
    verdicts = Verdicts()
    pytest.main(["-q", "-p", "no:cacheprovider", "-m", "not slow and not gpu", *tests], plugins=[verdicts])
    pipe.send(verdicts.of)
    os._exit(0)


def try_mutant(copy, mutant):
    """Apply a mutant to a copy, run its tests and restore the file. Returns the outcome, and the test or the reason."""
    path = copy / mutant.file
    text = path.read_text() if path.exists() else ""
    if text.count(mutant.old) != 1:
        return "refused", f"the old text occurs {text.count(mutant.old)} times, want once"
    path.write_text(text.replace(mutant.old, mutant.new))
    try:
        verdicts = run_tests(copy, mutant.tests)
    finally:
        path.write_text(text)
    if isinstance(verdicts, str):
        return "error", verdicts
    for test, verdict in verdicts.items():
        if verdict == "assertion":
            return "killed", test
    others = {verdict for verdict in verdicts.values() if verdict != "passed"}
    return ("error", "; ".join(sorted(others))) if others else ("survived", ", ".join(mutant.tests))


def _copy_of_this_process(folder):
    copy = Path(folder) / str(os.getpid())
    if not copy.exists():
        copy.mkdir()
        make_copy(ROOT, copy)
    return copy


def _unmutated(folder, tests):
    copy = _copy_of_this_process(folder)
    verdicts = run_tests(copy, tests)
    passed = isinstance(verdicts, dict) and set(verdicts.values()) == {"passed"}
    return len(verdicts) if passed else f"{verdicts}\n{(copy / 'log.txt').read_text()}"


def _one(folder, mutant):
    outcome, why = try_mutant(_copy_of_this_process(folder), mutant)
    print(f"{outcome:9} {mutant.file}: {' '.join(mutant.new.split())[:60]}   [{why[:200]}]", flush=True)
    return outcome, why


def table(mutants, outcomes, seconds):
    """The report in Markdown."""

    def cell(text):
        return " ".join(text.split()).replace("|", "\\|")

    def git(*arguments):
        return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()

    changed = " and changes" if git("status", "--porcelain", "--", "pyrodgm", "tests") else ""
    killed = sum(outcome == "killed" for outcome, _ in outcomes)
    lines = [
        "# Mutants",
        "",
        "Written by `make mutants`, never by hand. Each mutant is a plausible mistake in the package. It is killed if",
        "a test of `make test` fails by an assertion.",
        "",
        f"{killed} of {len(mutants)} killed, in {seconds:.0f} s ({datetime.now(UTC).date().isoformat()}, commit "
        f"{git('rev-parse', '--short', 'HEAD')}{changed}).",
        "",
        "| file | old | new | outcome | by |",
        "|---|---|---|---|---|",
    ]
    for mutant, (outcome, why) in zip(mutants, outcomes, strict=True):
        old, new = (f"`` {cell(text)} ``" if text.strip() else "(nothing)" for text in (mutant.old, mutant.new))
        lines.append(f"| {mutant.file.removeprefix('pyrodgm/')} | {old} | {new} | {outcome} | {cell(why)} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", default="", help="only mutants with this word in their file, texts or tests")
    parser.add_argument("--jobs", type=int, default=2, help="number of parallel processes")
    parser.add_argument("--output", help="file for the table; by default benchmarks/mutants.md, or none with --only")
    args = parser.parse_args()
    begin = time.monotonic()
    mutants = [m for m in MUTANTS if args.only in f"{m.file} {m.old} {m.new} {m.tests}"]
    tests = sorted({test for mutant in mutants for test in mutant.tests})

    # imported once for all child processes
    import arviz  # noqa: F401
    import pyro.infer  # noqa: F401
    import sklearn.svm  # noqa: F401
    import torch._dynamo  # noqa: F401

    gc.freeze()  # pytest collects garbage before it ends, which takes a second with all of these modules

    with tempfile.TemporaryDirectory(prefix="mutants-") as folder, ProcessPoolExecutor(args.jobs, fork) as pool:
        parts = [tests[i : i + AT_ONCE] for i in range(0, len(tests), AT_ONCE)]
        passed = list(pool.map(_unmutated, [folder] * len(parts), parts))
        if wrong := [part for part in passed if isinstance(part, str)]:
            sys.exit("\n".join(["some tests fail without a mutant:", *wrong]))
        print(f"{sum(passed)} tests pass without a mutant", flush=True)
        outcomes = list(pool.map(_one, [folder] * len(mutants), mutants))
    seconds = time.monotonic() - begin
    killed = sum(outcome == "killed" for outcome, _ in outcomes)
    print(f"{killed} of {len(mutants)} killed in {seconds:.0f} s")
    if args.output or not args.only:
        Path(args.output or ROOT / "benchmarks" / "mutants.md").write_text(table(mutants, outcomes, seconds))
    return int(killed < len(mutants))


if __name__ == "__main__":
    sys.exit(main())
