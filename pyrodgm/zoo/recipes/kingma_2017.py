"""Kingma's thesis: Frey faces, a posterior of weights, posteriors on MNIST, convolutional VAEs, free bits."""

from typing import Any

from pyrodgm.models import IAFVAE, VAE, BayesianVAE, HierarchicalVAE
from pyrodgm.zoo.recipe import Recipe


def frey_faces(z_size: int) -> Recipe:
    """A VAE on Frey faces."""
    return Recipe(
        name=f"freyfaces-vae-{z_size}",
        summary=f"VAE with {z_size} latent units on Frey faces",
        source="Kingma 2017, sec. 2.11 and figure 2.5" + (z_size == 2) * "; the manifold is figure 2.7",
        paper="curve in figure 2.5",
        figure="test bound",
        deviations=(
            "10 million training points; 1,565 randomly chosen frames for training. Adagrad with a learning rate of "
            "0.02, taken from the paper's 0.01, 0.02 and 0.1 without a search. The paper draws all initial "
            "parameters from N(0, 0.01); here weights have a standard deviation of 0.01, and biases are zero. log p(x) "
            "uses the 200 test rows. Nothing was tuned."
        ),
        data=("freyfaces", {}),
        model=(
            VAE,
            {
                "z_size": z_size,
                "hidden": (200,),
                "likelihood": ("normal", {"mean": "sigmoid"}),
                "activation": "tanh",
                "init": 0.01,
            },
        ),
        epochs=6400,
        batch_size=100,
        learning_rate=0.02,
        objective=("mean_field", {}),
        optimizer=("Adagrad", {}),
        weight_prior=1.0,
        measure_every=100,
        importance_samples=5000,
    )


FREY_LEVELS = Recipe(
    name="freyfaces-levels",
    summary="VAE with 10 latent units on Frey faces as bytes, with a discretised logistic likelihood",
    source="Model of Kingma 2017, sec. 2.11, with the likelihood of sec. 5.B.5; no paper combines them",
    paper="none on these data",
    figure="test bits/dim by log p(x)",
    deviations=(
        "One log-scale for all pixels, as there is one channel. 300 epochs of Adam at 1e-3, falling linearly over the "
        "second half. log p(x) uses the 200 test rows. Nothing was tuned."
    ),
    data=("freyfaces", {"levels": True}),
    model=(VAE, {"z_size": 10, "hidden": (200,), "likelihood": ("discretized_logistic", {}), "activation": "tanh"}),
    epochs=300,
    batch_size=100,
    learning_rate=1e-3,
    schedule=("linear", {"start": 150, "end": 300}),
    measure_every=10,
    importance_samples=1000,
)

FREY_WEIGHTS = Recipe(
    name="freyfaces-bayesian-vae",
    summary="VAE with 10 latent units on Frey faces, and a posterior over the decoder's weights",
    source="Bound of Kingma 2017, app. 2.C, with the networks of sec. 2.11; the thesis has no experiment with it",
    paper="none; compare with freyfaces-vae-10, where the weights have the same prior and no posterior",
    figure="test bound",
    deviations=(
        "Independent normals for all weights and biases of the decoder, whose outputs are drawn for every row (eq. "
        "6.6). 1,500 epochs of Adam at 1e-3, falling linearly over the second half. Bounds are means over 10 draws of "
        "the weights. Nothing was tuned."
    ),
    data=("freyfaces", {}),
    model=(
        BayesianVAE,
        {"z_size": 10, "hidden": (200,), "likelihood": ("normal", {"mean": "sigmoid"}), "activation": "tanh"},
    ),
    epochs=1500,
    batch_size=100,
    learning_rate=1e-3,
    objective=("mean_field", {}),
    schedule=("linear", {"start": 750, "end": 1500}),
    local_reparameterisation=True,
    measure_every=50,
)

