"""Evaluate the trained model of a recipe as its paper does."""

import inspect
from collections import defaultdict
from typing import Any, cast

import pyro
import torch
from torch.distributions import kl_divergence

from pyrodgm.data import Dataset, Rows
from pyrodgm.evaluate import (
    bayes_classifier,
    bits_per_dimension,
    classification_error,
    latent_means,
    log_likelihood,
    match_clusters,
    row_bounds,
)
from pyrodgm.evaluate.active_units import summed_kl
from pyrodgm.evaluate.batched import evaluating, in_batches
from pyrodgm.infer.traces import run_pair
from pyrodgm.isolation import seeded
from pyrodgm.models import DeepGenerativeModel, Model
from pyrodgm.models.catalogue import has_classes
from pyrodgm.models.global_weights import at_drawn_weights
from pyrodgm.nn.weights import layers_with_posteriors, posteriors_of, priors_of
from pyrodgm.zoo.baselines import chosen_error
from pyrodgm.zoo.preparation import labelled_part, labels_kept, observed
from pyrodgm.zoo.recipe import Recipe

DRAWS = 100  # weight samples per prediction
INACTIVE = 0.01  # nats; units below this are inactive


def measure(recipe: Recipe, model: Model, data: Dataset, seed: int = 0) -> dict[str, float]:
    """Evaluate a trained model: test bound, log-likelihood, KL divergences and errors.

    - Bounds, log-likelihoods and KL divergences are in nats. With a discrete likelihood, the bound and log p(x) are
      also given in bits per dimension.
    - If the decoder's weights have a posterior, the bound of a row is the mean over draws of them, a bound on
      E_q(w)[log p(x | w)]. The KL divergence of the weights, which all training rows share, is given separately.
    - log p(x) minus the bound, on the rows used for log p(x), is the mean KL divergence of q from the true posterior.
    - Active units are counted by their KL, as in Sønderby et al. 2016, fig. 4. The variance of their means (see
      ``active_units``) would not do, because batch normalisation of the heads fixes it.
    - Errors are in per cent and average 100 samples of what the classifier averages over (10 at the milestones of
      ``train``). With labels, the error of Bayes' rule with 10 samples is reported too. Without labels, clusters are
      matched to the classes of the validation rows.
    - If training binarises, bounds use test rows binarised once, and errors use the original rows.

    Example::

        data, rows, m, history = train(recipe)
        measure(recipe, m, data)["test error"]
    """
    if model.supervised:
        return _supervised(model, data)
    model = cast(DeepGenerativeModel, model)
    with seeded(0), pyro.validation_enabled(False):
        x = observed(recipe, data.test.x)
        if model.data_size is None:
            bounds = row_bounds(model, x, num_samples=10)
        else:
            bounds = torch.stack([row_bounds(at_drawn_weights(model), x) for _ in range(10)]).mean(0)
        figures = {"test bound": float(bounds.mean())}
        if model.data_size is not None:
            figures["KL of the weights per training row"] = _kl_of_weights(model) / model.data_size
        if recipe.importance_samples:
            rows = x[: recipe.importance_rows]
            estimate = log_likelihood(model, rows, num_samples=recipe.importance_samples)
            figures |= {"test log p(x)": estimate.mean, "its standard error over the rows": estimate.standard_error}
            figures["test log p(x) less the bound"] = estimate.mean - float(bounds[: len(rows)].mean())
        if model.p_x.support.is_discrete:
            figures["test bits/dim by the bound"] = bits_per_dimension(figures["test bound"], data.x_size)
            if recipe.importance_samples:
                figures["test bits/dim by log p(x)"] = bits_per_dimension(figures["test log p(x)"], data.x_size)
        if has_classes(type(model)):
            figures |= _errors(recipe, model, data, x)
        rows = labels_kept(recipe, data, seed)
        if recipe.feature_classifiers and rows is not None:
            labelled = Rows(data.train.x[rows], data.train.y[rows])
            parts = labelled, labelled_part(data.validation), labelled_part(data.test)
            features = [Rows(latent_means(model, part.x, site=model.top), part.y) for part in parts]
            for name in recipe.feature_classifiers:
                figures[f"{name} on features test error"] = chosen_error(name, *features)
        if recipe.kl_units:
            for site, kl in kl_by_site(model, x).items():
                figures[f"KL of {site}"] = float(kl.sum())
                figures[f"{site} with KL > {INACTIVE:g} nats"] = float((kl > INACTIVE).sum())
    return figures


@torch.no_grad()
def _kl_of_weights(model):
    """KL(q(w) || p(w)) of all weights, in nats."""
    priors, posteriors = priors_of(model), posteriors_of(model)
    return sum(float(kl_divergence(q, priors[site])) for site, q in posteriors.items())


def _supervised(model, data):
    """Errors with the mean weights and with predictions averaged over weight samples, and dropout rates, in %."""
    validation, test = labelled_part(data.validation), labelled_part(data.test)
    figures = {
        "validation error": classification_error(model, *validation),
        "test error": classification_error(model, *test),
        f"test error over {DRAWS} weights": classification_error(
            model, *test, classifier=type(model).predict, num_samples=DRAWS
        ),
    }
    for number, layer in enumerate(layers_with_posteriors(model).values(), 1):
        if hasattr(layer.posterior, "alpha"):
            alpha = layer.posterior.alpha().detach()
            figures[f"dropout rate of layer {number}"] = 100 * float((alpha / (1 + alpha)).mean())
    return figures


def kl_by_site(model: DeepGenerativeModel, x: torch.Tensor) -> dict[str, torch.Tensor]:
    """The KL per unit (or per map) of every continuous latent, in the guide's order, from one draw per row."""
    totals: defaultdict[str, Any] = defaultdict(float)
    with evaluating(model):
        for batch in in_batches(x):
            pair = run_pair(model.model, model.guide, batch)
            for site in pair.guide:
                if site != "y":
                    totals[site] += summed_kl(pair, site)
    return {site: (kl.sum((1, 2)) if kl.dim() == 3 else kl) / len(x) for site, kl in totals.items()}


def _errors(recipe, model, data, x):
    """Errors of a model's classifier, and of Bayes' rule on the observed test rows ``x``."""
    options = {"num_samples": 100} if "num_samples" in inspect.signature(model.classifier).parameters else {}
    validation, test = labelled_part(data.validation), labelled_part(data.test)

    def error(rows, **options):
        if recipe.num_labels == 0:
            options["matching"] = match_clusters(model, *validation, **options)
        return classification_error(model, *rows, **options)

    figures = {"validation error": error(validation, **options), "test error": error(test, **options)}
    if "network" in inspect.signature(model.classifier).parameters:
        figures["test error of q(y | x)"] = error(test, network="inference", **options)
    if recipe.num_labels != 0:
        rows = labelled_part(Rows(x, data.test.y))
        figures["test error by Bayes' rule"] = error(rows, classifier=bayes_classifier, num_samples=10)
    return figures
