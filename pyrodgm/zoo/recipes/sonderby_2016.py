"""The ladder VAE and its VAE baselines: five layers on MNIST, a study of depth, OMNIGLOT and small NORB."""

from dataclasses import replace
from typing import Any

from pyrodgm.models import HierarchicalVAE, LadderVAE
from pyrodgm.zoo.comparison import Comparison, Panel, Point
from pyrodgm.zoo.recipe import Recipe

SIZES = (64, 32, 16, 8, 4)  # units of z1, ..., z5; smaller models use the first ones
HIDDEN = (512, 256, 128, 64, 32)  # units of the two layers of each MLP between z_{i-1} and z_i; z_0 is x

KL_AND_FLOOR = (
    "KL terms are sampled; in the paper they are analytic where possible. Variances have a lower bound of 1e-8. "
)
OF_MNIST = KL_AND_FLOOR + (
    "50,000 training images instead of the complete set. Test images are binarised once; log p(x) uses the first 2,000 "
    "of them. Nothing was tuned."
)


def networks(num_layers: int, batch_norm: str | bool = "heads", activation: str = "leaky_relu") -> dict[str, Any]:
    """Arguments of a model with the given number of layers and the paper's sizes (sec. 3, eqs 10-15)."""
    return {
        "z_sizes": SIZES[:num_layers],
        "hidden": tuple((size, size) for size in HIDDEN[:num_layers]),
        "activation": activation,
        "batch_norm": batch_norm,
        "scale_head": "softplus_variance",
    }


def mnist(
    name: str, summary: str, paper: str, model: tuple[type, dict[str, Any]], deviations: str = OF_MNIST, **changed: Any
) -> Recipe:
    """A model on MNIST with the paper's settings, except those in ``changed``."""
    settings: dict[str, Any] = {
        "source": "Sønderby et al. 2016 (Maaløe 2018, app. B), sec. 3 and table 1",
        "figure": "test log p(x)",
        "data": ("mnist", {}),
        "epochs": 2000,
        "batch_size": 256,
        "learning_rate": 1e-3,
        "warm_up_epochs": 200,
        "measure_every": 20,
        "kl_units": True,
        "resample": ("binarise", {}),
        "importance_samples": 5000,
        "importance_rows": 2000,
    }
    given: dict[str, Any] = {"name": name, "summary": summary, "paper": paper, "deviations": deviations, "model": model}
    return Recipe(**settings | given | changed)


LADDER = mnist("mnist-lvae", "LVAE of five layers on MNIST", "log p(x) -82.12, bound -85.23", (LadderVAE, networks(5)))
VAE_5 = mnist(
    "mnist-vae-5",
    "VAE of five layers on MNIST, with batch normalisation and warm-up",
    "the best VAEs: log p(x) -82.74, bound -87.49 (three layers)",
    (HierarchicalVAE, networks(5)),
)
FINE_TUNED = replace(
    LADDER,
    name="mnist-lvae-finetuned",
    summary="mnist-lvae, trained further with 10 importance samples",
    paper="log p(x) -81.74",
    deviations=(
        "10 importance samples under one logarithm, without the paper's additional 10 Monte Carlo samples. A new Adam "
        "starts at 1e-3. " + OF_MNIST
    ),
    start_from=("mnist-lvae", {}),
    objective=("importance_weighted", {"num_samples": 10}),
    schedule=("step", {"factor": 0.75, "every": 200}),
    warm_up_epochs=0,
)

# Figures 3 to 5: the effects of batch normalisation (BN), warm-up (WU) and the ladder, for one to five layers. An LVAE
# of one layer is the same as a VAE+BN+WU of one layer, so there is none.
STUDY: dict[str, tuple[str, type, str | bool, int]] = {  # by kind: name, model, batch normalisation, epochs of warm-up
    "vae": ("VAE", HierarchicalVAE, False, 0),
    "bn": ("VAE+BN", HierarchicalVAE, "heads", 0),
    "bn-wu": ("VAE+BN+WU", HierarchicalVAE, "heads", 10),
    "lvae": ("LVAE", LadderVAE, "heads", 10),
}
IN_FIGURE_3 = {  # numbers given in the text; the figures only have curves
    ("bn-wu", 3): "bound -87.49, the best VAE (figure 3)",
    ("lvae", 5): "log p(x) -82.12, bound -85.23 (figure 3)",
}


