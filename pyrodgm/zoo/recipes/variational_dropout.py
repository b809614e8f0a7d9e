"""Figure 6.1a of Kingma's thesis: dropout and variational dropout on MNIST, by method and width."""

from typing import Any

from pyrodgm.models import BayesianMLP
from pyrodgm.zoo.comparison import Comparison, Panel, Point
from pyrodgm.zoo.recipe import Recipe

WIDTHS = (150, 300, 600, 1200)
RATES = (0.25, 1.0)  # alpha = p / (1 - p), with p = 0.2 for the inputs and p = 0.5 for the hidden units
METHODS: dict[
    str, tuple[str, dict[str, Any], float]
] = {  # by name: description, options of the model, and weight of the KL
    "none": ("no dropout", {"weights": "point"}, 1.0),
    "binary": ("binary dropout", {"weights": "point", "dropout": (0.2, 0.5)}, 1.0),
    "gaussian-a": ("Gaussian dropout of type A", {"weights": ("A", {"alpha": RATES})}, 1.0),
    "gaussian-b": ("Gaussian dropout of type B", {"weights": ("B", {"alpha": RATES})}, 1.0),
    "variational-a": ("variational dropout of type A", {"weights": "A"}, 1.0),
    "variational-a2": ("variational dropout of type A, KL / 3", {"weights": "A"}, 1 / 3),
    "variational-b": ("variational dropout of type B", {"weights": "B"}, 1.0),
}


def mnist(method: str, width: int) -> Recipe:
    """A classifier with three hidden layers of the same width."""
    called, options, kl_weight = METHODS[method]
    return Recipe(
        name=f"mnist-dropout-{method}-{width}",
        summary=f"3 x {width} units on all labels of MNIST, {called}",
        source=(
            "Kingma 2017, sec. 6.5.3 and figure 6.1a, where variational dropout is no worse than fixed rates and has "
            "its largest advantage in small networks"
        ),
        paper="curve in figure 6.1a",
        figure="test error",
        deviations=(
            "The widths were chosen here, as those of the figure are not known. 50 epochs in batches of 100 (neither "
            "is stated); the epoch with the best validation error is kept; parameters are averaged with a decay of "
            "0.999 per step. Each input unit of a layer learns its own alpha, which starts at 0.5. Test errors use the "
            "mean weights; 'over 100 weights' averages the predictions of 100 weight samples. Nothing was tuned."
        ),
        data=("mnist", {}),
        model=(BayesianMLP, {"hidden": (width,) * 3} | options),
        epochs=50,
        batch_size=100,
        learning_rate=1e-3,
        objective=("mean_field", {}),
        kl_weight=kl_weight,
        local_reparameterisation=options["weights"] != "point",
        ema=0.999,
        monitor="validation error",
    )


RECIPES = [mnist(method, width) for width in WIDTHS for method in METHODS]

WIDTH = Comparison(
    name="mnist-dropout",
    summary="Dropout and variational dropout on MNIST, by the units of each of three hidden layers",
    source="Kingma 2017, sec. 6.5.3 and figure 6.1a",
    panels=(
        Panel(
            "units",
            "test error, %",
            {
                called: {width: Point(f"mnist-dropout-{method}-{width}", "test error") for width in WIDTHS}
                for method, (called, _, _) in METHODS.items()
            },
        ),
    ),
)
