"""Generate the pages of the documentation from the package: models, reference, tutorials, results and benchmarks."""

import importlib
import inspect
import re
import shutil
from pathlib import Path

from docstrings import with_literal_formulas

from pyrodgm.models.catalogue import models_by_name
from pyrodgm.zoo import RECIPES
from pyrodgm.zoo.results import read_record, summary, unit

ROOT = Path(__file__).parents[1]
PACKAGES = (
    *("models", "infer", "handlers", "nn", "distributions", "data"),
    *("evaluate", "plot", "train", "zoo", "estimators", "pv"),
)
MODULES = ("testing", "isolation")


def write_pages(docs):
    """Write every generated page below the folder ``docs``, replacing the previous ones."""
    for folder in ("models", "reference", "tutorials", "results", "benchmarks"):
        shutil.rmtree(docs / folder, ignore_errors=True)
        (docs / folder).mkdir()
    models = sorted(models_by_name(), key=str.lower)
    for name in models:
        (docs / "models" / f"{name}.rst").write_text(model_page(name, models_by_name()[name]))
    (docs / "models" / "index.rst").write_text(index("Models", models))
    for package in (*PACKAGES, *MODULES):
        (docs / "reference" / f"{package}.rst").write_text(reference_page(package, models))
    (docs / "reference" / "index.rst").write_text(index("Reference", (*PACKAGES, *MODULES)))
    copied("tutorials", "*.ipynb", docs, "Tutorials")
    copied("benchmarks", "*.md", docs, None)
    copied("results", "*.md", docs, None)
    for picture in (ROOT / "results").glob("*.png"):
        shutil.copy(picture, docs / "results")


def heading(text, mark="="):
    return f"{text}\n{mark * len(text)}\n\n"


def index(title, pages):
    return heading(title) + ".. toctree::\n   :maxdepth: 1\n\n" + "".join(f"   {page}\n" for page in pages)


def copied(folder, pattern, docs, title):
    """Copy the pages of a folder. With a title, also write an index."""
    paths = sorted((ROOT / folder).glob(pattern))
    for path in paths:
        shutil.copy(path, docs / folder)
    if title is not None:
        (docs / folder / "index.rst").write_text(index(title, [path.stem for path in paths]))
    else:
        rest = [path.stem for path in paths if path.stem != "README"]
        if rest:
            toctree = "\n```{toctree}\n:hidden:\n\n" + "\n".join(rest) + "\n```\n"
            with open(docs / folder / "README.md", "a") as file:
                file.write(toctree)


def model_page(name, model):
    """The page of a model: its module docstring, the class and its recipes."""
    text = importlib.import_module(model.__module__).__doc__
    page = heading(name) + "\n".join(with_literal_formulas(text.strip().split("\n"))) + "\n\n"
    page += heading("The class", "-") + documented(f"pyrodgm.models.{name}", model)
    recipes = [recipe for recipe in RECIPES.values() if recipe.model[0] is model]
    if recipes:
        page += heading("Recipes", "-") + ".. list-table::\n   :header-rows: 1\n\n"
        page += "".join(row(cells) for cells in [("recipe", "what", "paper", "measured"), *map(recipe_row, recipes)])
    return page


def row(cells):
    first, *rest = cells
    return f"   * - {first}\n" + "".join(f"     - {cell}\n" for cell in rest)


def recipe_row(recipe):
    path = ROOT / "results" / f"{recipe.name}.json"
    record, measured = read_record(path) if path.exists() else None, "not yet"
    if record is not None:
        values = [run[recipe.figure] for run in record["figures"].values() if recipe.figure in run]
        seeds = "one seed" if len(values) == 1 else f"{len(values)} seeds"
        measured = f"{recipe.figure} {summary(values)} {unit(recipe.figure)} ({seeds}, {record['epochs']} epochs)"
    return f"``{recipe.name}``", recipe.summary, recipe.paper, re.sub(r"\|", r"\\|", measured)


def reference_page(package, models):
    """The page of a package with every public name, except models, which have their own pages."""
    module = importlib.import_module(f"pyrodgm.{package}")
    page = heading(f"pyrodgm.{package}") + module.__doc__.strip().split("\n\n")[0] + "\n\n"
    for name in public_names(module):
        if package == "models" and name in models:
            continue
        page += documented(f"pyrodgm.{package}.{name}", getattr(module, name))
    return page


def public_names(module):
    """The names that a package exports, or the functions and classes that a module defines."""
    own = (name for name, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__)
    return getattr(module, "__all__", None) or [name for name in own if not name.startswith("_")]


def documented(path, value):
    if inspect.isclass(value):
        return f".. autoclass:: {path}\n   :members:\n\n"
    if callable(value):
        return f".. autofunction:: {path}\n\n"
    return f".. py:data:: {path}\n\n   A {type(value).__name__}: {', '.join(f'``{key}``' for key in value)}.\n\n"
