"""``pyrodgm evaluate`` and ``pyrodgm sample``: commands that use a finished run."""

import io
from pathlib import Path
from typing import Annotated, Any

import typer

from pyrodgm.cli.arguments import Device, Name, Runs, Seed, Set, check_device, recipe_of, run_folder
from pyrodgm.cli.report import print_figures, reported, say


@reported()
def evaluate(name: Name, seed: Seed = 0, set: Set = None, device: Device = "cpu", runs: Runs = Path("runs")) -> None:
    """Evaluate a trained recipe and print the figures that its paper reports."""
    from pyrodgm.zoo import measure

    recipe, model, data = _trained(name, seed, set, device, runs)
    print_figures({seed: measure(recipe, model, data.to(device), seed)})


@reported()
def sample(
    name: Name,
    output: Annotated[Path, typer.Option(help="File to write: an image, or `.npz` for arrays x and (with classes) y.")],
    count: Annotated[int, typer.Option(min=1, help="Number of samples; per class, if the model has classes.")] = 10,
    seed: Seed = 0,
    set: Set = None,
    device: Device = "cpu",
    runs: Runs = Path("runs"),
) -> None:
    """Generate rows from a trained recipe: a picture of mean images, or arrays of samples of p(x)."""
    import numpy as np
    import pyro
    import torch
    from pyro.infer import Predictive

    from pyrodgm.evaluate import evaluating
    from pyrodgm.files import check_new_file, write
    from pyrodgm.models.global_weights import at_drawn_weights
    from pyrodgm.plot import class_samples, samples

    check_new_file(output, "--output")
    _, model, data = _trained(name, seed, set, device, runs)
    if model.supervised:
        raise ValueError(f"NAME: got {name}, a classifier of given x, want a recipe whose model generates x")
    pyro.set_rng_seed(seed)
    model = at_drawn_weights(model)  # by itself a model with global weights draws them from their prior
    if output.suffix == ".npz":
        y = None if model.num_classes is None else torch.arange(model.num_classes, device=device).repeat(count)
        with evaluating(model):
            x = Predictive(model.model, num_samples=1)(None, y, size=count)["x"][0]
        labels: dict[str, Any] = {} if y is None else {"y": y.cpu().numpy()}
        file = io.BytesIO()
        np.savez_compressed(file, x=x.cpu().numpy(), **labels)
        write(output, file.getvalue())
    elif data.image_shape is None:
        raise ValueError(
            f"--output: got {output}, want a file that ends in .npz: the rows of {data.name} are not images"
        )
    else:
        if model.num_classes is None:
            axes = samples(model, count, min(count, 10), data.image_shape)
        else:
            axes = class_samples(model, count, data.image_shape)
        axes.figure.savefig(output, dpi=150)  # type: ignore[union-attr]  # a whole figure
    say(f"Wrote {output}")


def _trained(name, seed, changes, device, runs):
    """The recipe, the trained model of its run, and the data."""
    from pyrodgm.models import Model
    from pyrodgm.zoo import load_data

    recipe, changes = recipe_of(name, None, changes)
    check_device(device)
    folder = run_folder(runs, recipe, changes, seed) / "model"
    if not folder.exists():
        others = sorted(path.parents[1].name for path in runs.glob(f"{name}+*/seed-{seed}/model"))
        # a folder's name has _ for a bracket, so it cannot be given to --set
        settings = "".join(f"; another one, with changed settings, is in {runs / run}" for run in others)
        raise ValueError(f"NAME: got {name} without {folder}, want a finished run: pyrodgm train {name}{settings}")
    return recipe, Model.from_pretrained(folder).to(device), load_data(recipe)
