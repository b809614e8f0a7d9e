"""MNIST, at the length that two CPU cores allow."""

from pyrodgm.models import ADGM, AVAE, M1M2, M2, SDGM, VAE
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
    "normalisation as in the authors' published script, in place of the paper's 444 and none. beta 0.1, the least of "
    "the paper's 0.1 to 2. With one sample of a the class term is log q(y | a, x), whether the mean over a is taken "
    "before the logarithm or after. As in that script, the unlabelled rows of a batch come from all rows, the labelled "
    "ones among them, and errors are of grey test images (neither is stated); they average 100 samples of a, at the "
    "milestones 10. Nothing was tuned."
)
FAST_DEVIATIONS = (
    "150 epochs in place of 1,000, and one sample of the latents in place of 10. Adam at 1.5e-3 in place of 3e-4, "
    "which falls linearly to a hundredth of it over the second half. Batches of 200 rows beside all labelled ones, so"
    " that an epoch is half as many steps as with 100. Every class is summed for 8 epochs, and then the two most "
    "probable ones and one that is drawn, which with batch normalisation is a bound over another network. 50,000 "
    "training images, the last 10,000 being the validation rows; the inputs that vary, as in the paper, 444 there; "
    "batch normalisation as in the authors' published script; matrix products in bfloat16. beta 0.1, the least of the"
    " paper's 0.1 to 2. The unlabelled rows of a batch come from all rows, the labelled ones among them, and errors "
    "are of grey test images (neither is stated); they average 100 samples of a, at the milestones 10. No setting was"
    " searched for: the validation labels chose none."
)
# Kingma's published script takes disjoint parts and features of grey test images; it is of M1+M2 alone.
KINGMA = (
    "The unlabelled rows of a batch come from all 50,000, the labelled ones among them, where sec. 3.4.1 splits the "
    "rows into two sets. Errors are of grey test images, where training binarises (not stated)."
)
SOFTPLUS = {"activation": "softplus", "precision": "bfloat16"}
M2_MODEL = {"z_size": 50, "hidden": (500,), "init": 0.001} | SOFTPLUS


# What a label weighs. Kingma 2017, eqs 3.9 and 3.10, over the whole data set:
#
#     J^alpha = sum_l L(x, y) + sum_u U(x) + alpha E_l[-log q(y | x)],    alpha = 0.1 N
#
# L and U are bounds of equal weight, and E_l is a mean over the N_l labelled rows, so that each label's class term
# weighs 0.1 N / N_l: beta (N_l + N_u) / N_l with beta = 0.1. N = 50,000 is the size of the data set, as in sec. 3.2
# (table 3.1 writes N for the number of labels as well). For 100, 600, 1,000 and 3,000 labels this is 50, 8.3, 5 and
# 1.7. An epoch is 50,000 / 100 = 500 batches. It has every row once, and with 100 labelled rows a batch every label
# 500 * 100 / N_l = 500, 83, 50 and 17 times. ``labels_once`` divides both terms of a label by that number.
def m2(num_labels: int, paper: str, every_batch: bool = False) -> Recipe:
    """Kingma's M2 with so many labels; or with a label counted in every batch that has it."""
    name = "mnist-m2" if num_labels == 100 else f"mnist-m2-{num_labels}"
    weights = "weighed so that a label counts once an epoch, as in eq. 3.10"
    if every_batch:
        name += "-every-batch"
        weights = (
            "where every batch counts its labels, each one 500 times an epoch and eq. 3.10 once (Jurasiński 2019, "
            "sec. 6 and app. D, on what that changes)"
        )
    return Recipe(
        name=name,
        summary=f"M2 on MNIST with {num_labels:,} labels" + every_batch * ", counted in every batch",
        source="Kingma 2017, sec. 3.4 and table 3.1",
        paper=paper,
        deviations=(
            f"100 epochs, for a CPU, and batches of 100 labelled and 100 unlabelled rows (neither is stated), {weights}"
            f". {KINGMA} Adam, which their RMSProp with momentum and bias correction is; matrix products in bfloat16. "
            "Nothing was tuned."
        ),
        model=(M2, M2_MODEL),
        weight_prior=1.0,
        labelled_batch_size=None if num_labels == 100 else 100,
        labels_once=not every_batch,
        **LABELLED | {"num_labels": num_labels},
    )


