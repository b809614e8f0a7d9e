"""The model that the user asks for, and the options that some models need to learn well with default settings."""

from typing import Any

from pyrodgm.checks import check_choice
from pyrodgm.models import M1M2, DeepGenerativeModel, LatentClassifierVAE, SemiSupervisedFAME, SplitLatentClassifierVAE
from pyrodgm.models.catalogue import has_classes, models_by_name

SPLIT_BETA = 5  # factor on beta for a SplitLatentClassifierVAE: labels move q(z_y | x) mainly by its class term


def model_of(model: Any) -> tuple[type[DeepGenerativeModel], dict[str, Any]]:
    """The class and the options of a model, given by name or by class, alone or with options.

    Raises:
        ValueError: if there is no such model with classes; the message suggests the most similar name.
    """
    model, options = model if isinstance(model, tuple) and len(model) == 2 else (model, {})
    if not isinstance(options, dict):
        raise ValueError(f"model: got {options!r} as the options of {model!r}, want a dict")
    if isinstance(model, type):
        if not (issubclass(model, DeepGenerativeModel) and has_classes(model)):
            raise ValueError(f"model: got {model.__name__}, want a DeepGenerativeModel with num_classes")
        return model, options
    generative = {name: c for name, c in models_by_name().items() if issubclass(c, DeepGenerativeModel)}
    known = {name.lower(): c for name, c in generative.items() if has_classes(c)}
    name = model.lower() if isinstance(model, str) else str(model)
    check_choice("model", name, known)
    return known[name], options


def needs(model_class: type[DeepGenerativeModel], z_size: int) -> dict[str, Any]:
    """The options that a model gets unless the user says otherwise.

    Args:
        model_class: the class of the model.
        z_size: number of latent units that the user asks for.
    """
    if issubclass(model_class, LatentClassifierVAE):  # its exact bound learns little from few labels
        return {"bound": "jensen"}
    if issubclass(model_class, SplitLatentClassifierVAE):  # its class is read off z_y alone
        return {"z_size": max(1, z_size // 2), "z_y_size": 2 * z_size}
    if issubclass(model_class, SemiSupervisedFAME):  # its PixelCNN reads zeros and ones only, and no missing cells
        return {"concatenation": False}
    return {}


def beta_factor(model: DeepGenerativeModel) -> int:
    """What ``beta`` is multiplied by for a model."""
    return SPLIT_BETA if isinstance(model, SplitLatentClassifierVAE) else 1


def has_first_stage(model: DeepGenerativeModel) -> bool:
    """Whether a part of a model is trained before the rest: M1 of an M1+M2."""
    return isinstance(model, M1M2) and not model.joint
