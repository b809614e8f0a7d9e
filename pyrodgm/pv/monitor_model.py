"""The state of photovoltaic strings, by a deep generative model with few labels (Maaløe et al. 2018).

    q(y | x)                    the state among those that were labelled
    L(x) <= log p(x)            the score; a row below the threshold is in a state that was not seen

x are three columns, measured over expected (``monitor_columns``), or the paper's six sensors. All labels of a healthy
string are one state, ``normal``, and none besides is needed: then p has one class, and the bound alone speaks.

Two thresholds hold a share a of false alarms, half each. Both are from n normal rows of days that were not trained on:
the k-th smallest of their scores, and of their q(normal | x), with

    k = max(1, floor(a/2 (n + 1)))

A row is in the likeliest state, but normal where q(normal | x) is not below its threshold: in dim light, where states
can hardly be told apart, and where the few labels were drawn evenly, the likeliest is often a fault. It is unseen where
the score is below its own. Were rows independent, a new normal row would be called anything else with probability a
at most. A known fault may be rare and wide, as snow is, and score low with all its rows: the threshold of a row that is
called a fault is the k-th smallest of that fault's labelled rows, where that is lower. Where no fault is labelled, the
score has the whole share.

Deviations from the paper: the columns; SDGM with the states' rows drawn evenly; a row that is unseen has no state.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError

from pyrodgm.checks import check_choice, check_size
from pyrodgm.data.pv import ratios
from pyrodgm.estimators.classifier import DeepGenerativeClassifier
from pyrodgm.estimators.columns import Columns
from pyrodgm.files import make_folder, write
from pyrodgm.models import SDGM
from pyrodgm.pv.expected import KingModel, ModuleModel, fit_king
from pyrodgm.pv.logger_map import Column, LoggerMap
from pyrodgm.pv.rows import NORMAL, UNSEEN, read_intervals, sample_rows, temperature
from pyrodgm.pv.units import QUANTITIES

COLUMNS = {"ratios": (), "raw": tuple(QUANTITIES)}  # the quantities without which a row says nothing, besides
FORMAT = 1
SAVED = ("score of string ", "normality of string ", "score of state ")
FARTHEST = 7.0  # of ratios and their logarithms: what is farther is as strange
DAYS = ("train", "threshold", "train", "further")  # what a string's normal days are for, one after the other
SETTINGS = {"z_size": 8, "a_size": 8, "hidden": (50, 50), "batch_size": 200, "likelihood": "normal"}
SETTINGS["validation_fraction"] = 0  # rows of the days that are trained on say nothing of other days
SCORING = {"num_samples": 1, "batch_size": 10_000, "dtype": "float32"}


class States(NamedTuple):
    """What is said of rows.

    Args:
        state: a label, ``"normal"`` or ``"unseen"``, ``(N,)``.
        probability: q(y | x) of it, ``(N,)``; NaN where it is unseen.
        score: the bound on log p(x), in nats; low where a row is strange.
        anomaly: whether the score is below the state's threshold.
        lost: expected power less measured, in W.
    """

    state: np.ndarray
    probability: np.ndarray
    score: np.ndarray
    anomaly: np.ndarray
    lost: np.ndarray


class FalseAlarms(NamedTuple):
    """Rows that are not called normal on normal days that neither the model nor the threshold was made of.

    Args:
        unseen: share of the rows, the mean over days.
        low, high: 95 % of that mean, by the days' own spread; None for fewer than two days.
        faults: share of the rows that are called a fault that was labelled.
        days: how many.
    """

    unseen: float
    low: float | None
    high: float | None
    faults: float
    days: int


@dataclass
class Monitor:
    """A trained monitor of one or several strings.

    Args:
        classifier: a fitted ``DeepGenerativeClassifier``.
        columns: that it reads, ``"ratios"`` or ``"raw"``.
        healthy: what each string gives without a fault.
        scores: of normal rows of days not trained on, by string, ascending.
        normality: q(normal | x) of these, ascending.
        fault_scores: of labelled rows, by state, ascending.
        logger_map: of the files it reads.
        further: scores and probabilities of normal rows of still other days, by string and day; not saved.

    Example::

        monitor = Monitor.fit("string.csv", label="state", normal=("N", "C"), steps=100)
        monitor.save("roof")
        Monitor.load("roof").states("1", values).state          # values by pvlib's names, (N,) each
    """

    classifier: DeepGenerativeClassifier
    columns: str
    healthy: dict[str, ModuleModel | KingModel]
    scores: dict[str, np.ndarray]
    normality: dict[str, np.ndarray]
    fault_scores: dict[str, np.ndarray]
    logger_map: LoggerMap
    further: dict[str, list[tuple[np.ndarray, np.ndarray]]] = field(default_factory=dict)

    @classmethod
    def fit(
        cls,
        path: str | Path,
        label: str | None = None,
        normal: Sequence[str] = (),
        logger_map: LoggerMap | None = None,
        module: str | None = None,
        num_modules: int | None = None,
        labels: str | Path | None = None,
        columns: str = "ratios",
        num_rows: int = 20_000,
        steps: int = 3000,
        seed: int = 0,
    ) -> Monitor:
        """Learn from a logger's file. Of each four normal days of a string two are trained on; one makes the threshold.

        Args:
            path, logger_map: see ``read_logger``.
            label: a column of states, with empty cells where none is known; None where every row is normal, unless
                ``labels`` says otherwise.
            normal: labels that mean a healthy string.
            module, num_modules: of a string, see ``ModuleModel``; None to fit King's model to its normal rows.
            labels: a CSV of intervals, see ``read_intervals``.
            columns: ``"ratios"``, measured over expected, or ``"raw"``, the six sensors.
            num_rows: to train on at most, of each state the same number if there are so many. Rows without a label
                count as a state; where no fault is labelled they are left out, for they may hold some.
            steps: of training, about; whole epochs of them.
            seed: fixes all.

        Raises:
            ValueError: for bad input, see ``sample_rows``; for fewer than two whole normal days of a string, and a
                state of one row.
        """
        check_choice("columns", columns, COLUMNS)
        check_size("num_rows", num_rows)
        check_size("steps", steps)
        if (module is None) != (num_modules is None):
            raise ValueError("module: got one of module and number of modules, want both")
        known = None if module is None else ModuleModel(module, num_modules)
        intervals = [] if labels is None else read_intervals(labels)
        rows = sample_rows(path, logger_map, label, normal, intervals, COLUMNS[columns], seed)
        use = _use_of_days(rows)
        train, is_normal = use == "train", rows.state == NORMAL
        healthy = {}
        for name in rows.normal_days:
            here = rows.take((rows.string == name) & train & is_normal)
            healthy[name] = known if known is not None else _king(name, here)
        monitor = cls(None, columns, healthy, {}, {}, {}, LoggerMap() if logger_map is None else logger_map)
        x = np.zeros((len(use), 6 if columns == "raw" else 3))
        for name in healthy:
            here = rows.string == name
            x[here] = monitor._columns_and_loss(name, rows.take(here))[0]
        chosen = _evenly(rows.state, train, num_rows, seed)
        epochs = math.ceil(steps / math.ceil(len(chosen) / SETTINGS["batch_size"]))
        classifier = DeepGenerativeClassifier("sdgm", epochs=epochs, random_state=seed, **SETTINGS)
        monitor.classifier = classifier.fit(x[chosen], rows.state[chosen])
        score, probabilities = classifier.score_samples(x, **SCORING), classifier.predict_proba(x)
        for state in classifier.classes_[classifier.classes_ != NORMAL]:
            monitor.fault_scores[state] = np.sort(score[rows.state == state])
        for name in healthy:
            here, further = (rows.string == name) & (use == "threshold"), (rows.string == name) & (use == "further")
            monitor.scores[name] = np.sort(score[here])
            monitor.normality[name] = np.sort(probabilities[here, monitor._normal])
            by_day = [further & (rows.day == day) for day in np.unique(rows.day[further])]
            monitor.further[name] = [(score[its], probabilities[its]) for its in by_day]
        return monitor

    def decide(
        self, string: str, score: np.ndarray, probabilities: np.ndarray, false_alarms: float = 0.01
    ) -> tuple[np.ndarray, np.ndarray]:
        """The known state of each row, as its place among the classes ``(N,)``, and whether it is unseen, ``(N,)``.

        Args:
            string: its name.
            score: the bound, ``(N,)``.
            probabilities: q(y | x), ``(N, K)``.
            false_alarms: the share of normal rows that may be called something else.

        Raises:
            ValueError: for a string that the monitor was not trained on.
        """
        self.check_string(string)
        classes = self.classifier.classes_
        share = false_alarms / 2 if len(classes) > 1 else false_alarms
        place = probabilities.argmax(1)
        place[probabilities[:, self._normal] >= _threshold(self.normality[string], share)] = self._normal
        own = _threshold(self.scores[string], share)
        lowest = {state: min(own, _threshold(scores, share)) for state, scores in self.fault_scores.items()}
        return place, ~(score >= np.array([lowest.get(state, own) for state in classes])[place])

    def check_string(self, string: str) -> None:
        """Raise ``ValueError`` unless the monitor was trained on that string."""
        check_choice("string", string, self.scores)

    def false_alarms(self, stated: float = 0.01) -> FalseAlarms | None:
        """What came of a stated share on further normal days; None where there was none, or after ``load``."""
        days = []
        for name, further in self.further.items():
            for score, probabilities in further:
                place, unseen = self.decide(name, score, probabilities, stated)
                days.append((unseen.mean(), (~unseen & (place != self._normal)).mean()))
        if not days:
            return None
        unseen, faults = np.array(days).T
        mean, low, high = float(unseen.mean()), None, None
        if len(days) > 1:
            error = 1.96 * float(unseen.std(ddof=1)) / len(days) ** 0.5
            low, high = max(mean - error, 0.0), min(mean + error, 1.0)
        return FalseAlarms(mean, low, high, float(faults.mean()), len(days))

    def states(self, string: str, values: dict[str, np.ndarray], false_alarms: float = 0.01) -> States:
        """The states of rows of one string, in light.

        Args:
            string: its name.
            values: by pvlib's names, in A, V, W/m² and °C, ``(N,)`` each, as a ``Piece`` has them.
            false_alarms: the share of normal rows that may be called something else.

        Raises:
            ValueError: for a string that the monitor was not trained on.
        """
        self.check_string(string)
        if not len(values["poa_global"]):
            nothing = np.zeros(0)
            return States(nothing.astype(object), nothing, nothing, nothing.astype(bool), nothing)
        x, lost = self._columns_and_loss(string, values)
        score = self.classifier.score_samples(x, **SCORING)
        probabilities = self.classifier.predict_proba(x)
        place, anomaly = self.decide(string, score, probabilities, false_alarms)
        state = np.where(anomaly, UNSEEN, self.classifier.classes_[place])
        probability = np.where(anomaly, np.nan, probabilities[np.arange(len(place)), place])
        return States(state, probability, score, anomaly, lost)

    @property
    def identity(self) -> str:
        """A name for the monitor's weights and scores, in hexadecimal digits."""
        digest = hashlib.sha256()
        for tensor in self.classifier.model_.state_dict().values():
            digest.update(tensor.cpu().numpy().tobytes())
        for name, scores in self._all_scores().items():
            digest.update(name.encode() + scores.tobytes())
        return digest.hexdigest()[:16]

    def save(self, folder: str | Path) -> None:
        """Write the monitor to a folder: ``model/``, ``scores.safetensors`` and ``monitor.json``."""
        folder, fitted = make_folder(folder, "model"), self.classifier.columns_
        about = {
            "format": FORMAT,
            "identity": self.identity,
            "columns": self.columns,
            "states": self.classifier.classes_.tolist(),
            "shift": fitted.shift.tolist(),
            "scale": fitted.scale.tolist(),
            "healthy": {name: model._asdict() for name, model in self.healthy.items()},
            "map": self.logger_map._asdict(),
        }
        self.classifier.model_.save_pretrained(folder / "model", "Part of a monitor of photovoltaic strings.")
        write(folder / "scores.safetensors", safetensors.numpy.save(self._all_scores()))
        write(folder / "monitor.json", (json.dumps(about, indent=2) + "\n").encode())

    @classmethod
    def load(cls, folder: str | Path) -> Monitor:
        """The monitor that ``save`` wrote. Nothing in the folder is executed.

        Raises:
            FileNotFoundError: if there is none.
            ValueError: if it is damaged, mixed of two, or written by a newer package.
        """
        folder = Path(folder)
        if not (folder / "monitor.json").is_file():
            raise FileNotFoundError(f"model: got {folder}, want a folder that pyrodgm pv train wrote")
        try:
            about = json.loads((folder / "monitor.json").read_text(encoding="utf-8"))
            if about["format"] > FORMAT:
                raise ValueError(f"format {about['format']} of a newer pyrodgm, want at most {FORMAT}")
            scores = safetensors.numpy.load((folder / "scores.safetensors").read_bytes())
            own_map = about["map"] | {"columns": {name: Column(*c) for name, c in about["map"]["columns"].items()}}
            monitor = cls(
                _classifier(SDGM.from_pretrained(folder / "model"), about),
                about["columns"],
                {name: _healthy(model) for name, model in about["healthy"].items()},
                *({name.removeprefix(k): one for name, one in scores.items() if name.startswith(k)} for k in SAVED),
                LoggerMap(**own_map),
            )
            if monitor.identity != about["identity"]:
                raise ValueError("files of two models")
        except (ValueError, KeyError, TypeError, OSError, SafetensorError) as error:
            raise ValueError(f"model: got {folder}, which cannot be read ({error}), want a whole model") from error
        return monitor

    def _all_scores(self):
        """Scores by the names they are saved by."""
        kinds = zip(SAVED, (self.scores, self.normality, self.fault_scores), strict=True)
        return dict(sorted((kind + name, one) for kind, scores in kinds for name, one in scores.items()))

    @property
    def _normal(self):
        """The place of the normal state among the classes."""
        return self.classifier.classes_.tolist().index(NORMAL)

    def _columns_and_loss(self, string, values):
        """What the model reads ``(N, D)``, and expected less measured power in W ``(N,)``."""
        warm = temperature(values)
        healthy = self.healthy[string].at(values["poa_global"], warm)
        lost = healthy.current * healthy.voltage - values["i_dc"] * values["v_dc"]
        if self.columns == "raw":
            return np.stack([values[name] for name in QUANTITIES], 1), lost
        x = ratios(values["i_dc"], values["v_dc"], values["poa_global"], healthy)
        x[:, :2] = x[:, :2].clip(-FARTHEST, FARTHEST)
        return x, lost


