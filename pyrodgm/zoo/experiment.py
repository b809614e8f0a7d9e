"""An experiment of many trainings, and its measurement part by part."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, NamedTuple

from matplotlib.figure import Figure

from pyrodgm.checks import check_choice
from pyrodgm.files import make_folder, write
from pyrodgm.zoo.results import (
    amount,
    conditions,
    label_of,
    package_commit,
    png,
    read_record,
    setting_text,
    write_record,
)

Setting = int | tuple[int, ...]


class Measured(NamedTuple):
    """The figures of a part by name, and what else the plot needs, as plain values for JSON.

    Example::

        Measured({"test error": 4.2}, details={"error by epoch": [9.0, 5.1, 4.2]})
    """

    figures: dict[str, float]
    details: Any = None


@dataclass(frozen=True)
class Experiment:
    """An experiment of many trainings, such as a curve over numbers of labels. A ``Recipe`` is a single training.

    It consists of parts. Each part is measured for each seed, and a finished part is never measured again.

    Args:
        name: name on the command line.
        summary: one-line description.
        source: the paper, section or table that the experiment comes from.
        paper: the paper's figure, in words.
        figure: name of the measured figure that ``pyrodgm list`` shows.
        deviations: differences from the paper. Names of settings in braces are replaced by their values.
        settings: positive ints, or tuples of them, by name.
        parts: names of the parts, in order.
        measure: function of a part's name, a seed and the settings as keywords. It returns the ``Measured`` figures.
        model: name of the model that the experiment is about, if it is about one.
        draw: function that plots a record of the results; it returns None if there is too little to plot. Or None.

    Example::

        EXPERIMENTS["pv-few-labels-iv"].with_settings(["epochs=30"])
    """

    name: str
    summary: str
    source: str
    paper: str
    figure: str
    deviations: str
    settings: Mapping[str, Setting]
    parts: tuple[str, ...]
    measure: Callable[..., Measured]
    model: str | None = None
    draw: Callable[[dict[str, Any]], Figure | None] | None = None

    def with_settings(self, changes: Sequence[str]) -> tuple["Experiment", list[str]]:
        """A copy with some settings changed by ``"key=value"`` strings, and the changes that differ from the defaults.

        Raises:
            ValueError: for an unknown key, or a value that is not a positive int, or several with commas.
        """
        settings = dict(self.settings)
        for change in changes:
            key, equals, text = change.partition("=")
            if not equals:
                raise ValueError(f"--set: got {change!r}, want key=value")
            check_choice("--set", key, self.settings)
            settings[key] = _read(key, text, isinstance(self.settings[key], tuple))
        changed = [f"{key}={setting_text(value)}" for key, value in settings.items() if value != self.settings[key]]
        return replace(self, settings=settings), changed

    def parts_like(self, patterns: Sequence[str]) -> list[str]:
        """The parts that match one of the patterns, such as ``"SDGM, *"``; all parts if there is no pattern.

        Raises:
            ValueError: if a pattern matches no part.
        """
        for pattern in patterns:
            if not any(fnmatch(part, pattern) for part in self.parts):
                check_choice("--part", pattern, self.parts)
        return [part for part in self.parts if not patterns or any(fnmatch(part, pattern) for pattern in patterns)]


def _read(key, text, several):
    """A setting's value from a text such as ``5``, or ``1,2`` and ``[1, 2]`` for several."""
    words = text.strip("[]").split(",") if several else [text]
    try:
        values = tuple(int(word) for word in words)
    except ValueError:
        values = (0,)
    if min(values) < 1:
        raise ValueError(f"{key}: got {text!r}, want {'positive ints with commas' if several else 'a positive int'}")
    return values if several else values[0]