POSTERIORS = {  # by name: the posterior and its description
    "normal": ("normal", "a diagonal normal"),
    "full": ("full", "a normal with full covariance"),
    "planar": (("planar", {"num_steps": 8}), "a planar flow of 8 steps"),
    "iaf": (("iaf", {"num_steps": 2, "made_hidden": (320,)}), "an inverse autoregressive flow of 2 steps"),
}
TABLE_5_1 = {  # log p(x) of a convolutional VAE by 128 importance samples, and the bound
    "normal": "-81.08, bound -84.08",
    "iaf": "-79.77, bound -82.02",
}


def mnist_posterior(name: str) -> Recipe:
    """A VAE with the named posterior. The other settings are the same for every posterior."""
    posterior, called = POSTERIORS[name]
    paper = f"convolutional VAE: log p(x) {TABLE_5_1[name]}" if name in TABLE_5_1 else "not in table 5.1"
    return Recipe(
        name=f"mnist-{name}",
        summary=f"VAE on MNIST with {called} as q(z | x)",
        source="Kingma 2017, secs 2.6.1 and 5.4, app. 5.A and table 5.1",
        paper=paper,
        figure="test log p(x) less the bound",
        deviations=(
            "One hidden layer of 450 units, the dense layer of app. 5.A, instead of a convolutional network; one "
            "hidden layer of 320 in each autoregressive network; no weight normalisation. 100 epochs in batches of 100 "
            "with Adam at 1e-3, falling linearly over the second half (optimiser and length are not stated); 50,000 "
            "training images. Test images are binarised once; log p(x) uses the first 2,000 of them and 5,000 samples "
            "instead of 128. Nothing was tuned."
        ),
        data=("mnist", {}),
        model=(VAE, {"z_size": 32, "hidden": (450,), "activation": "elu", "posterior": posterior}),
        epochs=100,
        batch_size=100,
        learning_rate=1e-3,
        schedule=("linear", {"start": 50, "end": 100}),
        measure_every=5,
        resample=("binarise", {}),
        importance_samples=5000,
        importance_rows=2000,
    )


def steps(num_steps: int, width: int) -> tuple[str, dict[str, Any]]:
    """The flow of sec. 5.6.1: every step has a "2-layer MADE", read as two hidden layers. For the order see ORDER."""
    return "iaf", {"num_steps": num_steps, "made_hidden": (width, width), "reverse_every": 2}


CONVOLUTIONAL = {  # by name: the posterior, its description, and its row of table 5.1
    "normal": ("normal", "a diagonal normal", "-81.08, bound -84.08"),
    "iaf-2-320": (steps(2, 320), "an inverse autoregressive flow of 2 steps of width 320", "-79.77, bound -82.02"),
    "iaf-2-1920": (steps(2, 1920), "an inverse autoregressive flow of 2 steps of width 1920", "-79.30, bound -81.17"),
}
ORDER = (
    "The order of the units is reversed after every second step, as sec. 5.6.1 is read here, and so not at all in two "
    "steps (sec. 5.4 reverses it after each step). A 2-layer MADE is read as one of two hidden layers. "
)
NOT_STATED = (
    "150 epochs in batches of 100 with Adam at 1e-3, falling linearly over the second half (optimiser and length are "
    "not stated); 50,000 training images, one batch of which initialises the weights; bfloat16 products and "
    "convolutions. "
)


def mnist_convolutional(name: str) -> Recipe:
    """The convolutional VAE with the named posterior."""
    posterior, called, paper = CONVOLUTIONAL[name]
    return Recipe(
        name=f"mnist-iafvae-{name}",
        summary=f"Convolutional VAE on MNIST with {called} as q(z | x)",
        source="Kingma 2017, sec. 5.6.1, app. 5.A and table 5.1",
        paper=f"log p(x) {paper}",
        figure="test log p(x)",
        deviations=NOT_STATED + ORDER * (name != "normal") + "Test images are binarised once. Nothing was tuned.",
        data=("mnist", {}),
        model=(IAFVAE, {"posterior": posterior, "precision": "bfloat16"}),
        epochs=150,
        batch_size=100,
        learning_rate=1e-3,
        schedule=("linear", {"start": 75, "end": 150}),
        measure_every=5,
        resample=("binarise", {}),
        importance_samples=128,
    )


