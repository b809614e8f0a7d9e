"""CaGeM: likelihood against the number of labels."""

from pyrodgm.models import CaGeM
from pyrodgm.zoo.recipe import Recipe

PAPER = {
    0: "-81.60 (10 clusters)",
    20: "-81.47; error 15.86 %",
    50: "-80.49; error 2.42 %",
    100: "-79.38; error 1.16 %",
}


def digits(num_labels: int) -> Recipe:
    """A small CaGeM on digits with so many labels."""
    return Recipe(
        name=f"digits-cagem-{num_labels}",
        summary=f"CaGeM on scikit-learn's digits with {num_labels} labels",
        source="Model and objective of Maaløe, Fraccaro and Winther 2017, secs 3-5; the data are not the paper's",
        figure="test log p(x)",
        paper="none on these data: log p(x) rises with labels in table 1",
        deviations=(
            "Counts of 16 with a binomial likelihood, sampled anew before every epoch from 4 draws a pixel; a small "
            "network without the paper's batch normalisation: its statistics are over all classes, so that classes "
            "which q(y | x) never takes spoil them. beta and the learning rate were chosen on the validation labels, "
            "the same for every number of labels. The warm-up leaves y's KL term at its weight, where the text has "
            '"the KL-terms": with y\'s among them the cascade errs in 43 in place of 24 % of the validation rows (100 '
            "labels, three seeds). Every batch has all labels, and its unlabelled rows come from all rows, the "
            "labelled ones among them. Errors and bounds are of the counts as they are. Without labels, 10 clusters, "
            "matched with classes on the validation rows."
        ),
        data=("digits", {"counts": True}),
        model=(
            CaGeM,
            {"z_size": 8, "z1_size": 16, "hidden": (128, 64), "likelihood": ("binomial", {"total_count": 16})},
        ),
        num_labels=num_labels,
        beta=1.0,
        epochs=300,
        batch_size=100,
        learning_rate=2e-3,
        schedule=("step", {"factor": 0.75, "every": 50}),
        warm_up_epochs=100,
        resample=("resample_counts", {"total_count": 16, "draws": 4}),
        importance_samples=1000,
    )


def mnist(num_labels: int) -> Recipe:
    """The paper's CaGeM on MNIST with so many labels."""
    return Recipe(
        name=f"mnist-cagem-{num_labels}",
        summary=f"CaGeM on MNIST with {num_labels} labels",
        source="Maaløe, Fraccaro and Winther 2017, sec. 5 and tables 1 and 2",
        figure="test log p(x)",
        paper=PAPER[num_labels],
        deviations=(
            "A CPU's number of epochs (the paper's is not stated) and a warm-up over a tenth of them in place of "
            "100, of every KL term, y's too; it is stated for the runs of the likelihood alone. beta 0.1 and batches "
            "of 100 rows and all labels (neither is stated); 50,000 training images; matrix products in bfloat16. The "
            "unlabelled rows of a batch come from all rows, the labelled ones among them (not stated). log p(x) is of "
            "the first 200 test rows, binarised once; errors are of grey ones (not stated) and average 100 samples of "
            "z1 and z2, at the milestones 10. Nothing was tuned."
        ),
        data=("mnist", {}),
        model=(
            CaGeM,
            {"z_size": 32, "z1_size": 64, "hidden": (1024, 512), "batch_norm": True, "precision": "bfloat16"},
        ),
        num_labels=num_labels,
        beta=0.1,
        epochs=100,
        batch_size=100,
        learning_rate=1e-3,
        schedule=("step", {"factor": 0.75, "every": 50}),
        warm_up_epochs=10,
        warm_up_discrete=True,
        resample=("binarise", {}),
        milestones=(10, 20, 50) if num_labels else (),
        importance_samples=5000,
        importance_rows=200,
    )


RECIPES = [digits(n) for n in (0, 20, 50, 100)] + [mnist(n) for n in (0, 20, 50, 100)]
