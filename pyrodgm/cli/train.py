"""``pyrodgm train``, ``reproduce`` and ``demo``."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from pyrodgm.cli.arguments import (
    AnyName,
    Device,
    Epochs,
    Name,
    Results,
    Runs,
    Seeds,
    Set,
    check_device,
    experiment_of,
    recipe_of,
)
from pyrodgm.cli.arguments import run_folder as folder_of
from pyrodgm.cli.report import console, print_figures, reported, say
from pyrodgm.files import make_folder, without_empty_folders

Fresh = Annotated[
    bool,
    typer.Option(
        "--fresh",
        help="Start over: train the model, and the one it builds on, and measure anew. Existing runs and results are "
        "kept under other names.",
    ),
]


@reported()
def train(
    name: Name,
    seeds: Seeds = 1,
    epochs: Epochs = None,
    set: Set = None,
    device: Device = "cpu",
    runs: Runs = Path("runs"),
    fresh: Fresh = False,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Write TensorBoard logs to the run's folder.")
    ] = False,
) -> None:
    """Train a recipe and print the figures that its paper reports. The same command resumes an interrupted run.

    The figures of a finished run are kept in its folder. They are reused if the recipe, the changed settings, the seed,
    the device and the versions are the same. They are measured again with uncommitted changes of the package, and for
    data files of your own.
    """
    recipe, changes = recipe_of(name, epochs, set)
    _run(recipe, changes, seeds, device, runs, fresh, tensorboard)


@reported()
def reproduce(
    name: AnyName,
    seeds: Seeds = 3,
    epochs: Epochs = None,
    set: Set = None,
    device: Device = "cpu",
    runs: Runs = Path("runs"),
    fresh: Fresh = False,
    folder: Results = Path("results"),
    part: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN",
            help="Measure only the parts of an experiment that match: 'SDGM, *' (`pyrodgm show NAME` lists them). "
            "May be repeated.",
        ),
    ] = None,
) -> None:
    """Train a recipe with several seeds and write its figures to the folder of results, after every seed.

    After an interruption, the same command continues. Finished runs are reused. Their figures are reused too, if the
    recipe, the changed settings, the seed, the device and the versions are the same.

    Nothing in the results is lost. Under the same conditions, other seeds in the file stay, and the new figures of a
    seed replace its old ones. Otherwise the file is kept as NAME.json.1, and a new one is begun.

    If a plot compares the recipe with others, such as models of other depths, it is drawn again beside the results.

    An experiment is measured part by part. Finished parts are kept in its results and reused, so it needs no folder of
    runs. Parts of other seeds are kept too. The plot is a PNG file beside the results.
    """
    from pyrodgm.zoo.results import earlier_figures, label_of, write_results

    experiment = experiment_of(name, epochs, set)
    if experiment is not None:
        _measure(*experiment, seeds, device, fresh, folder, part or [])
        return
    if part:
        raise ValueError(f"--part: got {part[0]!r}, want none, because {name} is not an experiment")
    recipe, changes = recipe_of(name, epochs, set)
    make_folder(folder, "--folder")
    path, earlier = folder / f"{label_of(recipe.name, changes)}.json", None

    def write(figures, device_here, commit):
        nonlocal earlier
        if earlier is None:  # the first seed is measured
            earlier = {} if fresh else earlier_figures(path, recipe, device_here, changes, commit)
            if not earlier and (aside := _set_aside(path)):
                say(f"The earlier results are kept in {aside}.")
        else:  # with the seeds that other processes have measured in the meantime
            earlier |= earlier_figures(path, recipe, device_here, changes, commit)
        known = dict(sorted((earlier | figures).items()))
        command = _command(name, len(known), epochs, set, device)
        write_results(folder, recipe, known, command, device_here, changes, commit)

    _run(recipe, changes, seeds, device, runs, fresh, write=write)
    say(f"Wrote {path}")


def _measure(experiment, changes, seeds, device, fresh, folder, parts):
    """Measure an experiment, print its table, and name the files."""
    from pyrodgm.zoo.experiment import reproduce
    from pyrodgm.zoo.results import label_of, read_record

    if device != "cpu":
        raise ValueError(f"--device: got {device}, want cpu, on which {experiment.name} runs")
    _describe(experiment)
    if fresh:
        _set_aside(folder / f"{label_of(experiment.name, changes)}.json")
    paths = reproduce(experiment, folder, seeds, changes, parts, say)
    print_figures({int(seed): found for seed, found in read_record(paths[0])["figures"].items()})
    for path in paths:
        say(f"Wrote {path}")


def _describe(found):
    """Print what is run, broken at words."""
    text = f"{found.name}: {found.summary}. {found.source}; paper: {found.paper}."
    console.print(text, highlight=False, markup=False)


def _command(name, seeds, epochs, changes, device):
    """The command that reproduces the figures, without the options that only choose folders."""
    words = ["pyrodgm", "reproduce", name, "--seeds", str(seeds)]
    words += [] if epochs is None else ["--epochs", str(epochs)]
    words += [word for change in changes or () for word in ("--set", change)]
    return shlex.join(words + ([] if device == "cpu" else ["--device", device]))


@reported()
def demo(
    folder: Annotated[Path, typer.Option(help="Folder for the plots.")] = Path("demo"),
    epochs: Epochs = None,
    device: Device = "cpu",
) -> None:
    """Train an SDGM on handwritten digits with 100 labels, print its figures in a table, and draw four plots."""
    from pyrodgm.zoo.figures import draw

    recipe, changes = recipe_of("digits", epochs)
    make_folder(folder, "--folder")
    outcomes = _run(recipe, changes, 1, device)
    for path in draw(outcomes[0], folder):
        say(f"Drew {path}")


def _run(recipe, changes, seeds, device, runs=None, fresh=False, tensorboard=False, write=None):
    """Run the recipe for every seed, print its table, and return the outcomes by seed.

    After every seed, the first of several processes calls ``write`` with the figures by seed, its device and the
    package's commit at the beginning.
    """
    from pyrodgm.train.parallel import is_first, joined, joint_sum
    from pyrodgm.zoo import run
    from pyrodgm.zoo.results import package_commit

    check_device(device)
    commit = package_commit()
    with joined(device) as device:
        console.quiet = not is_first()
        _describe(recipe)
        outcomes, figures = {}, {}
        for seed in range(seeds):
            folder, first = _folders_of(runs, recipe, changes, seed)
            folders = [path for path in (folder, first) if path is not None]
            for path in folders if fresh and is_first() else ():
                _set_aside(path)
            joint_sum(0.0)  # the other processes wait for the folders
            for path in folders:
                make_folder(path, "--runs")
            if folder is not None:
                say(f"The run is saved in {folder}. The same command resumes it.")
            made = [empty for path in folders for empty in (path, path.parent)]  # a run's, and its recipe's
            with without_empty_folders(*made):
                outcomes[seed] = run(recipe, seed, device, is_first(), folder, tensorboard, first, commit)
            figures[seed] = outcomes[seed].figures
            if write is not None and is_first():
                write(figures, device, commit)
        print_figures(figures)
    return outcomes


def _folders_of(runs, recipe, changes, seed):
    """The folders of a run and of its first stage, which ``pyrodgm train`` of that recipe uses too; or None."""
    from pyrodgm.zoo import RECIPES, first_stage

    stage = first_stage(recipe)
    if runs is None:
        return None, None
    folder = folder_of(runs, recipe, changes, seed)
    if stage is None:
        return folder, None
    usual = vars(RECIPES[stage.name])
    changed = [f"{key}={value}" for key, value in vars(stage).items() if value != usual[key]]
    return folder, folder_of(runs, stage, changed, seed)


def _set_aside(folder):
    """Rename a folder or file to the next free ``folder.1``, ``folder.2``, ... Returns its new path, or None."""
    if not folder.exists():
        return None
    number = 1
    while (aside := folder.with_name(f"{folder.name}.{number}")).exists():
        number += 1
    return folder.rename(aside)