BINARISED = Recipe(
    name="binarised-mnist-iafvae",
    summary="Convolutional VAE on MNIST binarised once, with an inverse autoregressive flow of 2 steps as q(z | x)",
    source="Kingma 2017, sec. 5.6.1.1 and app. 5.A",
    paper='log p(x) -79.88 with a "deep IAF"',
    figure="test log p(x)",
    deviations=NOT_STATED
    + ORDER
    + "Two steps, to be feasible on a CPU (the paper's number is not stated). Nothing was tuned.",
    data=("binarised-mnist", {}),
    model=(IAFVAE, {"posterior": steps(2, 1920), "precision": "bfloat16"}),
    epochs=150,
    batch_size=100,
    learning_rate=1e-3,
    schedule=("linear", {"start": 75, "end": 150}),
    measure_every=5,
    importance_samples=128,
)
DIGITS_CONVOLUTIONAL = Recipe(
    name="digits-iafvae",
    summary="Convolutional VAE on scikit-learn's digits, with an inverse autoregressive flow as q(z | x)",
    source="Model of Kingma 2017, sec. 5.6.1 and app. 5.A; the data are not the paper's",
    paper="none on these data",
    figure="test log p(x)",
    deviations=(
        "Two strided layers of 16 and 32 maps, as images are 8 x 8; 128 dense units, z of 16 units, flow steps of "
        "width 64. Binomial likelihood with 16 counts per pixel, resampled before every epoch from 4 draws per pixel; "
        "bounds use the original counts. Nothing was tuned."
    ),
    data=("digits", {"counts": True}),
    model=(
        IAFVAE,
        {
            "z_size": 16,
            "hidden": (128,),
            "maps": (16, 32),
            "posterior": steps(2, 64),
            "likelihood": ("binomial", {"total_count": 16}),
        },
    ),
    epochs=100,
    batch_size=100,
    learning_rate=2e-3,
    schedule=("linear", {"start": 50, "end": 100}),
    measure_every=5,
    resample=("resample_counts", {"total_count": 16, "draws": 4}),
    importance_samples=1000,
)


def digits(name: str, summary: str, objective: tuple[str, dict[str, Any]]) -> Recipe:
    """A three-layer VAE on digits."""
    return Recipe(
        name=name,
        summary=f"{summary} on scikit-learn's digits",
        source="Objective of Kingma 2017, eq. 5.33; model and data are not the paper's",
        paper="none on these data",
        figure="test bound",
        deviations=(
            "Binomial likelihood with 16 counts per pixel, resampled before every epoch from 4 draws per pixel; bounds "
            "use the original counts. Nothing was tuned."
        ),
        data=("digits", {"counts": True}),
        model=(
            HierarchicalVAE,
            {
                "z_sizes": (16, 8, 4),
                "hidden": ((128, 128), (64, 64), (32, 32)),
                "likelihood": ("binomial", {"total_count": 16}),
            },
        ),
        objective=objective,
        epochs=200,
        batch_size=100,
        learning_rate=2e-3,
        measure_every=5,
        kl_units=True,
        resample=("resample_counts", {"total_count": 16, "draws": 4}),
        importance_samples=1000,
    )


RECIPES = [
    *map(frey_faces, (2, 10)),
    FREY_LEVELS,
    FREY_WEIGHTS,
    *map(mnist_posterior, POSTERIORS),
    *map(mnist_convolutional, CONVOLUTIONAL),
    BINARISED,
    DIGITS_CONVOLUTIONAL,
    digits("digits-vae-3", "VAE with L = 3", ("elbo", {})),
    digits("digits-free-bits", "VAE with L = 3 and free bits of 0.25 nats per unit", ("free_bits", {"nats": 0.25})),
]
