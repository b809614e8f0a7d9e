"""Experiments of Jurasiński's thesis: M2 on two circles, and the latent-space classifier on MNIST."""

from dataclasses import replace
from typing import Any

from pyrodgm.models import M2, LatentClassifierVAE
from pyrodgm.zoo.recipe import Recipe

ALPHA = 0.1  # as in his fig. 4


def circles(name: str, variance: float, paper: str) -> Recipe:
    """M2 on two circles, with a normal p(x | z, y) of fixed variance."""
    return Recipe(
        name=name,
        summary=f"M2 on two circles with 25 labels per class, sigma^2 = {variance:g}",
        source="Jurasiński 2019, sec. 3.1, figs 3 and 4",
        figure="test error",
        paper=paper,
        deviations=(
            "Learning rate 3e-3 instead of 1e-3, falling linearly over the second half, and a warm-up over 20 epochs. "
            "At 1e-3 without warm-up, M2 with sigma^2 from 0.01 to 0.03 cuts the circles in half and never recovers. "
            "sigma^2 = 0.03, the learning rate, the warm-up and the length were chosen on validation labels. The "
            "noise, the scale factor, batches and epochs are not stated. alpha = 0.1, as for fig. 4; app. B gives 1 "
            "for experiments that state no value, such as fig. 3. It is the weight of every label's class term; sec. "
            "2.3 prints it as that of their mean, beside sums of bounds. The unlabelled rows are all 10,000, including "
            "the labelled ones, instead of the other 9,950; every batch contains all 50 labels."
        ),
        data=("circles", {}),
        model=(
            M2,
            {
                "z_size": 1,
                "hidden": (50, 50, 50),
                "classifier_hidden": (50,),
                "likelihood": ("normal", {"variance": variance}),
                "activation": "softplus",
            },
        ),
        num_labels=50,
        batch_size=100,
        beta=ALPHA * 50 / 10_000,
        epochs=150,
        learning_rate=3e-3,
        schedule=("linear", {"start": 75, "end": 150}),
        warm_up_epochs=20,
        measure_every=10,
        baselines=("supervised network",),
    )


def mnist(name: str, summary: str, paper: str, labelled_weight: float, **options: Any) -> Recipe:
    """The latent-space classifier on MNIST."""
    return Recipe(
        name=name,
        summary=f"{summary} on MNIST with 100 labels",
        source="Jurasiński 2019, sec. 5, app. B and table 1",
        figure="test error",
        paper=paper,
        deviations=(
            "100 epochs instead of 500, to be feasible on a CPU, and bfloat16 matrix products. sigma^2 is not stated; "
            "0.4 had the lowest validation error among 0.1, 0.2, 0.4 and 1 after 4 epochs with Jensen's bound, one "
            "seed each. p(y | z) is averaged over 100 samples of z, and over 10 at the milestones and for choosing the "
            "epoch (the number is not stated). Unlabelled batches are drawn from all 50,000 rows, including the "
            "labelled ones, instead of the other 49,900."
        ),
        data=("mnist", {}),
        model=(
            LatentClassifierVAE,
            {
                "z_size": 50,
                "hidden": (500,),
                "likelihood": ("normal", {"variance": 0.4}),
                "activation": "softplus",
                "precision": "bfloat16",
            }
            | options,
        ),
        num_labels=100,
        batch_size=100,
        labelled_weight=labelled_weight,
        beta=0.0,  # the thesis has no class term
        epochs=100,
        learning_rate=1e-3,
        milestones=(10, 20, 50),
        monitor="validation error",
        baselines=("supervised network",),
    )


JENSEN = mnist(
    "mnist-latent-classifier", "Latent-space classifier, Jensen's bound,", "7.7 ± 2.8 %", 0.5, bound="jensen"
)

BERNOULLI = replace(
    JENSEN,
    name="mnist-latent-classifier-bernoulli",
    summary="Latent-space classifier, Jensen's bound, Bernoulli pixels, on MNIST with 100 labels",
    deviations=(
        "30 epochs instead of 500, and bfloat16 matrix products. Pixels are binarised anew for every epoch, with a "
        "Bernoulli p(x | y, z) instead of a normal one; errors use grey test images. Two hidden layers of 500 ReLUs "
        "with batch normalisation instead of one layer of softplus, a class term with beta = 0.1, which the thesis "
        "does not have, lambda = 1 instead of 0.5, and a learning rate that falls linearly from epoch 15. Chosen by "
        "validation error after 12 epochs, one seed: 11.9 % with all of these, 20.9 % with the class term alone. "
        "p(y | z) is averaged over 100 samples of z, and over 10 at the milestones and for choosing the epoch. "
        "Unlabelled batches are drawn from all 50,000 rows, including the labelled ones."
    ),
    model=(
        LatentClassifierVAE,
        {
            "z_size": 50,
            "hidden": (500, 500),
            "bound": "jensen",
            "likelihood": "bernoulli",
            "activation": "relu",
            "batch_norm": True,
            "precision": "bfloat16",
        },
    ),
    resample=("binarise", {}),
    labelled_weight=1.0,
    beta=0.1,
    epochs=30,
    schedule=("linear", {"start": 15, "end": 30}),
    milestones=(10, 20),
)

LARGE_ALPHA = Recipe(
    name="mnist-m2-alpha-10000",
    summary="M2 with a large class term on MNIST with 100 labels",
    source="Jurasiński 2019, sec. 5, app. B and table 1",
    figure="test error",
    paper="6.3 ± 2.5 %",
    deviations=(
        "40 epochs instead of 500, to be feasible on a CPU, and bfloat16 matrix products. sigma^2 is not stated; 0.4, "
        "as in mnist-latent-classifier, had a lower validation error than 0.1 after 6 epochs (23.2 and 23.7 %, one "
        "seed). alpha is the weight of every label's class term, beside sums of bounds; sec. 2.3 prints it as that of "
        "their mean. "
        "Unlabelled batches are drawn from all 50,000 rows, including the labelled ones, instead of the other 49,900."
    ),
    data=("mnist", {}),
    model=(
        M2,
        {
            "z_size": 50,
            "hidden": (500,),
            "classifier_hidden": (500,),
            "likelihood": ("normal", {"variance": 0.4}),
            "activation": "softplus",
            "precision": "bfloat16",
        },
    ),
    num_labels=100,
    batch_size=100,
    beta=10_000 * 100 / 50_000,
    epochs=40,
    learning_rate=1e-3,
    milestones=(10, 20),
    monitor="validation error",
    baselines=("supervised network",),
)

RECIPES = [
    LARGE_ALPHA,
    circles(
        "circles-m2",
        1.0,
        "a boundary away from the optimal one, which a network trained on the labels alone does find",
    ),
    circles("circles-m2-tuned", 0.03, "the optimal boundary"),
    JENSEN,
    BERNOULLI,
    mnist(
        "mnist-latent-classifier-exact",
        "Latent-space classifier, y summed exactly,",
        "none; Jensen's bound: 7.7 ± 2.8 %",
        0.5,
    ),
    mnist(
        "mnist-latent-classifier-simplified",
        "Latent-space classifier with p(x | z)",
        "17.9 ± 1.9 %",
        0.001,
        x_reads_y=False,
    ),
]