def depth(kind: str, num_layers: int) -> Recipe:
    """A model of the study of depth, trained for 100 epochs."""
    called, model, batch_norm, warm_up = STUDY[kind]
    return mnist(
        f"mnist-depth-{kind}-{num_layers}",
        f"{called} with L = {num_layers} on MNIST, 100 epochs",
        IN_FIGURE_3.get((kind, num_layers), "curve in figures 3-5"),
        (model, networks(num_layers, batch_norm)),
        f"100 epochs instead of 2,000{' and a warm-up of 10 instead of 200' * (warm_up > 0)}, "
        f"to be feasible on a CPU. {OF_MNIST}",
        source="Sønderby et al. 2016 (Maaløe 2018, app. B), sec. 3 and figures 3 to 5",
        epochs=100,
        warm_up_epochs=warm_up,
        measure_every=5,
    )


def omniglot(name: str, called: str, model: type, paper: str, box: bool) -> Recipe:
    """A model of five layers on OMNIGLOT."""
    rows = "1,345 of the paper's 24,345 training rows are used for validation. "
    changed: dict[str, Any] = {"epochs": 1500}
    if box:
        rows = (
            "23,045 training drawings, reduced to 28x28 by box averaging, with a split made for this recipe; no "
            "published figure uses these data. 100 epochs instead of 1,500 and a warm-up of 10 instead of 200, to be "
            "feasible on a CPU. "
        )
        changed = {"epochs": 100, "warm_up_epochs": 10, "measure_every": 5}
    return mnist(
        name,
        f"{called} of five layers on OMNIGLOT" + box * ", with the drawings reduced by box averaging",
        paper,
        (model, networks(5)),
        f"{rows}{KL_AND_FLOOR}Grey rows are binarised before every epoch, test rows once; log p(x) uses the first "
        "2,000 test rows. Nothing was tuned.",
        source="Sønderby et al. 2016 (Maaløe 2018, app. B), sec. 3 and table 2",
        data=("omniglot", {"box": box}),
        **changed,
    )


def norb(name: str, called: str, model: type, paper: str) -> Recipe:
    """A model of five layers on small NORB, with a Gaussian likelihood."""
    return mnist(
        name,
        f"{called} of five layers on small NORB",
        f"log p(x) {paper}",
        (model, networks(5, activation="tanh") | {"likelihood": "normal"}),
        "Images of the left camera, reduced to 32x32 by box averaging (the paper uses a resized copy without saying "
        f"how it was made); 2,300 of the training rows are used for validation. {KL_AND_FLOOR}log p(x) uses the first "
        "2,000 test rows. Nothing was tuned.",
        source="Sønderby et al. 2016 (Maaløe 2018, app. B), sec. 3 and table 2",
        data=("small-norb", {"size": 32, "pairs": False}),
        resample=None,
    )


RECIPES = [
    LADDER,
    VAE_5,
    FINE_TUNED,
    *(depth(kind, n) for kind in STUDY for n in range(1, 6) if (kind, n) != ("lvae", 1)),
    omniglot("omniglot-lvae", "LVAE", LadderVAE, "log p(x) -102.11", box=False),
    omniglot("omniglot-vae-5", "VAE+BN+WU", HierarchicalVAE, "log p(x) -102.48", box=False),
    omniglot("omniglot-box", "LVAE", LadderVAE, "none on these data", box=True),
    norb("norb-lvae", "LVAE", LadderVAE, "3455"),
    norb("norb-vae-5", "VAE+BN+WU", HierarchicalVAE, "3422"),
]


def _by_depth(figure: str) -> dict[str, dict[int, Point]]:
    """A figure of every kind of model, over the number of layers."""
    lines = {
        called: {layers: Point(f"mnist-depth-{kind}-{layers}", figure) for layers in range(1, 6)}
        for kind, (called, *_) in STUDY.items()
    }
    lines["LVAE"][1] = lines["VAE+BN+WU"][1]
    return lines


DEPTH = Comparison(
    name="mnist-depth",
    summary="Bound and log p(x) on MNIST by the number of layers",
    source="Sønderby et al. 2016 (Maaløe 2018, app. B), figure 3, b and c",
    panels=(
        Panel("layers", "test bound, nats", _by_depth("test bound")),
        Panel("layers", "test log p(x), nats", _by_depth("test log p(x)")),
    ),
)
LAYERS = Comparison(
    name="mnist-depth-kl",
    summary="KL by layer of the five-layer models on MNIST",
    source="Sønderby et al. 2016 (Maaløe 2018, app. B), figure 5",
    panels=(
        Panel(
            "layer",
            "KL, nats",
            {
                called: {layer: Point(f"mnist-depth-{kind}-5", f"KL of z{layer}") for layer in range(1, 6)}
                for kind, (called, *_) in STUDY.items()
            },
        ),
    ),
)
