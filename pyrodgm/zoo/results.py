"""The files of ``results/``: measured figures with their command, date, device and versions."""

import io
import json
import math
import platform
import re
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean, stdev
from typing import Any
from urllib.parse import quote

import pyro
import torch
from matplotlib.figure import Figure

from pyrodgm import __version__
from pyrodgm.files import write
from pyrodgm.nn.precision import usable_precision
from pyrodgm.zoo.recipe import Recipe
from pyrodgm.zoo.recipes import COMPARISONS

CHANGES = " and changes"


def write_results(
    folder: str | Path,
    recipe: Recipe,
    runs: dict[int, dict[str, float]],
    command: str,
    device: str | torch.device,
    changed: Sequence[str],
    commit: str,
) -> Path:
    """Write ``NAME.json`` with all figures of all seeds, and rebuild the folder's ``README.md``.

    Args:
        folder: the results folder.
        recipe: the ``Recipe`` that was run.
        runs: dict from a seed to its figures.
        command: the command line that reproduces them.
        device: the device of the run.
        changed: the settings changed from the recipe, as ``"key=value"``. A changed run has its own file.
        commit: the package's commit when the run began, see ``package_commit``.

    Returns:
        The path of the JSON file.

    Example::

        figures = {seed: run(recipe, seed).figures for seed in range(3)}
        command = f"pyrodgm reproduce {recipe.name} --seeds 3"
        write_results("results", recipe, figures, command, "cpu", [], package_commit())
    """
    return write_record(
        folder,
        {
            "recipe": label_of(recipe.name, changed),
            "summary": recipe.summary,
            "source": recipe.source,
            "paper": recipe.paper,
            "deviations": recipe.deviations,
            "changed": changed,
            "command": command,
            "epochs": recipe.epochs,
            "figures": {str(seed): figures for seed, figures in runs.items()},
            "precision": precision_on(recipe, device),
            **conditions(device, commit),
        },
    )


def write_record(folder: str | Path, record: dict[str, Any]) -> Path:
    """Write a record to the JSON file of its label, and return the path of that file.

    The folder's ``README.md`` is rebuilt, and every ``Comparison`` that shows the record's recipe is drawn again.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{record['recipe']}.json"
    write(path, (json.dumps(record, indent=2) + "\n").encode())
    for comparison in COMPARISONS:
        if record["recipe"] in comparison.recipes:
            plot = comparison.draw(records(folder))
            if plot is not None:
                write(folder / f"{comparison.name}.png", png(plot))
    write(folder / "README.md", _table(folder).encode())
    return path


def png(plot: Figure) -> bytes:
    """A plot as the bytes of a PNG file."""
    file = io.BytesIO()
    plot.savefig(file, format="png", dpi=150)
    return file.getvalue()


def conditions(device: str | torch.device, commit: str) -> dict[str, Any]:
    """When, on which device and with which versions a figure is measured."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "device": _device(device),
        "versions": {
            "python": platform.python_version(),
            "pyrodgm": __version__,
            "torch": torch.__version__,
            "pyro": pyro.__version__,
            "commit": commit,
        },
    }


def measured_alike(record: dict[str, Any], now: dict[str, Any]) -> bool:
    """Whether a record has everything that is true now, apart from the date.

    Uncommitted changes of the package are never alike, because they have no name. Outside git, its version counts.
    """
    named = not now["versions"]["commit"].endswith(CHANGES)
    return named and all(record.get(key) == value for key, value in now.items() if key != "date")


def earlier_figures(
    path: Path, recipe: Recipe, device: str | torch.device, changed: Sequence[str], commit: str
) -> dict[int, dict[str, float]]:
    """The figures in a file of results, by seed; none if their settings, device or versions are others.

    Figures on a user's data file are not reused either, because it may have changed.

    Args:
        path: the file, which may not exist.
        recipe, device, changed, commit: as for ``write_results``.
    """
    record = read_record(path) if path.exists() else None
    now = {"changed": list(changed), "epochs": recipe.epochs, "precision": precision_on(recipe, device)}
    if record is None or recipe.own_data or not measured_alike(record, now | conditions(device, commit)):
        return {}
    return {int(seed): figures for seed, figures in record["figures"].items()}


def sessions(record: dict[str, Any]) -> list[dict[str, Any]]:
    """The conditions under which a record was measured: several for an ``Experiment``, each with its parts."""
    return record.get("sessions", [record])


def amount(record: dict[str, Any]) -> str:
    """The length of a record's runs: ``"60 epochs"`` of a recipe, or the settings of an ``Experiment``."""
    if "settings" not in record:
        return _plural(record["epochs"], "epoch")
    return ", ".join(f"{key}={setting_text(value)}" for key, value in record["settings"].items())


def setting_text(value: int | Sequence[int]) -> str:
    """A setting of an ``Experiment`` as on the command line: ``"60"``, or ``"10,100"`` for several."""
    return str(value) if isinstance(value, int) else ",".join(map(str, value))


def precision_on(recipe: Recipe, device: str | torch.device) -> str:
    """The precision of a recipe's networks on a device, ``"float32"`` or ``"bfloat16"``."""
    return usable_precision(recipe.model[1].get("precision", "float32"), device)


def read_record(path: Path) -> dict[str, Any] | None:
    """Read a file written by ``write_results``; None if it is not one."""
    try:
        record = json.loads(Path(path).read_text(encoding="utf-8"))
        runs = {int(seed): figures for seed, figures in record["figures"].items()}
        numbers = all(isinstance(value, (int, float)) for figures in runs.values() for value in figures.values())
        dated = amount(record) and sessions(record)[-1]["date"] and isinstance(record["changed"], list)
        return record if runs and numbers and dated and record["recipe"] else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError):
        return None


