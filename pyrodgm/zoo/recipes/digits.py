"""scikit-learn's digits, which need no download."""

from pyrodgm.models import SDGM
from pyrodgm.zoo.recipe import Recipe

INK = 16  # a pixel counts ink from 0 to 16
RECIPES = [
    Recipe(
        name="digits",
        summary="SDGM on scikit-learn's digits with 100 labels",
        source="Model of Maaløe et al. 2016, sec. 2.4; the data are not the paper's",
        figure="test error",
        paper="none on these data; LabelSpreading is the mark",
        deviations=(
            "The likelihood is binomial, 16 counts a pixel; before every epoch the counts are sampled anew from 4 "
            "draws a pixel, as the papers binarise MNIST. Sizes, learning rate, beta, warm-up and resampling "
            "were chosen on the 200 validation labels, which no model trains on."
        ),
        data=("digits", {"counts": True}),
        model=(
            SDGM,
            {
                "z_size": 16,
                "a_size": 16,
                "hidden": (128, 128),
                "likelihood": ("binomial", {"total_count": INK}),
            },
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
]
