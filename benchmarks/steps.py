"""The time and memory of a training step, beside other implementations of the same models.

Writes benchmarks/README.md. Run it with ``make bench``. With ``--quick``, it makes two rounds and writes nothing.
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
from pyrodgm.nn.precision import fast_bfloat16

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
    "plain PyTorch, eager, concatenated inputs": hand.hand_eager,
    "plain PyTorch, torch.compile, concatenated inputs": hand.hand_compiled,
    "plain PyTorch, eager, split inputs": hand.hand_split,
    "plain PyTorch, torch.compile, split inputs": hand.hand_split_compiled,
}
IAF = "CompiledSVI, inductor, two IAF steps"
FLOWS = {IAF: ours.compiled("inductor", posterior=("iaf", {"num_steps": 2}))}


def others(case):
    """The steps in other libraries for this case, of those that are installed."""
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
    """The section of one case: the time of every arrangement, measured in turn."""
    arrangements = OURS | HAND | others(case) | (FLOWS if case.model == "VAE" else {})
    steppers = {label: make(case) for label, make in arrangements.items()} | {"peak": peak_step("float32")}
    times = interleaved(steppers, rounds)
    floor = statistics.median(times.pop("peak")) * hand.flops(case) / (2 * SIZE**3)
    rows = []
    for label, values in times.items():
        no_ratio = label == COMPILED or "IAF" in label or "pixyz" in label
        against = "" if no_ratio else spread(ratios(times, label, COMPILED))
        if label == "pythae VAE_IAF, two steps":
            against = f"{spread(ratios(times, label, IAF))}, to {IAF}"
        rows.append([label, milliseconds(values), against, f"{statistics.median(values) / floor:.2f}"])
    header = ["arrangement", "ms", f"ratio to {COMPILED}", "ratio to the floor"]
    work = f"The matrix products are {hand.flops(case) / 1e9:.2f} GFLOP, and the floor is {1000 * floor:.1f} ms."
    return f"### {name}\n\n{work}\n\n{table(header, rows)}\n"


def bfloat16_table(rounds):
    """The time of steps with networks in bfloat16, beside plain SVI in float32."""
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
        "plain PyTorch, torch.compile, split inputs, bfloat16, ms",
        "CompiledSVI bfloat16, ms",
        "ratio of SVI float32 to CompiledSVI bfloat16",
        "ratio of CompiledSVI bfloat16 to the floor",
    ]
    return table(header, rows)


SIZE = 2000


def peak_step(precision):
    """A function that makes one square matrix product, for the floor."""
    factor = torch.randn(SIZE, SIZE).to(getattr(torch, precision))
    return lambda: factor @ factor


def cost_table(rounds):
    """The time of a step of M2 by number of rows, classes, particles and latent units."""
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
    return table(["M2 with", f"{PLAIN}, ms", f"{COMPILED}, ms", "ratio of SVI to CompiledSVI"], rows)


def memory_table():
    """The peak memory of a few steps, by model and arrangement."""
    cases = {
        "M2, K = 10": Case("M2"),
        "ADGM, K = 10": Case("ADGM"),
        "ADGM, K = 50": Case("ADGM", num_classes=50),
        "ADGM, K = 10, ten particles": Case("ADGM", num_particles=10),
    }
    rows = [[name, *(f"{peak(case, label):.0f}" for label in ARRANGEMENTS)] for name, case in cases.items()]
    return table(["model", *(f"{label}, MiB" for label in ARRANGEMENTS)], rows)


def installed(name):
    """The name and version of a package, or that it is not installed."""
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return f"without {name}"


def machine():
    """The date, the machine with its speed at matrix products, and the versions of the packages."""
    precisions = ("float32", "bfloat16") if fast_bfloat16() else ("float32",)  # without instructions, it takes minutes
    peaks = [f"{matrix_peak(precision) / 1e9:.0f} GFLOP/s {precision}" for precision in precisions]
    packages = [f"Python {platform.python_version()}", *map(installed, ("torch", "pyro-ppl", "pythae", "pixyz"))]
    threads = torch.get_num_threads()
    cpu = f"{platform.machine()} CPU, {threads} thread{'s' * (threads != 1)}"
    return ", ".join([str(datetime.now(UTC).date()), cpu, *peaks, *packages]) + "."


def report(rounds):
    sections = [
        f"""# Benchmarks

This benchmark measures the time of a training step (loss, gradients, Adam) in this package and in other
implementations of the same models. `make bench` writes this page.

The models have 784 inputs and K classes. Their networks have hidden layers of [500, 500] units, and z and a
have 50 units. A step takes 100 labelled and 100 unlabelled rows; a VAE takes only the unlabelled ones.
Pyro's validation is on, which is its default. A heading says what differs from this setting; "20 + 20 rows"
means 20 labelled and 20 unlabelled ones.

Every arrangement makes one step in turn, in {rounds} rounds after 5 for building and warming up. The tables
give median (quartiles). A ratio to X is the time divided by that of X; ratios are taken round by round.

The floor is the time of the matrix products alone, with split inputs. It assumes the speed of a product of two
square matrices of size 2,000, which is measured in the same rounds.

Plain PyTorch computes the same loss without Pyro, see `hand.py`. With split inputs, the first layer of a
network is a sum of one product per input. With concatenated inputs, it is a single product. The files
`peers.py` and `pyro_example.py` describe how the other libraries differ. pixyz draws one relaxed y where the
others sum over the classes. With K = 10, pixyz thus does about a third of the work.

{machine()}

## Steps in float32
""",
        *(float32_table(name, case, rounds) for name, case in CASES.items()),
        f"""## Networks in bfloat16

The networks compute in bfloat16. Parameters, Adam and densities stay in float32.

{bfloat16_table(rounds)}

## Time by rows, classes, particles and latent units

One number of the M2 is changed at a time. The others are as at the top of this page, with ten classes and
one particle. `rows` counts the labelled rows, and as many unlabelled ones are added.

{cost_table(rounds)}

## Memory

The table gives the peak memory of four steps, with tracing and compiling. What the process holds before the
first step is subtracted.

{memory_table()}
""",
    ]
    return "\n".join(sections)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two rounds; write nothing")
    parser.add_argument("--rounds", type=int, default=25)
    options = parser.parse_args()
    warnings.filterwarnings("error", message="compiling")  # a fallback would be another backend than the row says
    text = report(2 if options.quick else options.rounds)
    print(text)
    if not options.quick:
        Path(__file__).with_name("README.md").write_text(text)


if __name__ == "__main__":
    main()
