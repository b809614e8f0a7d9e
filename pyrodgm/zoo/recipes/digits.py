"""Recipes on scikit-learn's digits, which need no download."""

from typing import Any

from pyrodgm.models import (
    AVAE,
    M1M2,
    M2,
    SDGM,
    VAE,
    AuxiliaryLadderVAE,
    ClusterLadderVAE,
    DeepGenerativeModel,
    HierarchicalVAE,
    LadderVAE,
)
from pyrodgm.zoo.recipe import Recipe

INK = 16  # the largest pixel count
COUNTS = {"likelihood": ("binomial", {"total_count": INK})}
STACK: dict[str, Any] = {
    "data": ("digits", {"counts": True}),
    "resample": ("resample_counts", {"total_count": INK, "draws": 4}),
    "num_labels": 100,
    "batch_size": 100,
}
OVERLAP = (
    "Unlabelled batches are drawn from all rows, including the labelled ones, and every batch contains all 100 labels. "
    "Errors and bounds use the original counts. "
)
CHOSEN = (
    "beta is the best of 0.3, 1, 3 and 10 on the 200 validation labels, averaged over two seeds other than the first "
    "five. The learning rate and the number of epochs come from a few shorter runs, and are the same for M2 and M1+M2."
)
LVAE = {  # the networks of the ladder VAE paper
    "activation": "leaky_relu",
    "batch_norm": "heads",
    "scale_head": "softplus_variance",
}


def layers(name: str, model: type[DeepGenerativeModel], summary: str, source: str, deviations: str = "") -> Recipe:
    """An unsupervised model of three layers. The settings are the same for every model."""
    auxiliary = {"a_sizes": (16, 8, 4)} if model in (AVAE, AuxiliaryLadderVAE) else {}
    return Recipe(
        name=f"digits-{name}",
        summary=f"{summary} on scikit-learn's digits",
        source=f"Model of {source}; settings of app. B, sec. 3, with fewer units; the data are not the paper's",
        figure="test log p(x)",
        paper="none on these data",
        deviations=(
            "Likelihood and counts as in digits-m2. Three layers of 16, 8 and 4 units, networks of 128, 64 and 32. "
            "Because there are few rows, batches have 100 rows, and training takes 300 epochs with a warm-up over 30 "
            f"(a tenth). KL terms are sampled. {deviations}Bounds use the original counts. Nothing was tuned."
        ),
        data=("digits", {"counts": True}),
        model=(
            model,
            {"z_sizes": (16, 8, 4), "hidden": ((128, 128), (64, 64), (32, 32))} | auxiliary | LVAE | COUNTS,
        ),
        epochs=300,
        batch_size=100,
        learning_rate=1e-3,
        warm_up_epochs=30,
        kl_units=True,
        resample=("resample_counts", {"total_count": INK, "draws": 4}),
        importance_samples=1000,
    )


