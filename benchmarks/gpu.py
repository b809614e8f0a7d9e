"""The time of training steps on a GPU, with SVI, with CompiledSVI and in plain PyTorch; writes benchmarks/gpu.md.

Run it with ``python -m benchmarks.gpu`` on a machine with a CUDA device. Without one, it says so and writes nothing.
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

PLAIN, CAPTURED, BY_HAND = "SVI", "CompiledSVI, cuda_graph", "plain PyTorch, CUDA graph, split inputs"


def hand_cuda_graph(case):
    """A step in plain PyTorch with split inputs: loss, gradients and a fused Adam in one CUDA graph.

    The batch stays in the same place in memory.
    """
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
    "plain PyTorch, eager, split inputs": hand.hand_split,
    BY_HAND: hand_cuda_graph,
}


def section(name, case, rounds):
    """The section of one case: the time of every arrangement, measured in turn."""
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
    header = ["arrangement", "ms", f"ratio to {CAPTURED}", f"ratio to {BY_HAND}", "ratio to the floor"]
    return f"## {name}, {case.precision}\n\n{table(header, rows)}\n"


def main(rounds=100):
    if not torch.cuda.is_available():
        sys.exit("benchmarks.gpu: no CUDA device here")
    warnings.filterwarnings("error", message="compiling")  # a fallback would be another backend than the row says
    sections = [
        f"""# Benchmarks on a GPU

This benchmark measures the time of a training step (loss, gradients, Adam) on a GPU. The models and the words
are those of [README.md](README.md). Written by `python -m benchmarks.gpu`.

Every arrangement makes one step in turn, in {rounds} rounds after 5 for building and warming up. A time
ends when the device is done. The tables give median (quartiles); ratios are taken round by round. The floor
assumes the speed of a product of two square matrices of size 8,192.

{datetime.now(UTC).date()}, {torch.cuda.get_device_name()}, {installed("torch")}, {installed("pyro-ppl")}.
""",
    ]
    for precision in ("float32", "bfloat16"):
        for name, case in CASES.items():
            sections.append(section(name, replace(case, device="cuda", precision=precision), rounds))
    text = "\n".join(sections)
    print(text)
    Path(__file__).with_name("gpu.md").write_text(text)


if __name__ == "__main__":
    main()
