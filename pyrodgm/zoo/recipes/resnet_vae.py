"""ResNet VAEs of Kingma's thesis, app. 5.B: on CIFAR-10, on a part of it, and on digits."""

from dataclasses import replace

from pyrodgm.models import ResNetVAE
from pyrodgm.zoo.recipe import Recipe

NOT_STATED = (
    "64 maps per unit, 32 per latent and 64 in the flow's hidden layer; free bits of 0.25 nats per map, within the "
    "paper's range of 0.125 to 2; 60 epochs in batches of 50 with Adamax at 2e-3, falling linearly over the second "
    "half; parameters averaged with a decay of 0.999 (none of these is stated). bfloat16 convolutions. log p(x) uses "
    "the first 50 test images and 100 samples. Nothing was tuned."
)
SUBSET = Recipe(
    name="cifar10-subset-resnet",
    summary="ResNet VAE of depth 4 on 3,500 images of CIFAR-10, with masked-convolution flows and free bits",
    source="Kingma 2017, sec. 5.6.2, app. 5.B and table 5.B.2",
    paper="3.56 bits/dim on all of CIFAR-10: depth 4, bidirectional, IAF with one hidden layer and one step",
    figure="test bits/dim by the bound",
    deviations="3,500 training images, a fourteenth of the paper's, and 1,000 test images. " + NOT_STATED,
    data=("cifar10-subset", {"levels": True}),
    model=(ResNetVAE, {"posterior": ("iaf", {"made_hidden": (64,)}), "precision": "bfloat16"}),
    objective=("free_bits", {"nats": 0.25, "groups": "map"}),
    optimizer=("Adamax", {}),
    epochs=60,
    batch_size=50,
    learning_rate=2e-3,
    schedule=("linear", {"start": 30, "end": 60}),
    ema=0.999,
    measure_every=5,
    kl_units=True,
    importance_samples=100,
    importance_rows=50,
)
WHOLE = replace(
    SUBSET,
    name="cifar10-resnet",
    summary="ResNet VAE of depth 4 on CIFAR-10, with masked-convolution flows and free bits",
    paper="3.56 bits/dim: depth 4, bidirectional, IAF with one hidden layer and one step",
    deviations="45,000 training images, as 5,000 are used for validation. " + NOT_STATED,
    data=("cifar10", {"levels": True}),
)

RECIPES = [
    SUBSET,
    WHOLE,
    Recipe(
        name="digits-resnet",
        summary="ResNet VAE of two layers on scikit-learn's digits, with masked-convolution flows and free bits",
        source="Model and objective of Kingma 2017, app. 5.B; the data are not the paper's",
        paper="none on these data",
        figure="test bits/dim by the bound",
        deviations=(
            "17 levels, which are the original counts. Two layers of 16 maps, 4 maps per latent and 16 in the flow's "
            "hidden layer. 60 epochs of Adamax at 5e-3, falling linearly over the second half; parameters averaged "
            "with a decay of 0.99. Nothing was tuned."
        ),
        data=("digits", {"counts": True}),
        model=(
            ResNetVAE,
            {
                "depth": 2,
                "maps": 16,
                "z_maps": 4,
                "posterior": ("iaf", {"made_hidden": (16,)}),
                "likelihood": ("discretized_logistic", {"num_levels": 17}),
            },
        ),
        objective=("free_bits", {"nats": 0.25, "groups": "map"}),
        optimizer=("Adamax", {}),
        epochs=60,
        batch_size=100,
        learning_rate=5e-3,
        schedule=("linear", {"start": 30, "end": 60}),
        ema=0.99,
        measure_every=5,
        kl_units=True,
        importance_samples=100,
    ),
]
