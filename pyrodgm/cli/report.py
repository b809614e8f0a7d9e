"""Output of the commands: tables, and errors as one line and an exit code."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.table import Table

console, errors = Console(), Console(stderr=True, style="red", markup=False, highlight=False, soft_wrap=True)
settings = {"traceback": False}


def say(text: str) -> None:
    """Print a line without wrapping it, so that a path stays whole when it is copied or piped."""
    console.print(text, highlight=False, markup=False, soft_wrap=True)


@contextmanager
def reported() -> Iterator[None]:
    """Decorator of a command: print an error as one line and exit.

    Exit code 2 for bad input, 1 for a failure while running, 130 for Ctrl-C, 143 for SIGTERM.
    """
    try:
        yield
    except (Exception, KeyboardInterrupt) as error:
        if settings["traceback"]:
            raise
        expected = isinstance(error, (ValueError, OSError, FloatingPointError, KeyboardInterrupt))
        interrupted = isinstance(error, KeyboardInterrupt)
        message = str(error) or ("interrupted" if interrupted else type(error).__name__)
        errors.print(message if expected else f"{type(error).__name__}: {message.splitlines()[0]} (see --traceback)")
        bad_input = isinstance(error, (ValueError, FileNotFoundError))
        code = getattr(error, "exit_code", 130) if interrupted else 2 if bad_input else 1
        raise typer.Exit(code) from error


def print_figures(runs: dict[int, dict[str, float]]) -> None:
    """Print one row per figure and one column per seed, with the mean and its standard error."""
    from pyrodgm.zoo.results import summary, unit

    table = Table("figure", *(f"seed {seed}" for seed in runs))
    if len(runs) > 1:
        table.add_column("mean ± s.e.")
    for figure in dict.fromkeys(figure for figures in runs.values() for figure in figures):
        values = [figures[figure] for figures in runs.values() if figure in figures]
        cells = [f"{figures[figure]:.2f}" if figure in figures else "" for figures in runs.values()]
        table.add_row(f"{figure} ({unit(figure)})", *cells, *([summary(values)] if len(runs) > 1 else []))
    console.print(table)
