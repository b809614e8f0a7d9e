"""What an experiment is, as data."""

from dataclasses import dataclass, fields

from pyrodgm.models import Model


@dataclass(frozen=True)
class Recipe:
    """A complete experiment. Pairs of a name and a dict are a choice and its options.

    Args:
        name: what the command line calls it.
        summary: one line.
        source: the paper, table or section, whose setting it is.
        paper: the paper's figure, in words.
        figure: the measured figure that stands beside the paper's.
        deviations: where the setting is not the paper's, and what chose it.
        data: name of the data set and the options of ``pyrodgm.data.load``.
        model: class of the model and its arguments, less those the data decide.
        epochs, batch_size, learning_rate: as they say; a batch of a semi-supervised model holds labelled rows besides.
        objective: name of ``pyrodgm.zoo.objectives.OBJECTIVES`` and its options. With labels it is the bound inside
            ``SemiSupervisedELBO``.
        pretrained: name of the recipe whose model is trained first, as M1 of an M1+M2, and the fields of it that
            are changed; or None.
        start_from: the same of a recipe with the same model, from whose trained parameters this one goes on with
            settings and an optimiser of its own; or None.
        preprocess: functions of ``pyrodgm.data``, in their order, such as ``("keep_varying", {"threshold": 0.1})``.
        resample: what draws the rows anew before every epoch, such as ``("binarise", {})``; or None.
        num_labels: labels kept, spread evenly over the classes; 0 for none, y being a cluster; None for every label
            that there is.
        labelled_batch_size: labelled rows a batch; None for all of them in every batch.
        labels_once: weigh bound and class term of a labelled row so that it counts once an epoch, as a row without a
            label does. Else it counts whenever a batch has it: once for every batch where all have all of them.
        beta: the class term's constant, see ``pyrodgm.data.alpha``.
        labelled_weight: weight of the labelled bound; None for the model's own.
        num_particles: Monte Carlo samples of the latents a step, vectorised.
        optimizer: class of ``torch.optim`` and its arguments, less the learning rate.
        schedule: ``("step", ...)`` or ``("linear", ...)``, see ``step_decay`` and ``linear_decay``; or None.
        max_norm: largest joint norm of the gradients, or None.
        weight_prior: standard deviation of a normal prior on all parameters, or None.
        warm_up_epochs: epochs over which the KL terms of the latents rise to their full weight.
        warm_up_start: the weight that they rise from, see ``KLSchedule``.
        warm_up_discrete: whether that of y is among them, see ``pyrodgm.handlers.warm_up``.
        classes_by_epoch: pairs of an epoch, counted from 0, and what ``classes`` of the model is from then on, such as
            ``((0, "enumerated"), (8, ("sampled", {"top": 2})))``; where there are none, the model's own.
        kl_weight: what the KL terms of a supervised model's weights are multiplied by.
        local_reparameterisation: draw the outputs of layers in place of weights that have a posterior, see
            ``pyrodgm.handlers.local_reparameterisation``.
        ema: decay of the averaged parameters, or None.
        measure_every: epochs between two measurements on the validation rows.
        kl_units: keep the KL divergence of every unit of every latent on validation rows in the history, at every
            measurement, and report that of each latent on the test rows, with how many units have more than 0.01 nats.
            For latents whose units ``kl_per_unit`` tells apart; those of latents ``(C, H, W)`` are their C maps.
        monitor: ``"validation error"`` or ``"validation bound"``: keep the epoch where it was best; or None.
        patience: measurements without a better one before training stops, or None.
        milestones: epochs whose test error is reported too.
        importance_samples: of log p(x) of the test rows; 0 to leave it out.
        importance_rows: how many test rows, the first ones, it is estimated on; None for all.
        feature_classifiers: names of ``pyrodgm.zoo.baselines.CLASSIFIERS``, to be trained on the posterior means
            of z of the labelled rows.
        baselines: names of ``pyrodgm.zoo.baselines.BASELINES`` to report beside.
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

    def training(self):
        """The settings that training depends on, as plain values; ``epochs`` is how far it goes, not one of them.

        What has its default is left out, so that a field which recipes get one day refuses no run of before.
        """
        told = ("name", "summary", "source", "paper", "figure", "deviations", "epochs", "milestones", "baselines")
        measured = ("importance_samples", "importance_rows", "feature_classifiers", "kl_units")
        decisive = [field for field in fields(self) if field.name not in told + measured]
        settings = {f.name: getattr(self, f.name) for f in decisive if getattr(self, f.name) != f.default}
        return _plain(settings | {"model": (self.model[0].__name__, self.model[1])})


def _plain(value):
    """Tuples as lists, all the way down, as JSON has them."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, (list, tuple)) else value