def _threshold(scores, share):
    """The k-th smallest of ascending scores, k = max(1, floor(share (n + 1)))."""
    return float(scores[max(1, int(share * (len(scores) + 1) + 1e-9)) - 1])


def _use_of_days(rows):
    """What each row is for, ``(N,)``: ``"train"``, ``"threshold"`` or ``"further"``, by whole normal days."""
    use = np.full(len(rows.day), "train", object)
    for name, days in rows.normal_days.items():
        if len(days) < 2:
            raise ValueError(
                f"normal: got {len(days)} whole normal days of string {name!r}, want at least 2: one to train on, one "
                "for the threshold"
            )
        for i, day in enumerate(sorted(days)):
            use[(rows.string == name) & (rows.day == day)] = DAYS[i % len(DAYS)]
    return use


def _king(name, values):
    try:
        return fit_king(values["poa_global"], temperature(values), values["i_dc"], values["v_dc"])
    except ValueError as error:
        raise ValueError(f"string {name!r}, normal days to train on: {error}") from error


def _evenly(state, usable, most, seed):
    """Rows ``(M,)`` in order, at most so many, of each state as many as of another if there are."""
    kinds = set(state[usable].tolist()) - {None}
    if NORMAL not in kinds:
        raise ValueError("normal: got no normal row to train on, want some")
    kinds = [*sorted(kinds), *([None] if kinds != {NORMAL} else [])]
    random, rank, place = np.random.default_rng([seed, 3]), [], []
    for kind in kinds:
        where = random.permutation(np.flatnonzero(usable & (state == kind)))
        if kind is not None and len(where) < 2:
            raise ValueError(f"label: got a single row of {kind!r}, want at least two to learn it")
        place.append(where)
        rank.append(np.arange(len(where)))
    place, rank = np.concatenate(place), np.concatenate(rank)
    return np.sort(place[np.argsort(rank, kind="stable")[:most]])


def _healthy(fields):
    if "module" in fields:
        return ModuleModel(**fields)
    return KingModel(*(tuple(value) if isinstance(value, list) else value for value in fields.values()))


def _classifier(model, about):
    """An estimator as ``fit`` leaves it, of a saved model."""
    classifier = DeepGenerativeClassifier("sdgm", **SETTINGS)
    classifier.model_, classifier.classes_ = model, np.array(about["states"], object)
    classifier.columns_ = Columns("normal", np.array(about["shift"]), np.array(about["scale"]))
    classifier.n_features_in_ = len(about["shift"])
    return classifier
