"""Objectives that a recipe can name. Each is built from its options and the recipe's other settings."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Literal

from pyro.infer import ELBO, Trace_ELBO, TraceEnum_ELBO, TraceMeanField_ELBO

from pyrodgm.checks import check_choice
from pyrodgm.infer import FreeBits, ImportanceWeightedELBO, WakeSleep
from pyrodgm.infer.traces import latent_sites
from pyrodgm.models.catalogue import has_classes
from pyrodgm.zoo.recipe import Recipe


def elbo(classes_summed: bool, num_particles: int) -> ELBO:
    """The ELBO, averaged over the particles."""
    kind = TraceEnum_ELBO if classes_summed else Trace_ELBO
    return kind(max_plate_nesting=1, num_particles=num_particles, vectorize_particles=True)


def mean_field(classes_summed: bool, num_particles: int) -> ELBO:
    """The ELBO with analytic KL divergences, for a pair in one order without an enumerated class."""
    return _MeanField(num_particles=num_particles, max_plate_nesting=1, vectorize_particles=True)


class _MeanField(TraceMeanField_ELBO):
    """Pyro's ELBO, which only warns of a pair for which it is wrong, and not if validation is off, as in training."""

    def _get_trace(self, model, guide, args, kwargs):
        traces = super()._get_trace(model, guide, args, kwargs)
        in_model, in_guide = (", ".join(latent_sites(trace)) for trace in traces)
        if in_model != in_guide:
            raise ValueError(
                f"objective: got mean_field with a guide that draws {in_guide} and a model that draws {in_model}, want "
                "one order, as in a ladder, or elbo"
            )
        return traces


def importance_weighted(
    classes_summed: bool,
    num_particles: int,
    num_samples: int,
    classes: Literal["bounded", "all"] = "bounded",
    gradient: Literal["plain", "doubly_reparameterised"] = "plain",
) -> ELBO:
    """The importance-weighted bound, see ``ImportanceWeightedELBO``."""
    return ImportanceWeightedELBO(num_samples, classes, gradient)


def free_bits(classes_summed: bool, num_particles: int, nats: float, groups: str = "unit") -> ELBO:
    """The ELBO with a minimum KL divergence per group of units, see ``FreeBits``."""
    return FreeBits(nats, groups, num_particles)


def wake_sleep(classes_summed: bool, num_particles: int) -> ELBO:
    """The wake-sleep algorithm, for unlabelled rows only, see ``WakeSleep``."""
    return WakeSleep()


OBJECTIVES: dict[str, Callable[..., ELBO]] = {
    "elbo": elbo,
    "mean_field": mean_field,
    "importance_weighted": importance_weighted,
    "free_bits": free_bits,
    "wake_sleep": wake_sleep,
}
REFUSED = {  # by objective: fields it does not support, and the only value they may have
    "importance_weighted": {"warm_up_epochs": 0, "num_particles": 1},
    "free_bits": {"warm_up_epochs": 0},
    "wake_sleep": {"warm_up_epochs": 0, "num_particles": 1},
}


def objective_of(recipe: Recipe) -> ELBO:
    """The recipe's objective for unlabelled rows.

    Raises:
        ValueError: for an unknown objective or an invalid option, or if another setting conflicts with the objective:
            a warm-up, which scales sites; particles, if it has its own samples; or a model that sums over classes, for
            the mean-field ELBO.
    """
    name, _ = recipe.objective
    check_choice("objective", name, OBJECTIVES)
    for field, without in REFUSED.get(name, {}).items():
        value = getattr(recipe, field)
        if value != without:
            raise ValueError(f"{field}: got {value} with the objective {name}, want {without}")
    model_class = recipe.model[0]
    summed = has_classes(model_class) and not model_class.supervised
    if name == "mean_field" and summed:
        raise ValueError(f"objective: got mean_field with {model_class.__name__}, want one that sums its classes: elbo")
    return chosen("objective", OBJECTIVES, recipe.objective, summed, recipe.num_particles)


def chosen(
    field: str, choices: Mapping[str, Callable[..., Any]], choice: tuple[str, dict[str, Any]], *arguments: Any
) -> Any:
    """What the chosen function returns for the arguments and the options of the choice.

    Raises:
        ValueError: for an unknown name, or for an unknown or missing option.
    """
    name, options = choice
    check_choice(field, name, choices)
    try:
        inspect.signature(choices[name]).bind(*arguments, **options)
    except TypeError as error:
        raise ValueError(f"{field}: got {name!r} with the options {options}, want others: {error}") from error
    return choices[name](*arguments, **options)
