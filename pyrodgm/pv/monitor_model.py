"""Finds the state of photovoltaic strings with a deep generative model and few labels (Maaløe et al. 2018).

    q(y | x)                    the state, one of those that were labelled
    L(x) <= log p(x)            the score; a row with a score below the threshold is unseen, see ``thresholds``

x has three columns, measured over expected (``monitor_columns``), or the six sensors of the paper. All labels of a
healthy string are one state, ``normal``. Other states are optional: without them the model has one class, and only the
score is used.

Deviations from the paper: the three columns; the training rows of the SDGM are chosen evenly over the states, and its
labelled rows are drawn evenly over them, so that a state which was labelled for a few minutes counts as much as others;
an unseen row gets no other state.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pyrodgm.checks import check_choice, check_size
from pyrodgm.data.pv import OperatingPoint
from pyrodgm.estimators.classifier import DeepGenerativeClassifier
from pyrodgm.pv.expected import ModuleModel
from pyrodgm.pv.false_alarms import FalseAlarms, NormalDay, measure_false_alarms
from pyrodgm.pv.further_days import read_further_days
from pyrodgm.pv.intervals import read_intervals
from pyrodgm.pv.kept_rows import bounded
from pyrodgm.pv.learning import choose_evenly, healthy_strings, use_of_days
from pyrodgm.pv.logger_map import LoggerMap
from pyrodgm.pv.model_folder import BATCH_SIZE, identity, load_parts, new_classifier, save_parts
from pyrodgm.pv.readings import COLUMNS, Readings
from pyrodgm.pv.rows import NORMAL, UNSEEN, Rows
from pyrodgm.pv.sampling import sample_rows
from pyrodgm.pv.thresholds import Thresholds


class States(NamedTuple):
    """The results for rows.

    Args:
        state: a label, ``"normal"`` or ``"unseen"``, ``(N,)``.
        probability: q(y | x) of the state, ``(N,)``; NaN if the state is unseen.
        score: the bound on log p(x), in nats; low for unusual rows.
        anomaly: whether the score is below the state's threshold.
        expected: the output expected of a healthy string.
        lost: expected minus measured power, in W.
    """

    state: np.ndarray
    probability: np.ndarray
    score: np.ndarray
    anomaly: np.ndarray
    expected: OperatingPoint
    lost: np.ndarray


@dataclass
class Monitor:
    """A trained monitor of one or several strings.

    Args:
        classifier: a fitted ``DeepGenerativeClassifier``.
        readings: the columns that it reads, and the expected output of each string without a fault.
        thresholds: the thresholds for the scores of new rows.
        logger_map: the map of the files that it reads.
        site: latitude and longitude of the plant in degrees, or None.
        rows: the rows that later training continues from, see ``bounded``; None if they were not loaded.
        further: normal rows of further days, by string; not saved.

    Example::

        monitor = Monitor.fit("string.csv", label="state", normal=("N", "C"), steps=100)
        monitor.save("roof")
        Monitor.load("roof").states("1", values).state          # values by pvlib's names, (N,) each
    """

    classifier: DeepGenerativeClassifier
    readings: Readings
    thresholds: Thresholds
    logger_map: LoggerMap
    site: tuple[float, float] | None = None
    rows: Rows | None = None
    further: dict[str, list[NormalDay]] = field(default_factory=dict)

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
        columns: str | None = None,
        site: tuple[float, float] | None = None,
        earlier: Monitor | None = None,
        num_rows: int = 20_000,
        steps: int = 3000,
        seed: int = 0,
    ) -> Monitor:
        """Train on a logger's file. Of every four normal days of a string, two are for training and one for thresholds.

        With an ``earlier`` monitor, the rows that it kept are used too, so that it learns new states and forgets none.

        Args:
            path, logger_map: see ``read_logger``.
            label: name of a column of states, whose cells are empty where the state is unknown. If None, every row is
                normal, unless ``labels`` says otherwise.
            normal: labels that mean a healthy string.
            module, num_modules: the modules of a string, see ``ModuleModel``; None to fit King's model to its normal
                rows.
            labels: a CSV of intervals, see ``read_intervals``.
            columns: ``"ratios"``, measured over expected, or ``"raw"``, the six sensors; None for the columns of the
                earlier monitor, or for ratios if there is none.
            site: latitude and longitude of the plant in degrees, used to find events that return on other days.
            earlier: a monitor that was loaded with its rows. It also provides the map, the module and the site if these
                are not given here.
            num_rows: maximum number of rows to train on, see ``choose_evenly``.
            steps: approximate number of training steps; it is rounded to whole epochs.
            seed: fixes all random choices.

        Raises:
            ValueError: for bad input, see ``sample_rows``; for a string with fewer than two whole normal days, and a
                state with one row.
        """
        columns = columns or ("ratios" if earlier is None else earlier.readings.columns)
        check_choice("columns", columns, COLUMNS)
        check_size("num_rows", num_rows)
        check_size("steps", steps)
        if (module is None) != (num_modules is None):
            raise ValueError("module: got one of module and number of modules, want both")
        if num_modules is not None:
            check_size("num_modules", num_modules)
        known = None if module is None or num_modules is None else ModuleModel(module, num_modules)
        if earlier is not None:
            known, logger_map, site = earlier._as_there(columns, known, logger_map, site)
        check_site(site)
        intervals = [] if labels is None else read_intervals(labels)
        kept = None if earlier is None else earlier.rows
        rows = sample_rows(path, logger_map, label, normal, intervals, COLUMNS[columns], seed, kept)
        use = use_of_days(rows)
        readings = Readings(columns, healthy_strings(rows, use == "train", known))
        x = np.zeros((len(use), readings.size))
        for name in readings.healthy:
            here = rows.string == name
            x[here] = readings.of(name, rows.take(here))[0]
        chosen = choose_evenly(rows.state, use == "train", num_rows, seed)
        epochs = math.ceil(steps / math.ceil(len(chosen) / BATCH_SIZE))
        classifier = new_classifier(epochs, seed)
        classifier.fit(x[chosen], rows.state[chosen])
        probabilities, score = classifier.predict_and_score(x)
        thresholds = Thresholds(classifier.classes_, {}, {}, {})
        for state in classifier.classes_[classifier.classes_ != NORMAL]:
            thresholds.faults[state] = np.sort(score[rows.state == state])
        for name in readings.healthy:
            here = (rows.string == name) & (use == "threshold")
            thresholds.scores[name] = np.sort(score[here])
            thresholds.normality[name] = np.sort(probabilities[here, thresholds.normal])

        def score_of(string, values):
            return classifier.predict_and_score(readings.of(string, values)[0])

        further = read_further_days(path, logger_map, COLUMNS[columns], rows.choose(use == "further"), score_of)
        logger_map = LoggerMap() if logger_map is None else logger_map
        return cls(classifier, readings, thresholds, logger_map, site, bounded(rows, seed), further)

    def states(self, string: str, values: dict[str, np.ndarray], false_alarms: float = 0.01) -> States:
        """The states of rows of one string, all of them with light.

        Args:
            string: its name.
            values: by pvlib's names, in A, V, W/m² and °C, ``(N,)`` each, as a ``Piece`` has them.
            false_alarms: the share of normal rows that may be called something else.

        Raises:
            ValueError: for a string that the monitor was not trained on.
        """
        self.thresholds.check_string(string)
        if not len(values["poa_global"]):
            nothing = np.zeros(0)
            none = OperatingPoint(nothing, nothing)
            return States(nothing.astype(object), nothing, nothing, nothing.astype(bool), none, nothing)
        x, expected = self.readings.of(string, values)
        probabilities, score = self.classifier.predict_and_score(x)
        place, anomaly = self.thresholds.decide(string, score, probabilities, false_alarms)
        state = np.where(anomaly, UNSEEN, self.thresholds.states[place])
        probability = np.where(anomaly, np.nan, probabilities[np.arange(len(place)), place])
        lost = expected.current * expected.voltage - values["i_dc"] * values["v_dc"]
        return States(state, probability, score, anomaly, expected, lost)

    def false_alarms(self, stated: float = 0.01, minutes: int = 15) -> FalseAlarms | None:
        """The rates measured on further normal days; None if there were none, or after ``load``.

        Args:
            stated: the share of normal rows that may be called something else.
            minutes: length of the blocks that events are made of.

        Raises:
            ValueError: if the blocks are too short for the rows of a string.
        """
        return measure_false_alarms(self.thresholds, self.further, stated, minutes)

    @property
    def identity(self) -> str:
        """A name for the monitor's weights and scores, in hexadecimal digits."""
        return identity(self.classifier, self.thresholds)

    def save(self, folder: str | Path) -> None:
        """Write the monitor to a folder, see ``pyrodgm.pv.model_folder``."""
        if self.rows is None:
            raise ValueError("rows: got a monitor that was loaded without its rows, want load(folder, with_rows=True)")
        save_parts(folder, self.classifier, self.readings, self.thresholds, self.logger_map, self.site, self.rows)

    @classmethod
    def load(cls, folder: str | Path, with_rows: bool = False) -> Monitor:
        """The monitor that ``save`` wrote. Nothing in the folder is executed.

        Args:
            folder: its path.
            with_rows: whether to also read the rows that later training continues from.

        Raises:
            FileNotFoundError: if the folder holds no monitor.
            ValueError: if it is damaged, a mixture of two monitors, or written by a newer version of the package.
        """
        return cls(**load_parts(folder, with_rows))

    def _as_there(self, columns, known, logger_map, site):
        """Module, map and site for training that continues from this monitor: those given, or those of this monitor."""
        if columns != self.readings.columns:
            raise ValueError(f"columns: got {columns!r} for a model of {self.readings.columns!r}, want the same")
        if self.rows is None:
            raise ValueError("earlier: got a monitor without its rows, want load(folder, with_rows=True)")
        models = list(self.readings.healthy.values())
        if known is None and all(isinstance(model, ModuleModel) for model in models):
            known = models[0]
        return known, self.logger_map if logger_map is None else logger_map, self.site if site is None else site


def check_site(site: tuple[float, float] | None) -> None:
    """Raise ``ValueError`` for an impossible latitude or longitude."""
    for name, degrees, most in zip(("latitude", "longitude"), site or (), (90, 180), strict=bool(site)):
        if not -most <= degrees <= most:
            raise ValueError(f"{name}: got {degrees}, want degrees from -{most} to {most}")