def reproduce(
    experiment: Experiment,
    folder: str | Path,
    seeds: int,
    changed: Sequence[str] = (),
    patterns: Sequence[str] = (),
    report: Callable[[str], None] = print,
) -> list[Path]:
    """Measure the parts of an experiment that the results do not have yet, and plot it.

    The results are written after every part, so that an interrupted experiment continues after its last finished part.
    Several processes may measure different parts at the same time.

    Args:
        experiment: the ``Experiment``, with its settings.
        folder: the results folder.
        seeds: the number of seeds, from 0. Seeds that the results already have are kept.
        changed: the changed settings, as ``with_settings`` returns them. Changed settings have their own file.
        patterns: measure only the parts that match one of them, see ``Experiment.parts_like``.
        report: called with a line after every part.

    Returns:
        The paths of the results, and of the plot if there is one.

    Raises:
        ValueError: if a pattern matches no part, or the file of the results is damaged or has other settings.

    Example::

        experiment, changed = EXPERIMENTS["ring-potential"].with_settings(["steps=100"])
        reproduce(experiment, "results", 1, changed, ["normal"])
    """
    parts, label, commit = experiment.parts_like(patterns), label_of(experiment.name, changed), package_commit()
    path = make_folder(folder, "--folder") / f"{label}.json"

    def read():
        return _read_or_begin(path, experiment, label, changed)

    for seed in range(seeds):
        for part in parts:
            if (seed, part) in finished(read()):
                continue
            found = experiment.measure(part, seed, **experiment.settings)
            record = read()  # with the parts that other processes have measured in the meantime
            if (seed, part) not in finished(record):
                _add(record, experiment, seed, part, found, commit)
            words = ["pyrodgm", "reproduce", experiment.name, "--seeds", str(len(record["figures"]))]
            words += [word for change in changed for word in ("--set", change)]
            record["command"] = shlex.join(words)
            write_record(folder, record)
            report(f"seed {seed}, {part}: " + ", ".join(f"{name} {value:.2f}" for name, value in found.figures.items()))
    paths, record = [path], read()
    plot = None if experiment.draw is None else experiment.draw(record)
    if plot is not None:
        paths.append(path.with_suffix(".png"))
        write(paths[-1], png(plot))
    write_record(folder, record)  # its table now shows the plot
    return paths


def finished(record: dict[str, Any]) -> set[tuple[int, str]]:
    """The finished parts of a record, as pairs of a seed and a part's name."""
    measured = [session["parts"] for session in record["sessions"]]
    return {(int(seed), part) for parts in measured for seed, names in parts.items() for part in names}


def _read_or_begin(path, experiment, label, changed):
    described = {
        "recipe": label,
        "summary": experiment.summary,
        "source": experiment.source,
        "paper": experiment.paper,
        "deviations": experiment.deviations.format(**experiment.settings),
        "changed": list(changed),
        "command": "",
        "settings": dict(experiment.settings),
    }
    if not path.exists():
        return described | {"figures": {}, "details": {}, "parts": {}, "sessions": []}
    record = read_record(path)
    if record is None or "sessions" not in record:
        raise ValueError(f"--folder: got a damaged {path.name}, want one of {experiment.name}, or --fresh")
    if amount(record) != amount(described):  # of a version with other settings
        raise ValueError(f"--folder: got {path.name} with {amount(record)}, want {amount(described)}, or --fresh")
    return record | described | {"command": record["command"]}


def _add(record, experiment, seed, part, found, commit):
    """Add a measured part to a record, and to the session of the same day, device and versions."""
    now = conditions("cpu", commit)
    session = next((s for s in record["sessions"] if {key: s[key] for key in now} == now), None)
    if session is None:
        session = now | {"parts": {}}
        record["sessions"].append(session)
    session["parts"].setdefault(str(seed), []).append(part)
    record["parts"][part] = list(found.figures)
    record["figures"].setdefault(str(seed), {}).update(found.figures)
    if found.details is not None:
        record["details"].setdefault(str(seed), {})[part] = found.details
    order = [figure for name in experiment.parts for figure in record["parts"].get(name, ())]
    runs = record["figures"]
    record["figures"] = {
        str(number): {figure: runs[str(number)][figure] for figure in order if figure in runs[str(number)]}
        for number in sorted(map(int, runs))
    }
