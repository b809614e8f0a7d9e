"""Baselines trained on the same labels as a semi-supervised model, and scikit-learn classifiers for features."""

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import LabelSpreading
from sklearn.svm import SVC

from pyrodgm.data import Rows
from pyrodgm.data.dataset import Dataset
from pyrodgm.nn import CategoricalNet
from pyrodgm.zoo.recipe import Recipe


def supervised_network(
    recipe: Recipe, data: Dataset, rows: torch.Tensor, seed: int, steps: int = 3000, learning_rate: float = 3e-3
) -> float:
    """Test error (%) of a network of the classifier's size, trained only on the labelled rows.

    Full batches and Adam. The step with the lowest validation error is kept, which favours this baseline: it sees more
    labels for validation than for training.
    """
    torch.manual_seed(seed)
    x, y = data.train.x[rows] / data.train.x.abs().max(), data.train.y[rows]
    options = {key: value for key, value in recipe.model[1].items() if key in ("hidden", "activation")}
    if recipe.model[1].get("classifier_hidden") is not None:
        options["hidden"] = recipe.model[1]["classifier_hidden"]
    net = CategoricalNet((data.x_size,), size=data.num_classes, **options).to(x.device)
    optimizer = torch.optim.Adam(net.parameters(), lr=learning_rate)

    def error(part):
        with torch.no_grad():
            wrong = net(part.x / data.train.x.abs().max()).logits.argmax(-1) != part.y
        return 100 * float(wrong.float().mean())

    best, chosen = float("inf"), float("nan")
    for step in range(1, steps + 1):
        optimizer.zero_grad()
        F.cross_entropy(net(x).logits, y).backward()
        optimizer.step()
        if step % 20 == 0 and (validation := error(data.validation)) < best:
            best, chosen = validation, error(data.test)
    return chosen


def label_spreading(recipe: Recipe, data: Dataset, rows: torch.Tensor, seed: int) -> float:
    """Test error (%) of scikit-learn's LabelSpreading on all training rows; ``n_neighbors`` chosen by validation.

    Numbers of neighbours above the number of training rows are skipped.
    """
    x, labels = data.train.x.cpu().numpy(), np.full(len(data.train.x), -1)
    labels[rows.cpu()] = data.train.y[rows].cpu().numpy()
    best, chosen = float("inf"), float("nan")
    for neighbours in (k for k in (3, 5, 7, 10, 15) if k <= len(x)):
        with np.errstate(invalid="ignore"):  # rows not connected to any label divide by zero and get class 0
            spreading = LabelSpreading(kernel="knn", n_neighbors=neighbours).fit(x, labels)
            validation, test = (
                float((spreading.predict(part.x.cpu().numpy()) != part.y.cpu().numpy()).mean())
                for part in (data.validation, data.test)
            )
        if validation < best:
            best, chosen = validation, test
    return 100 * chosen


def svm(recipe: Recipe, data: Dataset, rows: torch.Tensor, seed: int) -> float:
    """Test error (%) of an SVM trained only on the labelled rows; C chosen by validation."""
    return chosen_error("SVM", Rows(data.train.x[rows], data.train.y[rows]), data.validation, data.test)


def nearest_neighbours(recipe: Recipe, data: Dataset, rows: torch.Tensor, seed: int) -> float:
    """Test error (%) of nearest neighbours among the labelled rows; their number chosen by validation."""
    return chosen_error("nearest neighbours", Rows(data.train.x[rows], data.train.y[rows]), data.validation, data.test)


def linear(recipe: Recipe, data: Dataset, rows: torch.Tensor, seed: int) -> float:
    """Test error (%) of L2-penalised softmax regression on the labelled rows; C chosen by validation."""
    return chosen_error("linear", Rows(data.train.x[rows], data.train.y[rows]), data.validation, data.test)


def forest(recipe: Recipe, data: Dataset, rows: torch.Tensor, seed: int) -> float:
    """Test error (%) of a random forest on the labelled rows; the leaf size chosen by validation."""
    return chosen_error("forest", Rows(data.train.x[rows], data.train.y[rows]), data.validation, data.test)


