"""Figure 6.1a of Kingma's thesis: dropout and variational dropout on MNIST, by method and width."""

from pyrodgm.models import BayesianMLP
from pyrodgm.zoo.recipe import Recipe

WIDTHS = (150, 300, 600, 1200)
RATES = (0.25, 1.0)  # alpha = p / (1 - p) of p = 0.2 for the inputs and p = 0.5 for the hidden units
METHODS = {  # by name: what it is, the options of the model, and what weighs the KL
    "none": ("no dropout", {"weights": "point"}, 1.0),
    "binary": ("binary dropout", {"weights": "point", "dropout": (0.2, 0.5)}, 1.0),
    "gaussian-a": ("Gaussian dropout of type A", {"weights": ("A", {"alpha": RATES})}, 1.0),
    "gaussian-b": ("Gaussian dropout of type B", {"weights": ("B", {"alpha": RATES})}, 1.0),
    "variational-a": ("variational dropout of type A", {"weights": "A"}, 1.0),
    "variational-a2": ("variational dropout of type A, KL / 3", {"weights": "A"}, 1 / 3),
    "variational-b": ("variational dropout of type B", {"weights": "B"}, 1.0),
}


def mnist(method: str, width: int) -> Recipe:
    """A classifier of three hidden layers of one width."""
    called, options, kl_weight = METHODS[method]
    return Recipe(
        name=f"mnist-dropout-{method}-{width}",
        summary=f"3 x {width} units on all labels of MNIST, {called}",
        source="Kingma 2017, sec. 6.5.3 and figure 6.1a",
        paper="drawn in figure 6.1a: variational dropout no worse than fixed rates, and most ahead in small networks",
        figure="test error",
        deviations=(
            "Widths are a choice, as the figure's axis is lost. 50 epochs in batches of 100 (neither is stated); the "
            "epoch with the best validation error is kept; averaging by a decay of 0.999 a step. A learned alpha is "
            "one for every input unit of a layer and begins at a half. Test errors are those of the means of the "
            "weights; 'over 100 weights' averages predictions. Nothing was tuned."
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
