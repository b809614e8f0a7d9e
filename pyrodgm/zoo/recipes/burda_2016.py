"""Importance-weighted autoencoders with one and two layers on MNIST."""

from typing import Any

from pyrodgm.models import HierarchicalVAE
from pyrodgm.zoo.recipe import Recipe

SIZES: dict[int, dict[str, Any]] = {  # by number of layers: units of the latents, and of the hidden layers between them
    1: {"z_sizes": (50,), "hidden": ((200, 200),)},
    2: {"z_sizes": (100, 50), "hidden": ((200, 200), (100, 100))},
}
PAPER = {(1, 1): "-86.76", (1, 50): "-84.78", (2, 1): "-85.33", (2, 50): "-82.90"}


def mnist(num_layers: int, num_samples: int) -> Recipe:
    """An IWAE with the given numbers of layers and importance samples. With one sample, the bound is the ELBO."""
    return Recipe(
        name="-".join(["mnist-iwae", *([str(num_layers)] if num_layers > 1 else []), str(num_samples)]),
        summary=f"IWAE with L = {num_layers} on MNIST, {num_samples} importance sample{'s' * (num_samples > 1)}",
        source="Burda, Grosse and Salakhutdinov 2016, as reported in Maaløe 2018, app. A, table 1",
        paper=f"log p(x) {PAPER[num_layers, num_samples]}"
        if (num_layers, num_samples) in PAPER
        else "not in app. A, table 1",
        figure="test log p(x)",
        deviations=(
            "200 epochs in batches of 100, to be feasible on a CPU: eight learning rates, 0.001 x 10^(-i/7), i = 0, "
            "..., 7, for 25 epochs each. The paper trains for 3^i epochs each (3,280 in all) in batches of 20. Adam's "
            "default epsilon of 1e-8. 50,000 training images. Test images are binarised once; log p(x) uses the first "
            "2,000 of them. Nothing was tuned."
        ),
        data=("mnist", {}),
        model=(HierarchicalVAE, SIZES[num_layers] | {"activation": "tanh"}),
        objective=("importance_weighted", {"num_samples": num_samples}),
        epochs=200,
        batch_size=100,
        learning_rate=1e-3,
        schedule=("step", {"factor": 10 ** (-1 / 7), "every": 25}),
        measure_every=10,
        kl_units=num_layers > 1,
        resample=("binarise", {}),
        importance_samples=5000,
        importance_rows=2000,
    )


RECIPES = [mnist(num_layers, num_samples) for num_layers in (1, 2) for num_samples in (1, 5, 50)]