PROPOSED = "The model is proposed in Maaløe 2018, sec. 5.1.2, without published results. "
RECIPES = [
    Recipe(
        name="digits",
        summary="SDGM on scikit-learn's digits with 100 labels",
        source="Model of Maaløe et al. 2016, sec. 2.4; the data are not the paper's",
        figure="test error",
        paper="none on these data; compare with LabelSpreading",
        deviations=(
            "Binomial likelihood with 16 counts per pixel. Before every epoch the counts are resampled from 4 draws "
            f"per pixel, just as the papers binarise MNIST. {OVERLAP}Sizes, learning rate, beta, warm-up and "
            "resampling were chosen on the 200 validation labels, which no model trains on."
        ),
        data=("digits", {"counts": True}),
        model=(
            SDGM,
            {
                "z_size": 16,
                "a_size": 16,
                "hidden": (128, 128),
            }
            | COUNTS,
        ),
        num_labels=100,
        beta=1.0,
        epochs=400,
        batch_size=100,
        learning_rate=2e-3,
        schedule=("linear", {"start": 200, "end": 400}),
        warm_up_epochs=100,
        resample=("resample_counts", {"total_count": INK, "draws": 4}),
        baselines=("supervised network", "LabelSpreading"),
    ),
    Recipe(
        name="digits-m2",
        summary="M2 on scikit-learn's digits with 100 labels",
        source="Model of Kingma 2017, sec. 3.2.2; the data are not the paper's",
        figure="test error",
        paper="none on these data; M1+M2 beats M2 on MNIST",
        deviations=(
            "Binomial likelihood with 16 counts per pixel, resampled before every epoch from 4 draws per pixel. "
            + OVERLAP
            + CHOSEN
        ),
        model=(M2, {"z_size": 16, "hidden": (128, 128)} | COUNTS),
        beta=3.0,
        epochs=200,
        learning_rate=1e-3,
        baselines=("SVM", "nearest neighbours"),
        **STACK,
    ),
    Recipe(
        name="digits-m1",
        summary="M1, a VAE on scikit-learn's digits, and classifiers on its features with 100 labels",
        source="Model of Kingma 2017, sec. 3.2.1; the data are not the paper's",
        figure="SVM on features test error",
        paper="none on these data; M1+M2 beats M2 on MNIST",
        deviations=(
            "Likelihood and counts as in digits-m2. An SVM on the labelled rows instead of a transductive SVM. C and "
            "the number of neighbours were chosen on the 200 validation labels. Nothing else was tuned."
        ),
        model=(VAE, {"z_size": 16, "hidden": (128, 128)} | COUNTS),
        epochs=200,
        learning_rate=2e-3,
        feature_classifiers=("SVM", "nearest neighbours"),
        **STACK,
    ),
    Recipe(
        name="digits-m1m2",
        summary="M1+M2 on scikit-learn's digits with 100 labels, with the sizes of digits-m2",
        source="Model of Kingma 2017, sec. 3.2.3; the data are not the paper's",
        figure="test error",
        paper="none on these data; M1+M2 beats M2 on MNIST",
        deviations="M1 as in digits-m1; likelihood and counts as in digits-m2. " + OVERLAP + CHOSEN,
        pretrained=("digits-m1", {}),
        model=(M1M2, {"z_size": 16, "z1_size": 16, "hidden": (128, 128)} | COUNTS),
        beta=1.0,
        epochs=200,
        learning_rate=1e-3,
        **STACK,
    ),
    layers("hierarchical", HierarchicalVAE, "VAE of three layers with bottom-up inference", "Maaløe 2018, app. B"),
    layers("lvae", LadderVAE, "Ladder VAE of three layers", "Maaløe 2018, app. B"),
    layers(
        "avae",
        AVAE,
        "AVAE of three layers",
        "Maaløe 2018, app. A, sec. 4.3",
        "a_i is as large as z_i (not stated); batch normalisation as in app. A. ",
    ),
    layers(
        "auxiliary-ladder",
        AuxiliaryLadderVAE,
        "Ladder VAE with auxiliary variables",
        "Maaløe 2018, sec. 5.1.2",
        f"{PROPOSED}a_i is as large as z_i, as in digits-avae. ",
    ),
    Recipe(
        name="digits-cluster-ladder",
        summary="Ladder VAE with a class, on scikit-learn's digits with 100 labels",
        source="Model of Maaløe 2018, sec. 5.1.2; the data are not the paper's",
        figure="test log p(x)",
        paper="none on these data; compare with digits-cagem-100",
        deviations=(
            f"{PROPOSED}Sizes, settings and counts as in digits-cagem-100, and no batch normalisation for the same "
            "reason. Every batch contains all labels; unlabelled batches are drawn from all rows, including the "
            "labelled ones. Errors and bounds use the original counts. Nothing was tuned."
        ),
        data=("digits", {"counts": True}),
        model=(ClusterLadderVAE, {"z_sizes": (16, 8), "hidden": (128, 64)} | COUNTS),
        num_labels=100,
        beta=1.0,
        epochs=300,
        batch_size=100,
        learning_rate=2e-3,
        schedule=("step", {"factor": 0.75, "every": 50}),
        warm_up_epochs=100,
        resample=("resample_counts", {"total_count": INK, "draws": 4}),
        importance_samples=1000,
    ),
]
