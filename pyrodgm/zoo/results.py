"""The tables of ``results/``: what was measured, how, when and on what."""

import json
import math
import platform
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean, stdev

import pyro
import torch

from pyrodgm.files import write
from pyrodgm.nn.precision import usable_precision


def write_results(folder, recipe, runs, command, device, changed, commit):
    """Write ``NAME.json`` with every figure of every seed, and rebuild the ``README.md`` table of the folder.

    Args:
        folder: where the tables live.
        recipe: the ``Recipe`` that was run.
        runs: dict from a seed to its figures.
        command: the command line that reproduces them.
        device: where it ran.
        changed: what the command changed of the recipe, ``"key=value"`` each; such a run has a file of its own.
        commit: of the package when the run began, see ``package_commit``.

    Returns:
        The path of the JSON file.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    label = label_of(recipe, changed)
    record = {
        "recipe": label,
        "summary": recipe.summary,
        "source": recipe.source,
        "paper": recipe.paper,
        "deviations": recipe.deviations,
        "changed": changed,
        "command": command,
        "epochs": recipe.epochs,
        "figures": {str(seed): figures for seed, figures in runs.items()},
        "date": datetime.now(UTC).date().isoformat(),
        "device": _device(device),
        "precision": precision_on(recipe, device),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "pyro": pyro.__version__,
            "commit": commit,
        },
    }
    path = folder / f"{label}.json"
    write(path, (json.dumps(record, indent=2) + "\n").encode())
    write(folder / "README.md", _table(folder).encode())
    return path


def precision_on(recipe, device):
    """The precision that a recipe's networks compute in on a device, ``"float32"`` or ``"bfloat16"``."""
    return usable_precision(recipe.model[1].get("precision", "float32"), device)


def read_record(path):
    """What ``write_results`` wrote to a file, or None where it is something else."""
    try:
        record = json.loads(Path(path).read_text())
        return record if record["figures"] and record["recipe"] else None
    except (ValueError, KeyError, TypeError):
        return None


def label_of(recipe, changed):
    """The name of a recipe with what was changed of it, as a file may be called."""
    return "+".join([recipe.name, *(re.sub(r"[^\w.=,-]", "_", change) for change in changed)])


def summary(values):
    """Mean and standard error of the seeds' values, ``"5.31 ± 0.42"``; one value alone has no error."""
    text = f"{mean(values):.2f}"
    return text if len(values) < 2 else f"{text} ± {stdev(values) / math.sqrt(len(values)):.2f}"


def unit(figure):
    """The unit of a figure by its name."""
    if " with KL > " in figure:
        return "units"
    if "bits/dim" in figure:
        return "bits"
    if "variance" in figure:
        return "squared nats"
    if "dropout rate" in figure:
        return "%"
    return "%" if "error" in figure and "standard error" not in figure else "s" if figure == "seconds" else "nats"


def _table(folder):
    lines = [
        "# Results",
        "",
        "Measured by `pyrodgm reproduce`, never by hand. Errors are in per cent, bounds, log p(x) and KL in nats; the",
        "mean over the seeds with its standard error. Every figure of every seed is in the JSON file beside.",
        "",
    ]
    for path in sorted(folder.glob("*.json")):
        record = read_record(path)
        if record is None:
            continue
        runs = list(record["figures"].values())
        names = dict.fromkeys(name for run in runs for name in run)  # a seed that stopped early has fewer
        lines += [
            f"## {record['recipe']}",
            "",
            f"{record['summary']}. {record['source']}.",
            "",
            "| figure | measured |",
            "|---|---|",
            *(f"| {name} | {summary([run[name] for run in runs if name in run])} |" for name in names),
            f"| **paper** | {record['paper']} |",
            "",
            f"Command: `{record['command']}` ({_plural(len(runs), 'seed')}, {record['epochs']} epochs, "
            f"{record['date']}, {record['device']}, torch {record['versions']['torch']}, "
            f"pyro {record['versions']['pyro']}, commit {record['versions']['commit']}).",
            "",
            f"Deviations: {record['deviations']}",
            "",
        ]
        if record["changed"]:
            lines += [f"**Not the recipe as it stands**: {', '.join(record['changed'])}.", ""]
    return "\n".join(lines)


def _plural(count, noun):
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _device(device):
    if torch.device(device).type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{platform.machine()} CPU, {_plural(torch.get_num_threads(), 'thread')}"


def package_commit():
    """The last commit that touched the package, marked where its files have changed since; "unknown" outside git."""
    package = Path(__file__).parents[1]

    def git(*arguments):
        return subprocess.run(["git", "-C", package, *arguments], capture_output=True, text=True, check=True).stdout

    try:
        changed = git("status", "--porcelain", "--", ".").strip()
        return git("log", "-1", "--format=%h", "--", ".").strip() + (" and changes" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
