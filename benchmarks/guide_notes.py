"""The time of a training step of a ResNetVAE, with the notes that the guide leaves for the model, and without them.

Writes benchmarks/guide_notes.md. Run it with ``OMP_NUM_THREADS=1 python -m benchmarks.guide_notes``. With ``--quick``,
it makes two rounds and writes nothing.
"""

import time
from unittest.mock import patch

import pyro
import torch
from pyro.infer import Trace_ELBO

from benchmarks.measure import interleaved, milliseconds, ratios, spread, table, write_page
from benchmarks.steps import machine
from pyrodgm.models import ResNetVAE
from pyrodgm.models.guide_notes import GuideNote

ROWS = 20
CASES = {  # by name: image, and options of the model
    "MNIST, depth 4, 32 maps, normal": ((28, 28), {"maps": 32, "z_maps": 16}),
    "CIFAR-10, depth 4, 64 maps, normal": ((32, 32, 3), {}),
    "CIFAR-10, depth 4, 64 maps, IAF of one hidden layer": (
        (32, 32, 3),
        {"posterior": ("iaf", {"made_hidden": (64,)})},
    ),
}
SHARED, TWICE = "with notes", "without notes"


def arrangements(image_shape, options):
    """Functions that compute a loss and its gradient in all parameters, with notes and without."""
    pyro.clear_param_store()
    torch.manual_seed(0)
    model = ResNetVAE(image_shape, **options)
    x = torch.randint(256, (ROWS, model.x_size)).float()
    model.initialise(x)
    parameters, elbo = list(model.parameters()), Trace_ELBO()

    def shared():
        torch.autograd.grad(elbo.differentiable_loss(model.model, model.guide, x), parameters)

    def twice():
        with patch.object(GuideNote, "read", lambda note, *inputs: None):
            shared()

    return {SHARED: shared, TWICE: twice}


def report(rounds):
    """The page."""
    lines = [
        f"""# A guide's notes for its model

The bidirectional guide of `ResNetVAE` computes the features of the generative model from the top down. It leaves them
in notes, and the model does not compute them again, see `pyrodgm.models.guide_notes`. The loss is the same with and
without notes, to the last bit. Gradients are the same up to rounding, because they are summed in another order, see
tests/models/test_guide_notes.py. This benchmark measures the time of both. Wanted: a ratio of at most 0.8.

A step is the loss and its gradient, for {ROWS} rows in float32. It is not compiled, and Pyro's validation is off.

Written by `OMP_NUM_THREADS=1 python -m benchmarks.guide_notes`. Both run in turn, in {rounds} rounds after one for
warming up. Times are CPU times. The table gives median (quartiles); ratios are taken round by round.

{machine()}
""",
    ]
    rows = []
    with pyro.validation_enabled(False):
        for name, case in CASES.items():
            times = interleaved(arrangements(*case), rounds, warm=1, clock=time.process_time)
            each = (milliseconds(times[way]) for way in (SHARED, TWICE))
            rows.append([name, *each, spread(ratios(times, SHARED, TWICE))])
    header = ["model", f"{SHARED}, ms", f"{TWICE}, ms", "ratio of with to without"]
    return "\n".join([*lines, table(header, rows), ""])


if __name__ == "__main__":
    write_page(report, 7, __doc__, __file__)
