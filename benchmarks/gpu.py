"""Training steps on a GPU: plain SVI, CompiledSVI, and a CUDA graph by hand; writes benchmarks/gpu.md.

Run with ``python -m benchmarks.gpu`` on a machine with a CUDA device; elsewhere it says so and writes nothing.
"""

import statistics
import sys
import warnings
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import torch

from benchmarks import hand, ours
from benchmarks.measure import interleaved, matrix_peak, milliseconds, ratios, spread, table
from benchmarks.steps import CASES, installed

PLAIN, CAPTURED, BY_HAND = "SVI", "CompiledSVI, cuda_graph", "by hand, CUDA graph, split"


def hand_cuda_graph(case):
    """Loss, gradients and a fused Adam of the split arrangement in one CUDA graph; the batch stays where it is."""
    module, data = hand.build(case, hand.SplitNetwork), case.data()
    optimiser = torch.optim.Adam(module.parameters(), lr=3e-4, fused=True, capturable=True)
    loss = torch.compile(module.loss, fullgraph=True, dynamic=False)
    autocast = torch.autocast("cuda", torch.bfloat16, enabled=case.precision == "bfloat16", cache_enabled=False)

    def step():
        optimiser.zero_grad(set_to_none=False)
        with autocast:
            value = loss(*data)
        value.backward()
        optimiser.step()
        return value.detach()

    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


ARRANGEMENTS = {
    PLAIN: ours.plain,
    "CompiledSVI, replay": ours.compiled("replay"),
    "CompiledSVI, inductor": ours.compiled("inductor"),
    CAPTURED: ours.compiled("cuda_graph"),
    "by hand, eager, split": hand.hand_split,
    BY_HAND: hand_cuda_graph,
}


def section(name, case, rounds):
    times = interleaved({label: make(case) for label, make in ARRANGEMENTS.items()}, rounds)
    floor = hand.flops(case) / matrix_peak(case.precision, "cuda", size=8192)
    rows = [
        [
            label,
            milliseconds(values),
            spread(ratios(times, label, CAPTURED)),
            spread(ratios(times, label, BY_HAND)),
            f"{statistics.median(values) / floor:.1f}",
        ]
        for label, values in times.items()
    ]
    header = ["arrangement", "ms", f"over {CAPTURED}", f"over {BY_HAND}", "over the floor"]
    return f"## {name}, {case.precision}\n\n{table(header, rows)}\n"


def main(rounds=100):
    if not torch.cuda.is_available():
        sys.exit("benchmarks.gpu: no CUDA device here")
    warnings.filterwarnings("error", message="compiling")  # another backend than the row says
    sections = [
        "# Benchmarks on a GPU",
        "",
        f"`python -m benchmarks.gpu`: {rounds} rounds in which every arrangement makes one training step in turn and",
        "the device is waited for; median (quartiles). Cases and words as in README.md.",
        "",
        f"{datetime.now(UTC).date()}, {torch.cuda.get_device_name()}, {installed('torch')}, {installed('pyro-ppl')}.",
        "",
    ]
    for precision in ("float32", "bfloat16"):
        for name, case in CASES.items():
            sections.append(section(name, replace(case, device="cuda", precision=precision), rounds))
    text = "\n".join(sections)
    print(text)
    Path(__file__).with_name("gpu.md").write_text(text)


if __name__ == "__main__":
    main()
