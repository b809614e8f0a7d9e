"""MNIST, at the length that two CPU cores allow."""

from pyrodgm.models import ADGM, M2, SDGM, VAE
from pyrodgm.zoo.recipe import Recipe

LABELLED = {
    "data": ("mnist", {}),
    "resample": ("binarise", {}),
    "num_labels": 100,
    "batch_size": 100,
    "learning_rate": 3e-4,
    "figure": "test error",
    "epochs": 100,
    "milestones": (10, 20, 50),
    "importance_samples": 5000,
    "importance_rows": 200,
}
AUXILIARY = {
    "z_size": 100,
    "a_size": 100,
    "hidden": (500, 500),
    "batch_norm": True,
    "precision": "bfloat16",
}
AUXILIARY_DEVIATIONS = (
    "100 epochs in place of 1,000, for a CPU, one sample of the latents in place of 10, and matrix products in "
    "bfloat16. 50,000 training images, the last 10,000 being the validation rows; all 784 inputs and batch "
    "normalisation as in the authors' published script, in place of the paper's 444 and none. The class term is "
    "E_a[log q(y | a, x)]. Nothing was tuned."
)
M2_MODEL = {"z_size": 50, "hidden": (500,), "activation": "softplus", "init": 0.001, "precision": "bfloat16"}


def m2(num_labels, paper):
    """Kingma's M2 with so many labels."""
    return Recipe(
        name="mnist-m2" if num_labels == 100 else f"mnist-m2-{num_labels}",
        summary=f"M2 on MNIST with {num_labels:,} labels",
        source="Kingma 2017, sec. 3.4 and table 3.1",
        paper=paper,
        deviations=(
            "100 epochs, for a CPU, and batches of 100 labelled and 100 unlabelled rows (neither is stated); Adam for "
            "their RMSProp with momentum and bias correction, which it is; matrix products in bfloat16. Nothing was "
            "tuned."
        ),
        model=(M2, M2_MODEL),
        weight_prior=1.0,
        labelled_batch_size=None if num_labels == 100 else 100,
        **LABELLED | {"num_labels": num_labels},
    )


RECIPES = [
    m2(100, "11.97 ± 1.71 %"),
    m2(600, "4.94 ± 0.13 %"),
    m2(1000, "3.60 ± 0.56 %"),
    m2(3000, "3.92 ± 0.63 %"),
    Recipe(
        name="mnist-adgm",
        summary="ADGM on MNIST with 100 labels",
        source="Maaløe et al. 2016, sec. 3 and table 1",
        paper="0.96 ± 0.02 %, about 1.5 at 200 epochs",
        deviations=AUXILIARY_DEVIATIONS,
        model=(ADGM, AUXILIARY),
        **LABELLED,
    ),
    Recipe(
        name="mnist-sdgm",
        summary="SDGM on MNIST with 100 labels",
        source="Maaløe et al. 2016, sec. 3 and table 1",
        paper="1.32 ± 0.07 %",
        deviations=AUXILIARY_DEVIATIONS,
        model=(SDGM, AUXILIARY),
        **LABELLED,
    ),
    Recipe(
        name="mnist-vae",
        summary="VAE with one layer of the LVAE paper's sizes on MNIST, binarised before every epoch",
        source="Maaløe 2018, app. B, sec. 3 (sizes, batch normalisation, optimiser) and app. A, table 1 (figure)",
        paper="IWAE, L = 1, IW = 1: log p(x) -86.76",
        figure="test log p(x)",
        deviations=(
            "100 epochs in place of 2,000 and a warm-up of 10 in place of 200, for a CPU; 50,000 training images; "
            "no batch normalisation of the heads; softplus gives no variance here, the heads are log-variances. "
            "Test images are binarised once; log p(x) is of the first 2,000 of them."
        ),
        data=("mnist", {}),
        model=(VAE, {"z_size": 64, "hidden": (512, 512), "activation": "leaky_relu", "batch_norm": True}),
        epochs=100,
        batch_size=256,
        learning_rate=1e-3,
        warm_up_epochs=10,
        measure_every=5,
        resample=("binarise", {}),
        importance_samples=5000,
        importance_rows=2000,
    ),
]