def avae(num_layers: int, paper: str) -> Recipe:
    """The AVAE of so many layers, at the sizes of the LVAE paper."""
    sizes, hidden = (64, 32)[:num_layers], ((512, 512), (256, 256))[:num_layers]
    return Recipe(
        name=f"mnist-avae-{num_layers}",
        summary=f"AVAE with L = {num_layers} on MNIST, binarised before every epoch",
        source="Maaløe 2018, app. A, sec. 4.3 and table 1; settings of app. B, sec. 3, to which it refers",
        paper=f"log p(x) {paper}",
        figure="test log p(x)",
        deviations=(
            "100 epochs in place of 2,000 and a warm-up of 10 in place of 200, for a CPU; 50,000 training images; a_i "
            "as large as z_i, and networks of the LVAE's sizes and leaky ReLU (the text states neither for AVAE); no "
            "batch normalisation of the heads, which give log-variances. Test images are binarised once; log p(x) is "
            "of the first 2,000 of them. Nothing was tuned."
        ),
        data=("mnist", {}),
        model=(
            AVAE,
            {"z_sizes": sizes, "a_sizes": sizes, "hidden": hidden, "activation": "leaky_relu", "batch_norm": True},
        ),
        epochs=100,
        batch_size=256,
        learning_rate=1e-3,
        warm_up_epochs=10,
        measure_every=5,
        kl_units=True,
        resample=("binarise", {}),
        importance_samples=5000,
        importance_rows=2000,
    )


RECIPES = [
    m2(100, "11.97 ± 1.71 %"),
    m2(100, "11.97 ± 1.71 %", every_batch=True),
    m2(600, "4.94 ± 0.13 %"),
    m2(1000, "3.60 ± 0.56 %"),
    m2(3000, "3.92 ± 0.63 %"),
    Recipe(
        name="mnist-m1",
        summary="M1 on MNIST, a VAE, and classifiers on its features with 100 labels",
        source="Kingma 2017, sec. 3.4 and table 3.1",
        paper="M1+TSVM 11.82 ± 0.25 %; nearest neighbours of the pixels 25.81 %",
        deviations=(
            "An SVM on the labelled rows in place of a transductive one, which no library here has, with C, and the "
            "number of neighbours, chosen on the 10,000 validation labels; features are posterior means of grey "
            "images in place of samples. 100 epochs and batches of 100 rows, for a CPU (neither is stated); Adam, "
            "which their RMSProp with momentum and bias correction is; Glorot's initialisation in place of N(0, "
            "0.001^2), a start that two layers leave slowly (validation bound -189 after 4 epochs, -125 from "
            "Glorot's); matrix products in bfloat16."
        ),
        model=(VAE, {"z_size": 50, "hidden": (600, 600)} | SOFTPLUS),
        feature_classifiers=("SVM", "nearest neighbours"),
        baselines=("SVM", "nearest neighbours"),
        **LABELLED | {"figure": "SVM on features test error", "milestones": (), "importance_samples": 0},
    ),
    Recipe(
        name="mnist-m1m2",
        summary="M1+M2 on MNIST with 100 labels",
        source="Kingma 2017, sec. 3.4 and table 3.1",
        paper="3.33 ± 0.14 %",
        deviations=(
            "M1 is that of mnist-m1, with its deviations; M2 trains for 100 epochs, for a CPU, on batches of 100 "
            "labelled and 100 unlabelled rows (neither is stated), each row's z1 drawn anew, weighed so that a label "
            "counts once an epoch, as in eq. 3.10 (validation error after 8 epochs 15.0 %; 17.0 % where every batch's "
            f"labels count). {KINGMA} Errors average 100 samples of z1, at the milestones 10. Adam and Glorot's "
            "initialisation as there; matrix products in bfloat16."
        ),
        pretrained=("mnist-m1", {}),
        model=(M1M2, {"z_size": 50, "z1_size": 50, "hidden": ((600, 600), (500,))} | SOFTPLUS),
        weight_prior=1.0,
        labels_once=True,
        **LABELLED,
    ),
    avae(1, "-84.59"),
    avae(2, "-82.97"),
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
        name="mnist-sdgm-fast",
        summary="SDGM on MNIST with 100 labels, for the least error in an hour of two cores",
        source="Maaløe et al. 2016, sec. 3 and table 1 (the model); the schedule is not the paper's",
        paper="1.32 ± 0.07 %",
        deviations=FAST_DEVIATIONS,
        model=(SDGM, AUXILIARY),
        preprocess=(("keep_varying", {"threshold": 0.1}),),
        schedule=("linear", {"start": 75, "end": 150}),
        classes_by_epoch=((0, "enumerated"), (8, ("sampled", {"top": 2}))),
        measure_every=2,
        **LABELLED
        | {"epochs": 150, "batch_size": 200, "learning_rate": 1.5e-3, "milestones": (5, 10, 20, 30, 50, 75, 100)},
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
