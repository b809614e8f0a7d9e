"""The time of masked convolutions, whose kernels end at their centre row, and of masked kernels of full size.

Writes benchmarks/masked_conv.md. Run it with ``OMP_NUM_THREADS=1 python -m benchmarks.masked_conv``. With ``--quick``,
it makes two rounds and writes nothing.
"""

import time
from unittest.mock import patch

import torch

from benchmarks.measure import interleaved, milliseconds, ratios, spread, table, write_page
from benchmarks.steps import machine
from pyrodgm.nn import MaskedConv, MaskedConvNet, PixelCNN
from pyrodgm.nn.trunk import sum_of_terms

CROPPED, WHOLE = "up to the centre row", "whole kernels"


def pixel_cnn(num_maps):
    """A function that returns minus the log-probability of 50 images under a PixelCNN, and its parameters."""
    net, x, h = (
        PixelCNN((28, 28), maps=(32,), num_maps=num_maps),
        torch.rand(50, 784).round(),
        torch.randn(50, 32, 28, 28),
    )
    return lambda: -net(h).log_prob(x).sum(), list(net.parameters())


def flow(hidden):
    """The same of the outputs of a flow's network on 20 latents of 32 feature maps."""
    net, z, h = MaskedConvNet(32, maps=(64,), hidden=hidden), torch.randn(20, 32, 16, 16), torch.randn(20, 64, 16, 16)
    return lambda: sum(out.square().sum() for out in net(z, h)), list(net.parameters())


CASES = {
    "PixelCNN, 28 x 28, 32 maps": lambda: pixel_cnn(32),
    "PixelCNN, 28 x 28, 64 maps": lambda: pixel_cnn(64),
    "flow, 16 x 16, 32 maps, a hidden layer of 64": lambda: flow((64,)),
    "flow, 16 x 16, 32 maps, two hidden layers of 160": lambda: flow((160, 160)),
}


def arrangements(case):
    """Functions that compute a loss and its gradient, with kernels up to the centre row and with whole kernels."""
    torch.manual_seed(0)
    loss, parameters = case()

    def cropped():
        torch.autograd.grad(loss(), parameters)

    def forward(self, x, *parents):
        of_x = self._convolved(x, self.masked_weight(), self.reach, self.bias)
        return sum_of_terms([of_x, *self._terms(parents)])

    def whole():
        with patch.object(MaskedConv, "forward", forward):
            cropped()

    return {CROPPED: cropped, WHOLE: whole}


def report(rounds):
    """The page."""
    lines = [
        f"""# Masked convolutions

A masked convolution reads nothing below its own row, so the lower rows of its kernels are zero. `MaskedConv` leaves
them out. This benchmark compares it with kernels of full size, whose lower rows are multiplied by zero. Both give the
same numbers. Each case is a loss and its gradient in all parameters, in float32.

Written by `OMP_NUM_THREADS=1 python -m benchmarks.masked_conv`. Both run in turn, in {rounds} rounds after two for
warming up. Times are CPU times. The table gives median (quartiles); ratios are taken round by round.

{machine()}
""",
    ]
    rows = []
    for name, case in CASES.items():
        times = interleaved(arrangements(case), rounds, warm=2, clock=time.process_time)
        rows.append(
            [name, *(milliseconds(times[way]) for way in (CROPPED, WHOLE)), spread(ratios(times, CROPPED, WHOLE))]
        )
    return "\n".join([*lines, table(["network", f"{CROPPED}, ms", f"{WHOLE}, ms", "ratio"], rows), ""])


if __name__ == "__main__":
    write_page(report, 15, __doc__, __file__)