def dropout_network(recipe: Recipe, data: Dataset, rows: torch.Tensor, seed: int) -> float:
    """Test error (%) of ``batched_network`` with dropout 0.5, as in Maaløe et al. (2018)."""
    return batched_network(recipe, data, rows, seed, dropout=0.5)


def plain_network(recipe: Recipe, data: Dataset, rows: torch.Tensor, seed: int) -> float:
    """Test error (%) of ``batched_network`` without dropout."""
    return batched_network(recipe, data, rows, seed)


def batched_network(
    recipe: Recipe,
    data: Dataset,
    rows: torch.Tensor,
    seed: int,
    dropout: float = 0.0,
    epochs: int = 100,
    batch_size: int = 200,
    learning_rate: float = 3e-3,
) -> float:
    """Test error (%) of a network of the classifier's size, trained in batches on the labelled rows only.

    For many labels, where the full batches of ``supervised_network`` would be too large. Adam with a learning rate
    that falls linearly over the second half. The epoch with the lowest validation error is kept.
    """
    torch.manual_seed(seed)
    x, y = data.train.x[rows], data.train.y[rows]
    layers, size = [], data.x_size
    for width in recipe.model[1]["hidden"]:
        layers += [torch.nn.Linear(size, width), torch.nn.ReLU(), torch.nn.Dropout(dropout)]
        size = width
    net = torch.nn.Sequential(*layers, torch.nn.Linear(size, data.num_classes)).to(x.device)
    optimizer = torch.optim.Adam(net.parameters(), lr=learning_rate)

    def error(part):
        with torch.no_grad():
            return 100 * float((net(part.x).argmax(-1) != part.y).float().mean())

    least, found = float("inf"), float("nan")
    for epoch in range(epochs):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate * min(1.0, 2 * (1 - epoch / epochs))
        net.train()
        for batch in torch.randperm(len(x), device=x.device).split(batch_size):
            optimizer.zero_grad()
            F.cross_entropy(net(x[batch]), y[batch]).backward()
            optimizer.step()
        net.eval()
        if (wrong := error(data.validation)) < least:
            least, found = wrong, error(data.test)
    return found


BASELINES: dict[str, Callable[..., float]] = {
    "supervised network": supervised_network,
    "LabelSpreading": label_spreading,
    "SVM": svm,
    "nearest neighbours": nearest_neighbours,
    "linear": linear,
    "forest": forest,
    "dropout network": dropout_network,
    "network without dropout": plain_network,
}


CLASSIFIERS = {
    "SVM": [make_pipeline(StandardScaler(), SVC(C=c)) for c in (0.1, 1.0, 10.0, 100.0, 1000.0)],
    "nearest neighbours": [KNeighborsClassifier(k) for k in (1, 3, 5, 10)],
    "linear": [make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=2000)) for c in (0.1, 10.0, 1000.0)],
    "forest": [RandomForestClassifier(200, min_samples_leaf=leaf, random_state=0) for leaf in (1, 5, 20)],
}


def chosen_error(name: str, labelled: Rows, validation: Rows, test: Rows) -> float:
    """Test error (%) of the named classifier, with its hyperparameter chosen by validation error.

    Numbers of neighbours above the number of labelled rows are skipped.

    Args:
        name: a key of ``CLASSIFIERS``.
        labelled: training ``Rows``, x ``(N, D)`` and y ``(N,)``.
        validation: ``Rows`` that choose the hyperparameter.
        test: ``Rows`` to evaluate on.

    Returns:
        A float from 0 to 100.
    """
    x, y = _arrays(labelled)
    able = [c for c in CLASSIFIERS[name] if getattr(c, "n_neighbors", 1) <= len(y)]
    fitted = [classifier.fit(x, y) for classifier in able]
    best = max(fitted, key=lambda classifier: classifier.score(*_arrays(validation)))
    return 100 * (1 - float(best.score(*_arrays(test))))


def _arrays(rows):
    return rows.x.cpu().numpy(), rows.y.cpu().numpy()