def label_of(name: str, changed: Sequence[str]) -> str:
    """The name of a recipe or experiment plus its changed settings, safe for use as a file name."""
    return "+".join([name, *(re.sub(r"[^\w.=,-]", "_", change) for change in changed)])


def summary(values: Sequence[float]) -> str:
    """Mean and standard error over the seeds, ``"5.31 ± 0.42"``, or only the value if there is one seed."""
    text = f"{mean(values):.2f}"
    if len(values) < 2:
        return text
    spread = stdev(values) if all(map(math.isfinite, values)) else math.nan
    return f"{text} ± {spread / math.sqrt(len(values)):.2f}"


def unit(figure: str) -> str:
    """The unit of a figure, from its name."""
    if " with KL > " in figure:
        return "units"
    if "bits/dim" in figure:
        return "bits"
    if "variance" in figure:
        return "squared nats"
    if "dropout rate" in figure or "% of " in figure or ("error" in figure and "standard error" not in figure):
        return "%"
    return "s" if figure == "seconds" else "nats"


def cell(text: str) -> str:
    """A text as a cell of a Markdown table, which a bare ``|`` would end, as in ``q(y | x)``."""
    return text.replace("|", r"\|")


def records(folder: Path) -> dict[str, dict[str, Any]]:
    """The records of a folder of results by label, a recipe's name plus its changed settings, sorted by file name."""
    found = map(read_record, sorted(folder.glob("*.json")))
    return {record["recipe"]: record for record in found if record is not None}


def _table(folder):
    lines = [
        "# Results",
        "",
        "Written by `pyrodgm reproduce`, never by hand. Errors are in per cent; bounds, log p(x) and KL are in nats.",
        "Each figure is the mean over the seeds with its standard error. The JSON files hold the figures of each seed.",
        "If some seeds lack a figure, the number of seeds that have it is in brackets.",
        "",
        "A seed fixes the random numbers of a run: the labels that are kept, the initial parameters and the noise. A",
        "draw is a random choice. In experiments with few labels, each seed is one draw of the labelled rows. The",
        "standard error, after the sign ±, is the standard deviation over the seeds divided by the square root of",
        "their number. A single seed has none. Seconds are the elapsed time of training, without a first stage, on",
        "the device and threads given below each table. Times are longer if other programs keep the cores busy.",
        "",
        "A recipe with bfloat16 products runs in float32 where the device has no hardware for bfloat16. The precision",
        "is given below each table, except for the oldest figures.",
        "",
    ]
    for record in records(folder).values():
        runs = list(record["figures"].values())
        names = dict.fromkeys(name for run in runs for name in run)  # a seed that stopped early has fewer figures
        lines += [
            f"## {record['recipe']}",
            "",
            f"{record['summary']}. {record['source']}.",
            "",
            "| figure | measured |",
            "|---|---|",
            *(f"| {cell(name)} | {_mean([run[name] for run in runs if name in run], len(runs))} |" for name in names),
            f"| **paper** | {cell(record['paper'])} |",
            "",
            f"Command: `{record['command']}` ({_plural(len(runs), 'seed')}, {amount(record)}, {_precision(record)}"
            f"{'; '.join(map(_measured, sessions(record)))}).",
            "",
            f"Deviations: {record['deviations']}",
            "",
        ]
        if record["changed"]:
            kind = "experiment" if "sessions" in record else "recipe"
            lines += [f"**Changed from the {kind}**: {', '.join(record['changed'])}.", ""]
        if (folder / f"{record['recipe']}.png").exists():
            lines += [f"![{record['recipe']}]({quote(record['recipe'], safe='+=')}.png)", ""]
    for comparison in COMPARISONS:
        if (folder / f"{comparison.name}.png").exists():
            lines += [
                f"## {comparison.name}",
                "",
                f"{comparison.summary}. {comparison.source}. Drawn from the tables above, as far as they are measured. "
                "Bars show one standard deviation over the seeds.",
                "",
                f"![{comparison.name}]({comparison.name}.png)",
                "",
            ]
    return "\n".join(lines)


def _mean(values, num_seeds):
    """The summary of a figure, with its number of seeds if some seeds lack it."""
    return summary(values) + ("" if len(values) == num_seeds else f" ({_plural(len(values), 'seed')})")


def _precision(record):
    return f"{record['precision']}, " if "precision" in record else ""


def _measured(session):
    versions = session["versions"]
    measured = f"{session['date']}, {session['device']}, torch {versions['torch']}, pyro {versions['pyro']}"
    return f"{measured}, commit {versions['commit']}"


def _plural(count, noun):
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _device(device):
    if torch.device(device).type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{platform.machine()} CPU, {_plural(torch.get_num_threads(), 'thread')}"


def package_commit() -> str:
    """The last commit of the package, marked if there are uncommitted changes; "unknown" outside git."""
    package = Path(__file__).parents[1]

    def git(*arguments):
        return subprocess.run(["git", "-C", package, *arguments], capture_output=True, text=True, check=True).stdout

    try:
        commit = git("log", "-1", "--format=%h", "--", ".").strip()  # empty in an environment inside another repository
        changed = git("status", "--porcelain", "--", ".").strip()
        return commit + (CHANGES if changed else "") if commit else "unknown"
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
