"""Recipes on MNIST, short enough for two CPU cores."""

from typing import Any

from pyrodgm.models import ADGM, AVAE, M1M2, M2, SDGM, VAE
from pyrodgm.zoo.recipe import Recipe

LABELLED: dict[str, Any] = {
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
NORMALISED = {"hidden": (500, 500), "batch_norm": True, "precision": "bfloat16"}
AUXILIARY = {"z_size": 100, "a_size": 100} | NORMALISED
AUXILIARY_DEVIATIONS = (
    "100 epochs instead of the 1,000 of the authors' published script (the paper states none), to be feasible on a "
    "CPU; one sample of the latents instead of 10; bfloat16 matrix products. 50,000 training images instead of 60,000; "
    "the last 10,000 are the validation rows. All 784 inputs and batch normalisation, as in the script (the paper: 444 "
    "inputs, no batch normalisation). beta 0.1, the smallest of the paper's 0.1 to 2. With one sample of a, the class "
    "term is log q(y | a, x), whether the mean over a is taken before or after the logarithm. As in that script, "
    "unlabelled batches are drawn from all rows, including the labelled ones, and errors use grey test images (neither "
    "is stated). Errors average 100 samples of a, or 10 at the milestones. Nothing was tuned."
)
FAST_DEVIATIONS = (
    "150 epochs (the authors' published script: 1,000), and one sample of the latents instead of 10. Adam at 1.5e-3 "
    "instead of 3e-4, falling linearly to a hundredth of it over the second half. Batches of 200 unlabelled rows plus "
    "all labelled ones, which halves the steps of an epoch compared with 100. All classes are summed for 8 epochs; "
    "then the two most probable classes and one sampled class. With batch normalisation this changes the network's "
    "statistics, so the bound is that of another network. 50,000 training images instead of 60,000; the last 10,000 "
    "are the validation rows. Only the inputs that vary, as in the paper (444 there); batch normalisation, as in the "
    "script; bfloat16 matrix products. beta 0.1, the smallest of the paper's 0.1 to 2. Unlabelled batches are drawn "
    "from all rows, including the labelled ones, and errors use grey test images (neither is stated). Errors average "
    "100 samples of a, or 10 at the milestones. No setting was chosen on the validation labels."
)
# Kingma's published script is for M1+M2 only. It uses disjoint sets, and features of grey test images.
KINGMA = (
    "Unlabelled batches are drawn from all 50,000 rows, including the labelled ones, although sec. 3.4.1 splits the "
    "rows into two sets. Rows are binarised anew for every epoch (in the paper for every batch), so a labelled row is "
    "the same image in all batches of an epoch. KL terms are sampled; in the paper they are analytic (sec. 3.3.2). "
    "Errors use grey test images, although training uses binarised ones (not stated)."
)
RMSPROP = "Adam, the same as their RMSProp with momentum and bias correction (sec. 3.4.4; sec. 3.3.2 has AdaGrad)"
SOFTPLUS = {"activation": "softplus", "precision": "bfloat16"}
M2_MODEL = {"z_size": 50, "hidden": (500,), "init": 0.001} | SOFTPLUS


# The weight of a label. Kingma 2017, eqs 3.9 and 3.10, for the whole data set:
#
#     J^alpha = sum_l L(x, y) + sum_u U(x) + alpha E_l[log q(y | x)],    alpha = 0.1 N
#
# Eq. 3.10 prints -log q, although J is maximised. L and U are bounds of equal weight, and E_l is the mean over the N_l
# labelled rows. So each label's class term has the weight 0.1 N / N_l, which is beta (N_l + N_u) / N_l with
# beta = 0.1. N = 50,000 is the size of the data set, as in sec. 3.2 (table 3.1 also writes N for the number of labels).
# For 100, 600, 1,000 and 3,000 labels the weight is 50, 8.3, 5 and 1.7. An epoch of 50,000 / 100 = 500 batches visits
# every row once. With 100 labelled rows per batch, it visits every label 500 * 100 / N_l = 500, 83, 50 and 17 times.
# ``labels_once`` divides both terms of a label by that.
def m2(num_labels: int, paper: str, every_batch: bool = False) -> Recipe:
    """Kingma's M2 with the given number of labels. A label counts once per epoch, or in every batch that has it."""
    name = "mnist-m2" if num_labels == 100 else f"mnist-m2-{num_labels}"
    weights = "Each label is weighted to count once per epoch, as in eq. 3.10."
    if every_batch:
        name += "-every-batch"
        weights = (
            "Labels count in every batch, so each counts 500 times per epoch; in eq. 3.10 it counts once (Jurasiński "
            "2019, sec. 6 and app. D, discusses the effect)."
        )
    return Recipe(
        name=name,
        summary=f"M2 on MNIST with {num_labels:,} labels" + every_batch * ", counted in every batch",
        source="Kingma 2017, sec. 3.4 and table 3.1",
        paper=paper,
        deviations=(
            "100 epochs, to be feasible on a CPU, and batches of 100 labelled and 100 unlabelled rows (neither is "
            f"stated). {weights} {KINGMA} {RMSPROP}; bfloat16 matrix products. Nothing was tuned."
        ),
        model=(M2, M2_MODEL),
        weight_prior=1.0,
        labelled_batch_size=None if num_labels == 100 else 100,
        labels_once=not every_batch,
        **LABELLED | {"num_labels": num_labels},
    )


def avae(num_layers: int, paper: str) -> Recipe:
    """An AVAE with the given number of layers and the sizes of the LVAE paper."""
    sizes, hidden = (64, 32)[:num_layers], ((512, 512), (256, 256))[:num_layers]
    return Recipe(
        name=f"mnist-avae-{num_layers}",
        summary=f"AVAE with L = {num_layers} on MNIST, binarised before every epoch",
        source="Maaløe 2018, app. A, sec. 4.3 and table 1; settings of app. B, sec. 3, to which it refers",
        paper=f"log p(x) {paper}",
        figure="test log p(x)",
        deviations=(
            "100 epochs instead of 2,000 and a warm-up of 10 instead of 200, to be feasible on a CPU; 50,000 training "
            "images instead of all 60,000; a_i as large as z_i (not stated); network sizes and leaky ReLU as for the "
            "LVAE (app. A, sec. 3 has ReLU); no batch normalisation of the heads, which output log-variances. Test "
            "images are binarised once; log p(x) uses the first 2,000 of them. Nothing was tuned."
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
        summary="M1, a VAE on MNIST, and classifiers on its features with 100 labels",
        source="Kingma 2017, sec. 3.4 and table 3.1",
        paper="M1+TSVM 11.82 ± 0.25 %; nearest neighbours of the pixels 25.81 %",
        deviations=(
            "An SVM on the labelled rows instead of a transductive SVM, which none of the libraries used here has. C "
            "and the number of neighbours were chosen on the 10,000 validation labels. Features are posterior means of "
            "grey images instead of samples. 100 epochs and batches of 100 rows, to be feasible on a CPU (neither is "
            f"stated). KL terms are sampled; in the paper they are analytic (sec. 3.3.2). {RMSPROP}. Glorot "
            "initialisation instead of N(0, 0.001^2), from which two layers train slowly (validation bound -189 after "
            "4 epochs, -125 with Glorot's); bfloat16 matrix products."
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
            "M1 as in mnist-m1, with its deviations. M2 trains for 100 epochs, to be feasible on a CPU, on batches of "
            "100 labelled and 100 unlabelled rows (neither is stated), with new samples of z1 for each. Each label is "
            "weighted to count once per epoch, as in eq. 3.10 (validation error after 8 epochs 15.0 %; 17.0 % if "
            f"labels count in every batch). {KINGMA} Errors average 100 samples of z1, or 10 at the milestones. Adam "
            "and Glorot initialisation as in mnist-m1; bfloat16 matrix products."
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
        summary="SDGM on MNIST with 100 labels, for the lowest error in an hour on two cores",
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
        name="mnist-m2-fast",
        summary="M2 with ten units of z on MNIST with 100 labels, for a low error in a quarter of an hour",
        source="Kingma 2017, sec. 3.2.2 (the model); the schedule is not the paper's",
        paper="11.97 ± 1.71 %; Jurasiński 2019, table 1: 6.3 ± 2.5 %",
        deviations=(
            "z of 10 units instead of 50, two hidden layers of 500 ReLUs with batch normalisation instead of one "
            "softplus layer, and 30 epochs. The weight of the KL term of z falls from 20 to 1 over the first 5 epochs, "
            "so that the model uses y instead of z where it can. The learning rate, batches, choice of inputs and "
            "precision are as in mnist-sdgm-fast, but every class is summed; the rate falls linearly from epoch 15. "
            "beta 0.1, as in the paper. Chosen on the validation labels after 10 epochs: the size of z with seed 0, "
            "without the KL weight (50 units 16.2 %, 10 units 8.6 %); the KL weight with seed 1, the worst of three "
            "(from 1, 5, 20 and 50 over 5 epochs 17.7, 10.8, 6.4 and 14.7 %). Unlabelled batches are drawn from all "
            "rows, including the labelled ones, and errors use grey test images (neither is stated)."
        ),
        model=(M2, {"z_size": 10} | NORMALISED),
        preprocess=(("keep_varying", {"threshold": 0.1}),),
        schedule=("linear", {"start": 15, "end": 30}),
        warm_up_epochs=5,
        warm_up_start=20.0,
        measure_every=2,
        **LABELLED | {"epochs": 30, "batch_size": 200, "learning_rate": 1.5e-3, "milestones": (10, 20)},
    ),
    Recipe(
        name="mnist-m1-fast",
        summary="M1 on MNIST for mnist-m1m2-fast, and classifiers on its features with 100 labels",
        source="Kingma 2017, sec. 3.4 (the model); the schedule is not the paper's",
        paper="M1+TSVM 11.82 ± 0.25 %; nearest neighbours of the pixels 25.81 %",
        deviations=(
            "Two hidden layers of 500 ReLUs with batch normalisation instead of 600 softplus units, 50 epochs, and a "
            "warm-up of 3. The learning rate, batches, choice of inputs and precision are as in mnist-sdgm-fast; the "
            "rate falls linearly from epoch 25. An SVM on the labelled rows instead of a transductive SVM. Its C and "
            "the number of neighbours were chosen on the validation labels, and nothing else was. Features are "
            "posterior means of grey images instead of samples."
        ),
        model=(VAE, {"z_size": 50} | NORMALISED),
        preprocess=(("keep_varying", {"threshold": 0.1}),),
        schedule=("linear", {"start": 25, "end": 50}),
        warm_up_epochs=3,
        measure_every=5,
        feature_classifiers=("SVM", "nearest neighbours"),
        baselines=("SVM", "nearest neighbours"),
        **LABELLED
        | {"epochs": 50, "batch_size": 200, "learning_rate": 1.5e-3, "milestones": (), "importance_samples": 0}
        | {"figure": "SVM on features test error"},
    ),
    Recipe(
        name="mnist-m1m2-fast",
        summary="M1+M2 with ten units of z2 on MNIST with 100 labels, for a low error in half an hour",
        source="Kingma 2017, sec. 3.2.3 (the model); the schedule is not the paper's",
        paper="3.33 ± 0.14 %",
        deviations=(
            "M1 and M2 each have two hidden layers of 500 ReLUs with batch normalisation. M2 has z2 of 10 units, not "
            "50. M1 is trained for 50 epochs and M2 for 60. The KL weight falls from 20 to 1 over all 60 epochs. It "
            "scales the terms of z1 and z2, so that q(y | z1) becomes certain early. The two most probable classes and "
            "a sampled one are summed, because with all ten a seed may lose its classes under the high weight "
            "(validation error after 6 epochs, seeds 0 and 1: 12.1 and 10.3 %; with all ten, 47.0 %, and 12.1 % after "
            "4). All else is as in mnist-m2-fast. Chosen on the validation labels with seed 0: the size of z2 and M1's "
            "length (20 epochs of each with 50 units gave 11 %; 50 of M1 and 30 of M2 with ten units gave 7.5 %), the "
            "KL weight (30 epochs: falling from 20 or 100 over all of them gave 8.0 and 8.7 %, from 20 on z2 alone "
            "31.5 %) and M2's length (60 epochs, with a weight that falls over all of them, 4.5 %; 50 epochs, with one "
            "that falls over the first 10, 21.9 %, because classes changed places after epoch 20). With 30 epochs, a "
            "tenth of the weight for labelled rows gave 14.6 % and a beta of 1 gave 7.3 %; these used all ten classes. "
            "Unlabelled batches are drawn from all rows, including the labelled ones, and errors use grey test images "
            "(neither is stated). Errors average 100 samples of z1, or 10 at the milestones."
        ),
        pretrained=("mnist-m1-fast", {}),
        model=(
            M1M2,
            {"z_size": 10, "z1_size": 50, "classes": ("sampled", {"top": 2})}
            | NORMALISED
            | {"hidden": ((500, 500), (500, 500))},
        ),
        preprocess=(("keep_varying", {"threshold": 0.1}),),
        schedule=("linear", {"start": 30, "end": 60}),
        warm_up_epochs=60,
        warm_up_start=20.0,
        measure_every=5,
        **LABELLED | {"epochs": 60, "batch_size": 200, "learning_rate": 1.5e-3, "milestones": (10, 20, 40)},
    ),
    Recipe(
        name="mnist-vae",
        summary="One-layer VAE with the LVAE paper's sizes on MNIST, binarised before every epoch",
        source="Maaløe 2018, app. B, sec. 3 (sizes, batch normalisation, optimiser) and app. A, table 1 (figure)",
        paper="IWAE, L = 1, IW = 1: log p(x) -86.76",
        figure="test log p(x)",
        deviations=(
            "100 epochs instead of 2,000 and a warm-up of 10 instead of 200, to be feasible on a CPU; 50,000 training "
            "images instead of all 60,000; no batch normalisation of the heads, which output log-variances instead of "
            "a softplus variance. KL terms are sampled; in the paper they are analytic where possible. Test images are "
            "binarised once; log p(x) uses the first 2,000 of them."
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
