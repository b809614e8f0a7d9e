"""SVHN and small NORB with 1,000 labels and a Gaussian likelihood."""

from typing import Any

from pyrodgm.models import ADGM, SDGM
from pyrodgm.zoo.recipe import Recipe

SIZES = {
    "z_size": 300,
    "a_size": 300,
    "hidden": (1000, 1000),
    "likelihood": "normal",
    "batch_norm": True,
}
SHARED: dict[str, Any] = {
    "source": "Maaløe et al. 2016, sec. 3 and table 1",
    "figure": "test error",
    "num_labels": 1000,
    "learning_rate": 3e-4,
    "epochs": 1000,
    "milestones": (100,),
}
SVHN: dict[str, Any] = SHARED | {
    "data": ("svhn", {"extra": True}),
    "preprocess": (("dequantise", {}), ("standardise", {"centre": False})),
    "batch_size": 1000,
}
NORB: dict[str, Any] = SHARED | {
    "data": ("small-norb", {"size": 32, "pairs": True}),
    "preprocess": (("dequantise", {}),),
    "batch_size": 100,
    "labelled_batch_size": 100,
}
DEVIATIONS = (
    "Hidden layers of 1,000 units, and 300 units of a and z (the paper does not state which of its 500 or 1,000 and "
    "100 or 300 apply). Batch normalisation and 1,000 epochs, as in the authors' published script for MNIST; one "
    "sample of the latents (the paper has 10 on MNIST, and states no number here); beta 0.1, the smallest of the "
    "paper's 0.1 to 2. As in that script, the uniform noise is drawn once, and unlabelled batches are drawn from all "
    "rows, including the labelled ones (neither is stated). Errors average 100 samples of a, or 10 at the milestones "
    "(not stated). Nothing was tuned. "
)
OF_SVHN = DEVIATIONS + "5,000 of the paper's training rows are used for validation."
OF_NORB = DEVIATIONS + (
    "2,300 of the paper's training rows are used for validation. Pixels plus noise are divided by 256. Images are "
    'reduced to 32x32 by box averaging; the paper does not say what "following Miyato et al. (2015)" adds to that '
    "(the authors' script takes the nearest pixel and subtracts the mean of every pixel)."
)
RECIPES = [
    Recipe(
        name="svhn-adgm",
        summary="ADGM on SVHN with 1,000 labels",
        paper="22.86 %",
        deviations=OF_SVHN,
        model=(ADGM, SIZES),
        **SVHN,
    ),
    Recipe(
        name="svhn-sdgm",
        summary="SDGM on SVHN with 1,000 labels",
        paper="16.61 ± 0.24 %, about 19 at 100 epochs",
        deviations=OF_SVHN,
        model=(SDGM, SIZES),
        **SVHN,
    ),
    Recipe(
        name="svhn-sdgm-no-extra",
        summary="SDGM on SVHN with 1,000 labels, without its extra set",
        paper="29.82 %",
        deviations=OF_SVHN,
        model=(SDGM, SIZES),
        **SVHN | {"data": ("svhn", {})},
    ),
    Recipe(
        name="norb-adgm",
        summary="ADGM on small NORB with 1,000 labels",
        paper="10.06 ± 0.05 %",
        deviations=OF_NORB,
        model=(ADGM, SIZES),
        **NORB,
    ),
    Recipe(
        name="norb-sdgm",
        summary="SDGM on small NORB with 1,000 labels",
        paper="9.40 ± 0.04 %, about 12 at 100 epochs",
        deviations=OF_NORB,
        model=(SDGM, SIZES),
        **NORB,
    ),
]
