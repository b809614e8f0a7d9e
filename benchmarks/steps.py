"""Training steps of this package beside other arrangements of the same work; writes benchmarks/README.md.

Run with ``make bench``; ``--quick`` makes one round of everything and writes nothing.
"""

import argparse
import platform
import statistics
import warnings
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import torch

from benchmarks import hand, ours, peers
from benchmarks.case import Case
from benchmarks.measure import interleaved, matrix_peak, milliseconds, ratios, spread, table
from benchmarks.memory import ARRANGEMENTS, peak
from benchmarks.pyro_example import pyro_example

PLAIN, COMPILED = "SVI", "CompiledSVI, inductor"
SMALL = {"hidden": (64, 64), "rows": 20}
CASES = {
    "VAE": Case("VAE"),
    "M2, K = 10": Case("M2"),
    "M2, K = 50": Case("M2", num_classes=50),
    "ADGM, K = 10": Case("ADGM"),
    "ADGM, K = 50": Case("ADGM", num_classes=50),
    "M2, hidden [64, 64], 20 + 20 rows": Case("M2", **SMALL),
    "ADGM, hidden [64, 64], 20 + 20 rows": Case("ADGM", **SMALL),
}
OURS = {
    PLAIN: ours.plain,
    "SVI, concatenated inputs": ours.concatenated,
    "CompiledSVI, replay": ours.compiled("replay"),
    COMPILED: ours.compiled("inductor"),
}
HAND = {
    "by hand, eager, concatenated": hand.hand_eager,
    "by hand, torch.compile, concatenated": hand.hand_compiled,
    "by hand, eager, split": hand.hand_split,
    "by hand, torch.compile, split": hand.hand_split_compiled,
}
IAF = "CompiledSVI, inductor, two IAF steps"
FLOWS = {IAF: ours.compiled("inductor", posterior=("iaf", {"num_steps": 2}))}


def others(case):
    """The peers that compute this case and are installed."""
    found = {}
    if case.model == "M2" and case.precision == "float32":
        found["Pyro's example ss_vae_M2"] = pyro_example
        if find_spec("pixyz"):
            found["pixyz M2 (one relaxed sample of y)"] = peers.pixyz_m2
    if case.model == "VAE" and find_spec("pythae"):
        found["pythae VAE"] = peers.pythae_vae
        found["pythae IWAE, one sample"] = lambda case: peers.pythae_iwae(case, 1)
        found["pythae VAE_IAF, two steps"] = peers.pythae_vae_iaf
    return found


def float32_table(name, case, rounds):
    """Every arrangement of one case in turn."""
    arrangements = OURS | HAND | others(case) | (FLOWS if case.model == "VAE" else {})
    steppers = {label: make(case) for label, make in arrangements.items()} | {"peak": peak_step("float32")}
    times = interleaved(steppers, rounds)
    floor = statistics.median(times.pop("peak")) * hand.flops(case) / (2 * SIZE**3)
    rows = []
    for label, values in times.items():
        same_work = label == COMPILED or "IAF" in label or "pixyz" in label
        against = "" if same_work else spread(ratios(times, label, COMPILED))
        if label == "pythae VAE_IAF, two steps":
            against = f"{spread(ratios(times, label, IAF))} over {IAF}"
        rows.append([label, milliseconds(values), against, f"{statistics.median(values) / floor:.2f}"])
    header = ["arrangement", "ms", f"over {COMPILED}", "over the floor"]
    gigaflop = hand.flops(case) / 1e9
    return f"### {name}\n\n{gigaflop:.2f} GFLOP, floor {1000 * floor:.1f} ms.\n\n{table(header, rows)}\n"


def bfloat16_table(rounds):
    """Networks in bfloat16 beside plain SVI in float32."""
    rows = []
    for name, case in CASES.items():
        low = replace(case, precision="bfloat16")
        steppers = {
            PLAIN: ours.plain(case),
            "plain": ours.plain(low),
            COMPILED: ours.compiled("inductor")(low),
            "hand": hand.hand_split_compiled(low),
            "peak": peak_step("bfloat16"),
        }
        times = interleaved(steppers, rounds)
        floor = statistics.median(times.pop("peak")) * hand.flops(case) / (2 * SIZE**3)
        rows.append(
            [
                name,
                *(milliseconds(times[label]) for label in (PLAIN, "plain", "hand", COMPILED)),
                spread(ratios(times, PLAIN, COMPILED)),
                f"{statistics.median(times[COMPILED]) / floor:.2f}",
            ]
        )
    header = [
        "model",
        "SVI float32, ms",
        "SVI bfloat16, ms",
        "by hand, torch.compile, split, bfloat16, ms",
        "CompiledSVI bfloat16, ms",
        "SVI float32 over CompiledSVI bfloat16",
        "CompiledSVI over the floor",
    ]
    return table(header, rows)


