"""Maaløe's thesis, app. E: FAME, with and without concatenation of the previous pixels."""

from dataclasses import replace

from pyrodgm.models import FAME, SemiSupervisedFAME
from pyrodgm.zoo.recipe import Recipe

PAPER = {"batch_norm": True, "scale_head": "softplus_sigma"}
PLAIN = {True: "", False: ", without concatenation"}
ON_A_CPU = (
    "32 maps in the PixelCNN instead of 64; {epochs} epochs with a warm-up from 0.3 over {warm_up} of them (the paper: "
    "over 200 of an unknown number); batches of 100 (not stated); Adam at 1e-3, falling linearly over the second half "
    "(the paper: 3e-4); bfloat16 products and convolutions. The convolutions and dense layers were chosen here, "
    "because the paper prints only the caption of their table. "
)


def mnist(concatenation: bool) -> Recipe:
    """FAME on MNIST, binarised before every epoch."""
    return Recipe(
        name="mnist-fame" if concatenation else "mnist-fame-no-concatenation",
        summary=f"FAME on MNIST{PLAIN[concatenation]}",
        source="Maaløe 2018, app. E, sec. 3 and table 2",
        paper="-77.82 (5,000 samples), bound -80.11, KL of z5 5.04" if concatenation else "-78.73 (5,000 samples)",
        figure="test log p(x)",
        deviations=ON_A_CPU.format(epochs=40, warm_up=8)
        + "Test images are binarised once; log p(x) uses the first 200 of them and 500 samples. Nothing was tuned.",
        data=("mnist", {}),
        model=(FAME, {"pixel_maps": 32, "concatenation": concatenation, "precision": "bfloat16"} | PAPER),
        epochs=40,
        batch_size=100,
        learning_rate=1e-3,
        schedule=("linear", {"start": 20, "end": 40}),
        warm_up_epochs=8,
        warm_up_start=0.3,
        measure_every=5,
        kl_units=True,
        resample=("binarise", {}),
        importance_samples=500,
        importance_rows=200,
    )


MNIST = mnist(concatenation=True)
BINARISED = replace(
    MNIST,
    name="binarised-mnist-fame",
    summary="FAME on MNIST binarised once",
    paper="-79.30 (5,000 samples)",
    deviations=ON_A_CPU.format(epochs=40, warm_up=8)
    + "log p(x) uses the first 200 test images and 500 samples. Nothing was tuned.",
    data=("binarised-mnist", {}),
    resample=None,
)
OMNIGLOT_BOX = replace(
    MNIST,
    name="omniglot-box-fame",
    summary="FAME on OMNIGLOT, with the drawings reduced by box averaging",
    source="Maaløe 2018, app. E, sec. 3 and table 3; the data are not the paper's",
    paper="none on these data",
    deviations="23,045 training drawings, reduced to 28x28 by box averaging, with a split made for this recipe; no "
    "published figure uses these data. "
    + ON_A_CPU.format(epochs=80, warm_up=16)
    + "Grey rows are binarised before every epoch, test rows once; log p(x) uses the first 200 test rows and 500 "
    "samples. Nothing was tuned.",
    data=("omniglot", {"box": True}),
    epochs=80,
    schedule=("linear", {"start": 40, "end": 80}),
    warm_up_epochs=16,
)

RECIPES = [
    MNIST,
    mnist(concatenation=False),
    BINARISED,
    OMNIGLOT_BOX,
    Recipe(
        name="digits-fame",
        summary="FAME of three layers on scikit-learn's digits, binarised",
        source="Model of Maaløe 2018, app. E; the data are not the paper's",
        paper="none on these data",
        figure="test log p(x)",
        deviations=(
            "Pixels are binarised before every epoch, and once for testing. Two convolutional layers of 16 and 32 maps "
            "and a dense layer; 16 maps in the PixelCNN; 60 epochs with a warm-up from 0.3 over 10. Nothing was tuned."
        ),
        data=("digits", {}),
        model=(
            FAME,
            {"z_sizes": (16, 8, 4), "hidden": ((64,), (64,), (32,)), "maps": (16, 32), "pixel_maps": 16} | PAPER,
        ),
        epochs=60,
        batch_size=100,
        learning_rate=2e-3,
        schedule=("linear", {"start": 30, "end": 60}),
        warm_up_epochs=10,
        warm_up_start=0.3,
        measure_every=5,
        kl_units=True,
        resample=("binarise", {}),
        importance_samples=200,
    ),
    Recipe(
        name="digits-fame-100",
        summary="FAME with a class at the top on scikit-learn's digits with 100 labels",
        source="Proposed in Maaløe 2018, app. E, sec. 4; the data are not the paper's",
        paper="none on these data; compare with the SDGM, recipe digits",
        figure="test error",
        deviations=(
            "Counts, likelihood, labels, beta and learning rate are as in the recipe digits, an SDGM, with half as "
            "many epochs. Without concatenation, because the PixelCNN needs pixels of zeros and ones. Layers as in "
            "digits-fame. Unlabelled batches are drawn from all rows, including the labelled ones, and every batch "
            "contains all 100 labels. Errors and bounds use the original counts. Nothing was tuned."
        ),
        data=("digits", {"counts": True}),
        model=(
            SemiSupervisedFAME,
            {"z_sizes": (16, 8, 4), "hidden": ((64,), (64,), (32,)), "maps": (16, 32), "pixel_maps": 16}
            | {"concatenation": False, "likelihood": ("binomial", {"total_count": 16})}
            | PAPER,
        ),
        num_labels=100,
        beta=1.0,
        epochs=200,
        batch_size=100,
        learning_rate=2e-3,
        schedule=("linear", {"start": 100, "end": 200}),
        warm_up_epochs=50,
        resample=("resample_counts", {"total_count": 16, "draws": 4}),
    ),
]
