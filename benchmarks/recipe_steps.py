"""The time of training steps of a ladder VAE and of the image models, in float32 and in bfloat16.

Writes benchmarks/recipe_steps.md. Run it with ``OMP_NUM_THREADS=1 python -m benchmarks.recipe_steps``. With
``--quick``, it makes two rounds and writes nothing.
"""

import pyro
import torch
from pyro.infer import SVI, Trace_ELBO

from benchmarks.measure import interleaved, milliseconds, ratios, spread, table, write_page
from benchmarks.steps import machine
from pyrodgm.infer import CompiledSVI, Optimizer
from pyrodgm.models.catalogue import is_of_images
from pyrodgm.zoo import RECIPES

NAMES = ("mnist-lvae", "mnist-iafvae-iaf-2-320", "mnist-fame", "cifar10-subset-resnet")
SHAPES = {"mnist": (784, 2), "cifar10-subset": (3072, 256)}  # by data set: the size of a row, and the levels of a value
PLAIN, ROUNDED = "SVI, float32", "SVI, bfloat16"
COMPILED, BOTH = "CompiledSVI, float32", "CompiledSVI, bfloat16"


def arrangements(case):
    """A step of ``SVI`` and one of ``CompiledSVI`` in each precision, on the same rows."""
    recipe = RECIPES[case]
    model_class, options = recipe.model
    size, levels = SHAPES[recipe.data[0]]
    image = {} if not is_of_images(model_class) else {"image_shape": (32, 32, 3) if levels == 256 else (28, 28)}
    x = torch.randint(levels, (recipe.batch_size, size)).float()

    def step(svi_class, precision):
        torch.manual_seed(0)
        model = model_class(**(image or {"x_size": size}) | options | {"precision": precision})
        if hasattr(model, "initialise"):
            model.initialise(x)
        optimizer = Optimizer(torch.optim.Adam, {"lr": 1e-3})
        svi = svi_class(model.model, model.guide, optimizer, Trace_ELBO())
        return lambda: svi.step(x)

    pyro.clear_param_store()
    kinds = ((PLAIN, SVI), (ROUNDED, SVI), (COMPILED, CompiledSVI), (BOTH, CompiledSVI))
    return {name: step(svi_class, name.split(", ")[1]) for name, svi_class in kinds}


def report(rounds):
    """The page."""
    lines = [
        f"""# Training steps of a ladder VAE and of the image models

This benchmark measures the time of a training step (loss, gradient, Adam) of four recipes, with SVI and with
CompiledSVI, in float32 and in bfloat16.

The batches have the size that the recipe says. Pyro's validation is off. With bfloat16, the networks compute in
bfloat16. Parameters, densities and the optimiser stay in float32.

Written by `OMP_NUM_THREADS=1 python -m benchmarks.recipe_steps`. All four arrangements run in turn, in {rounds} rounds
after three for warming up. The table gives median (quartiles). Ratios are to SVI in float32, round by round.

{machine()}
""",
    ]
    rows = []
    for case in NAMES:
        with pyro.validation_enabled(False):
            times = interleaved(arrangements(case), rounds, warm=3)
        over = [spread(ratios(times, name, PLAIN), 2) for name in (ROUNDED, COMPILED, BOTH)]
        rows.append([case, *(milliseconds(times[name]) for name in (PLAIN, ROUNDED, COMPILED, BOTH)), *over])
    names = [f"{name}, ms" for name in (PLAIN, ROUNDED, COMPILED, BOTH)]
    header = ["recipe", *names, *(f"{name}, ratio" for name in (ROUNDED, COMPILED, BOTH))]
    return "\n".join([*lines, table(header, rows), ""])


if __name__ == "__main__":
    write_page(report, 11, __doc__, __file__)
