"""Compare the test matrix of two checkouts: which model is tested with which posterior for which contract.

    python -m tests.coverage_of_matrix OLD NEW

This collects the tests of both checkouts and compares their (model, posterior, contract) triples. A contract is the
name of a test function. Exit code 1 if a triple of OLD's ``make test`` is missing from NEW's ``make test-all``.
"""

import argparse
import os
import subprocess
import sys

import pyrodgm.models

QUICK, ALL = "not slow", ""


def triples(ids):
    """The (model, posterior, contract) triples of test ids, of those that name a model in their parameters.

    Example::

        triples(["tests/models/test_matrix.py::test_every_parameter_moves[M2-full]"])
        # {("M2", "full", "test_every_parameter_moves")}
    """
    found = set()
    for test in ids:
        contract, _, parameters = test.split("::")[-1].rstrip("]").partition("[")
        contract += " on a GPU" if test.startswith("tests/gpu/") else ""
        words = parameters.split("-")
        posterior = next((word for word in words if word in ("full", "planar", "radial", "iaf")), "normal")
        found |= {(word, posterior, contract) for word in words if word in pyrodgm.models.__all__}
    return found


def collected(checkout, markers):
    """The ids of the tests that pytest collects in a checkout, with ``-m markers``."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-n", "0", "-m", markers, "tests"]
    environment = os.environ | {"PYTHONPATH": ""}
    run = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
    if run.returncode:
        raise RuntimeError(f"{checkout}: the tests cannot be collected\n{run.stdout}{run.stderr}")
    return [line for line in run.stdout.splitlines() if "::" in line]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("old", help="a checkout of this repository")
    parser.add_argument("new", help="the one to compare with it")
    args = parser.parse_args()
    before, quick, everything = (
        triples(collected(*which)) for which in ((args.old, QUICK), (args.new, QUICK), (args.new, ALL))
    )
    lost = sorted(before - everything)
    for triple in sorted((before & everything) - quick):
        print("slow now:", *triple)
    for triple in lost:
        print("LOST:    ", *triple)
    print(f"{len(before)} triples before; of these {len(before & quick)} in `make test`, ", end="")
    print(f"{len(before & everything)} in `make test-all`, {len(lost)} lost; {len(everything - before)} new")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
