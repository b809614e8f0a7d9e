"""The objectives that a recipe may name: functions of the model, the number of particles and options of their own."""

from pyro.infer import ELBO, Trace_ELBO, TraceEnum_ELBO

from pyrodgm.checks import check_choice
from pyrodgm.models import DeepGenerativeModel
from pyrodgm.zoo.recipe import Recipe


def elbo(model: DeepGenerativeModel, num_particles: int) -> ELBO:
    """The evidence lower bound, with y, where there is one, summed exactly."""
    kind = Trace_ELBO if model.num_classes is None else TraceEnum_ELBO
    return kind(max_plate_nesting=1, num_particles=num_particles, vectorize_particles=True)


OBJECTIVES = {"elbo": elbo}


def check_objective(recipe: Recipe) -> None:
    """Raise ``ValueError`` where a recipe's objective is none, or does not go with its other settings.

    A warm-up scales sites, and particles are a mean over bounds: both are the ELBO's alone.
    """
    name = recipe.objective[0]
    check_choice("objective", name, OBJECTIVES)
    if name == "elbo":
        return
    for field, plain in (("warm_up_epochs", 0), ("num_particles", 1)):
        value = getattr(recipe, field)
        if value != plain:
            raise ValueError(f"{field}: got {value} with the objective {name}, want {plain}: it is the ELBO's")
