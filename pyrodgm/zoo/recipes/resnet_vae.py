"""ResNet VAEs of Kingma's thesis, app. 5.B, at sizes for a CPU."""

from pyrodgm.models import ResNetVAE
from pyrodgm.zoo.recipe import Recipe

RECIPES = [
    Recipe(
        name="cifar10-subset-resnet",
        summary="ResNet VAE of depth 4 on 3,500 images of CIFAR-10, with flows by masked convolutions and free bits",
        source="Kingma 2017, sec. 5.6.2, app. 5.B and table 5.B.2",
        paper="3.56 bits/dim on the whole of CIFAR-10: depth 4, bidirectional, IAF of one hidden layer and one step",
        figure="test bits/dim by the bound",
        deviations=(
            "3,500 images to train on, a fourteenth of the paper's, and 1,000 to test. 64 maps a unit, 32 a latent and "
            "64 in the flow's hidden layer; free bits of 0.25 nats a map, of the paper's range of 0.125 to 2; 60 "
            "epochs in batches of 50 with Adamax at 2e-3, falling linearly over the second half, and parameters "
            "averaged at 0.999 (none of them stated). log p(x) is of the first 50 test images, by 100 samples. Nothing "
            "was tuned."
        ),
        data=("cifar10-subset", {"levels": True}),
        model=(ResNetVAE, {"posterior": ("iaf", {"made_hidden": (64,)})}),
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
    ),
    Recipe(
        name="digits-resnet",
        summary="ResNet VAE of two layers on scikit-learn's digits, with flows by masked convolutions and free bits",
        source="Model and objective of Kingma 2017, app. 5.B; the data are not the paper's",
        paper="none on these data",
        figure="test bits/dim by the bound",
        deviations=(
            "17 levels, the counts as they are. Two layers of 16 maps, 4 a latent and 16 in the flow's hidden layer. "
            "60 epochs with Adamax at 5e-3, falling linearly over the second half; parameters averaged at 0.99. "
            "Nothing was tuned."
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
