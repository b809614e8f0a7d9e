"""A complete experiment, as data."""

from dataclasses import dataclass, fields
from hashlib import sha256
from pathlib import Path
from typing import Any

from pyrodgm.models import Model


@dataclass(frozen=True)
class Recipe:
    """A complete experiment. A pair of a name (or class) and a dict is a choice with its options.

    Args:
        name: name on the command line.
        summary: one-line description.
        source: the paper, section or table that the settings come from.
        paper: the paper's figure, in words.
        figure: name of the measured figure that is compared with the paper's.
        deviations: differences from the paper's settings, and how they were chosen.
        data: name of the data set and options for ``pyrodgm.data.load``.
        model: model class and its arguments, except those determined by the data.
        epochs: number of epochs.
        batch_size: rows per batch. For a semi-supervised model, unlabelled rows per batch.
        learning_rate: learning rate of the optimiser.
        objective: name in ``pyrodgm.zoo.objectives.OBJECTIVES`` and its options. With labels, it is the bound inside
            ``SemiSupervisedELBO``.
        pretrained: name of a recipe whose model is trained first, such as M1 for an M1+M2, and the fields of that
            recipe to change; or None.
        start_from: name of a recipe with the same model, and the fields of that recipe to change. Training continues
            from its trained parameters with this recipe's settings and a new optimiser; or None.
        preprocess: functions of ``pyrodgm.data`` in order, such as ``("keep_varying", {"threshold": 0.1})``.
        resample: function that redraws the rows before every epoch, such as ``("binarise", {})``; or None.
        num_labels: number of labels kept, balanced over the classes. None keeps all labels. 0 keeps none, and y is then
            a cluster.
        labelled_batch_size: labelled rows per batch; None for all of them in every batch.
        labels_once: weigh the bound and the class term of a labelled row so that it counts once per epoch, like an
            unlabelled row. Otherwise it counts in every batch that contains it.
        beta: constant of the class term, see ``pyrodgm.infer.alpha``.
        labelled_weight: weight of the labelled bound; None for the model's default.
        num_particles: Monte Carlo samples of the latents per step, vectorised.
        optimizer: name of a ``torch.optim`` class and its arguments, except the learning rate.
        schedule: ``("step", ...)`` or ``("linear", ...)``, see ``step_decay`` and ``linear_decay``; or None.
        max_norm: maximum joint gradient norm, or None.
        weight_prior: standard deviation of a normal prior on all parameters, or None.
        warm_up_epochs: epochs over which the weight of the latents' KL terms rises to 1.
        warm_up_start: the initial weight, see ``KLSchedule``.
        warm_up_discrete: whether the KL term of y is warmed up too, see ``pyrodgm.handlers.warm_up``.
        classes_by_epoch: pairs of an epoch (from 0) and the model's ``classes`` setting from then on, such as
            ``((0, "enumerated"), (8, ("sampled", {"top": 2})))``. Empty for the model's own setting.
        kl_weight: factor on the KL terms of a supervised model's weights.
        local_reparameterisation: sample layer outputs instead of weights that have a posterior, see
            ``pyrodgm.handlers.local_reparameterisation``.
        ema: decay of the exponential moving average of the parameters, or None.
        measure_every: epochs between evaluations on the validation rows.
        kl_units: record the KL divergence of every latent unit on the validation rows at every evaluation, and report
            each latent's KL on the test rows with the number of units above 0.01 nats. Needs latents that
            ``kl_per_unit`` can split into units; for latents ``(C, H, W)`` these are the C maps.
        monitor: ``"validation error"`` or ``"validation bound"``, to keep the epoch where it was best; or None.
        patience: evaluations without improvement before training stops, or None.
        milestones: epochs at which the test error is reported too.
        importance_samples: importance samples for log p(x) of the test rows; 0 to skip it.
        importance_rows: number of test rows, from the first, for log p(x); None for all.
        feature_classifiers: names in ``pyrodgm.zoo.baselines.CLASSIFIERS``, trained on the posterior means of z of the
            labelled rows.
        baselines: names in ``pyrodgm.zoo.baselines.BASELINES`` to report too.

    Example::

        replace(RECIPES["digits"], name="my-digits", model=(SDGM, {"z_size": 20}), epochs=50)
    """

    name: str
    summary: str
    source: str
    paper: str
    figure: str
    deviations: str
    data: tuple[str, dict]
    model: tuple[type[Model], dict]
    epochs: int
    batch_size: int
    learning_rate: float
    objective: tuple[str, dict] = ("elbo", {})
    pretrained: tuple[str, dict] | None = None
    start_from: tuple[str, dict] | None = None
    preprocess: tuple[tuple[str, dict], ...] = ()
    resample: tuple[str, dict] | None = None
    num_labels: int | None = None
    labelled_batch_size: int | None = None
    labels_once: bool = False
    beta: float = 0.1
    labelled_weight: float | None = None
    num_particles: int = 1
    optimizer: tuple[str, dict] = ("Adam", {})
    schedule: tuple[str, dict] | None = None
    max_norm: float | None = None
    weight_prior: float | None = None
    warm_up_epochs: int = 0
    warm_up_start: float = 0.0
    warm_up_discrete: bool = False
    classes_by_epoch: tuple[tuple[int, str | tuple], ...] = ()
    kl_weight: float = 1.0
    local_reparameterisation: bool = False
    ema: float | None = None
    measure_every: int = 1
    kl_units: bool = False
    monitor: str | None = None
    patience: int | None = None
    milestones: tuple[int, ...] = ()
    importance_samples: int = 0
    importance_rows: int | None = None
    feature_classifiers: tuple[str, ...] = ()
    baselines: tuple[str, ...] = ()

    def training(self) -> dict[str, Any]:
        """The settings that affect training, as plain values, without ``epochs``, which may grow when a run resumes.

        Settings at their default are left out, so that a field added later does not invalidate earlier runs.
        """
        described = ("name", "summary", "source", "paper", "figure", "deviations", "epochs", "milestones", "baselines")
        measured = ("importance_samples", "importance_rows", "feature_classifiers", "kl_units")
        decisive = [field for field in fields(self) if field.name not in described + measured]
        settings = {f.name: getattr(self, f.name) for f in decisive if getattr(self, f.name) != f.default}
        return _plain(settings | {"model": (self.model[0].__name__, self.model[1])})

    @property
    def own_data(self) -> bool:
        """Whether the data are a file of the user's, which may change."""
        return Path(self.data[0]).is_file()

    @property
    def data_file(self) -> dict[str, str]:
        """The checksum of a file of the user's, by its key in a checkpoint; nothing for a data set by name."""
        if not self.own_data:
            return {}
        return {"checksum of data": sha256(Path(self.data[0]).read_bytes()).hexdigest()[:16]}

    def plain(self) -> dict[str, Any]:
        """All fields, as plain values."""
        return _plain(vars(self))


def _plain(value):
    """The value with all nested tuples converted to lists, as in JSON, and a class to its name."""
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, (list, tuple)) else value
