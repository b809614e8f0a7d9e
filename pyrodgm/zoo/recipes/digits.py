"""scikit-learn's digits, which need no download."""

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

INK = 16  # a pixel counts ink from 0 to 16
COUNTS = {"likelihood": ("binomial", {"total_count": INK})}
STACK = {
    "data": ("digits", {"counts": True}),
    "resample": ("resample_counts", {"total_count": INK, "draws": 4}),
    "num_labels": 100,
    "paper": "none on these data: M1+M2 is below M2 on MNIST",
    "batch_size": 100,
}
OVERLAP = (
    "The unlabelled rows of a batch come from all rows, the labelled ones among them, and every batch counts all 100 "
    "labels. Errors and bounds are of the counts as they are. "
)
CHOSEN = (
    "beta is the best of 0.3, 1, 3 and 10 by the 200 validation labels, the mean over two seeds that are not among the "
    "first five; learning rate and length are those of a few shorter runs, the same few for M2 and M1+M2."
)
LVAE = {  # the networks of the ladder's paper
    "activation": "leaky_relu",
    "batch_norm": "heads",
    "scale_head": "softplus_variance",
}


def layers(name: str, model: type[DeepGenerativeModel], summary: str, source: str, deviations: str = "") -> Recipe:
    """An unsupervised model of three layers, all alike but for the model."""
    auxiliary = {"a_sizes": (16, 8, 4)} if model in (AVAE, AuxiliaryLadderVAE) else {}
    return Recipe(
        name=f"digits-{name}",
        summary=f"{summary} on scikit-learn's digits",
        source=f"Model of {source}; settings of app. B, sec. 3, with fewer units; the data are not the paper's",
        figure="test log p(x)",
        paper="none on these data",
        deviations=(
            "Likelihood and counts as in digits-m2. Three layers of 16, 8 and 4 units and networks of 128, 64 and 32, "
            "batches of 100 rows, 300 epochs and a warm-up of 30, a tenth, for so few rows; KL terms are sampled. "
            f"{deviations}Bounds are of the counts as they are. Nothing was tuned."
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


PROPOSED = "It is proposed in Maaløe 2018, sec. 5.1.2, and published nowhere. "
RECIPES = [
    Recipe(
        name="digits",
        summary="SDGM on scikit-learn's digits with 100 labels",
        source="Model of Maaløe et al. 2016, sec. 2.4; the data are not the paper's",
        figure="test error",
        paper="none on these data; LabelSpreading is the mark",
        deviations=(
            "The likelihood is binomial, 16 counts a pixel; before every epoch the counts are sampled anew from 4 "
            f"draws a pixel, as the papers binarise MNIST. {OVERLAP}Sizes, learning rate, beta, warm-up and resampling "
            "were chosen on the 200 validation labels, which no model trains on."
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
        deviations=(
            "A binomial likelihood, 16 counts a pixel, sampled anew before every epoch from 4 draws a pixel. "
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
        summary="M1 on scikit-learn's digits, a VAE, and classifiers on its features with 100 labels",
        source="Model of Kingma 2017, sec. 3.2.1; the data are not the paper's",
        figure="SVM on features test error",
        deviations=(
            "Likelihood and counts as in digits-m2. An SVM on the labelled rows in place of a transductive one; C, and "
            "the number of neighbours, by the 200 validation labels. Nothing else was tuned."
        ),
        model=(VAE, {"z_size": 16, "hidden": (128, 128)} | COUNTS),
        epochs=200,
        learning_rate=2e-3,
        feature_classifiers=("SVM", "nearest neighbours"),
        **STACK,
    ),
    Recipe(
        name="digits-m1m2",
        summary="M1+M2 on scikit-learn's digits with 100 labels, at the sizes of digits-m2",
        source="Model of Kingma 2017, sec. 3.2.3; the data are not the paper's",
        figure="test error",
        deviations="M1 is that of digits-m1; likelihood and counts as in digits-m2. " + OVERLAP + CHOSEN,
        pretrained=("digits-m1", {}),
        model=(M1M2, {"z_size": 16, "z1_size": 16, "hidden": (128, 128)} | COUNTS),
        beta=1.0,
        epochs=200,
        learning_rate=1e-3,
        **STACK,
    ),
    layers("hierarchical", HierarchicalVAE, "VAE of three layers, inferred from the bottom up", "Maaløe 2018, app. B"),
    layers("lvae", LadderVAE, "Ladder VAE of three layers", "Maaløe 2018, app. B"),
    layers(
        "avae",
        AVAE,
        "AVAE of three layers",
        "Maaløe 2018, app. A, sec. 4.3",
        "a_i is as large as z_i (not stated); batch normalisation by app. A. ",
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
        paper="none on these data; digits-cagem-100 is the mark",
        deviations=(
            f"{PROPOSED}Sizes, settings and counts are those of digits-cagem-100, without batch normalisation for the "
            "same reason. Every batch has all labels, and its unlabelled rows come from all rows, the labelled ones "
            "among them. Errors and bounds are of the counts as they are. Nothing was tuned."
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