SIZE = 2000


def peak_step(precision):
    factor = torch.randn(SIZE, SIZE).to(getattr(torch, precision))
    return lambda: factor @ factor


def cost_table(rounds):
    """What a step of M2 costs by batch, classes, particles and latent size."""
    rows = []
    for field, values in {
        "rows": (25, 50, 100, 200, 400),
        "num_classes": (2, 10, 25, 50),
        "num_particles": (1, 2, 5, 10),
        "z_size": (10, 50, 200),
    }.items():
        for value in values:
            case = replace(Case("M2"), **{field: value})
            times = interleaved({PLAIN: ours.plain(case), COMPILED: ours.compiled("inductor")(case)}, rounds)
            ratio = spread(ratios(times, PLAIN, COMPILED))
            rows.append([f"{field} = {value}", *(milliseconds(times[label]) for label in (PLAIN, COMPILED)), ratio])
    return table(["M2, else as above", f"{PLAIN}, ms", f"{COMPILED}, ms", "ratio"], rows)


def memory_table():
    cases = {
        "M2, K = 10": Case("M2"),
        "ADGM, K = 10": Case("ADGM"),
        "ADGM, K = 50": Case("ADGM", num_classes=50),
        "ADGM, K = 10, ten particles": Case("ADGM", num_particles=10),
    }
    rows = [[name, *(f"{peak(case, label):.0f}" for label in ARRANGEMENTS)] for name, case in cases.items()]
    return table(["model", *(f"{label}, MiB" for label in ARRANGEMENTS)], rows)


def installed(name):
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return f"without {name}"


def machine():
    peaks = [f"{matrix_peak(precision) / 1e9:.0f} GFLOP/s {precision}" for precision in ("float32", "bfloat16")]
    packages = [f"Python {platform.python_version()}", *map(installed, ("torch", "pyro-ppl", "pythae", "pixyz"))]
    cpu = f"{platform.machine()} CPU, {torch.get_num_threads()} threads"
    return ", ".join([str(datetime.now(UTC).date()), cpu, *peaks, *packages]) + "."


def report(rounds):
    sections = [
        "# Benchmarks",
        "",
        f"`make bench`: {rounds} rounds in which every arrangement makes one training step (loss, gradients, Adam) in",
        "turn, after 5 that build and warm up; median (quartiles), ratios taken round by round. 784 inputs, hidden",
        "[500, 500], z and a of 50 units, 100 labelled and 100 unlabelled rows (a VAE steps on the unlabelled ones).",
        "Pyro's validation is on, as it comes. The floor is the matrix products alone (first layers split by parent)",
        "at the speed of a square product of 2,000, measured in the same rounds. The arrangements by hand compute the",
        "same loss in PyTorch alone (`hand.py`); how the peers differ stands in `peers.py` and `pyro_example.py`:",
        "pixyz draws one relaxed y where the others sum over the classes, so that its work is about a third.",
        "",
        machine(),
        "",
        "## Steps in float32",
        "",
        *(float32_table(name, case, rounds) for name, case in CASES.items()),
        "## Networks in bfloat16",
        "",
        "Parameters, Adam and densities stay in float32.",
        "",
        bfloat16_table(rounds),
        "",
        "## What a step costs",
        "",
        cost_table(rounds),
        "",
        "## Memory",
        "",
        "Peak of four steps, tracing and compiling included, beyond what the process holds before the first.",
        "",
        memory_table(),
        "",
    ]
    return "\n".join(sections)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two rounds; write nothing")
    parser.add_argument("--rounds", type=int, default=25)
    options = parser.parse_args()
    warnings.filterwarnings("error", message="compiling")  # another backend than the row says
    text = report(2 if options.quick else options.rounds)
    print(text)
    if not options.quick:
        Path(__file__).with_name("README.md").write_text(text)


if __name__ == "__main__":
    main()
