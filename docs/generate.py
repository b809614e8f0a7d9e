"""Generate the pages of the documentation: models, papers, reference, tutorials, results and benchmarks."""

import importlib
import inspect
import shutil
from pathlib import Path

from docstrings import with_formulas
from drawing import drawing
from figures import rows_of, with_links
from graphs import any_depth, factors, graphs_of
from papers import paper_link, papers_of, papers_page
from rst import heading, plain, table, toctree

from pyrodgm.models.catalogue import models_by_name
from pyrodgm.zoo.results import records

ROOT = Path(__file__).parents[1]
PACKAGES = (
    *("models", "infer", "handlers", "nn", "distributions", "data"),
    *("evaluate", "plot", "train", "zoo", "estimators", "pv"),
)
MODULES = ("testing", "isolation")


def write_pages(docs):
    """Write every generated page below the folder ``docs``, replacing the previous ones."""
    for folder in ("models", "papers", "reference", "tutorials", "results", "benchmarks"):
        shutil.rmtree(docs / folder, ignore_errors=True)
        (docs / folder).mkdir()
    models = dict(sorted(models_by_name().items(), key=lambda item: item[0].lower()))
    measured = records(ROOT / "results")
    for name, model in models.items():
        (docs / "models" / f"{name}.rst").write_text(model_page(name, model, measured))
    (docs / "models" / "index.rst").write_text(models_page(models))
    (docs / "papers" / "index.rst").write_text(papers_page(models, measured))
    for package in (*PACKAGES, *MODULES):
        (docs / "reference" / f"{package}.rst").write_text(reference_page(package, models))
    (docs / "reference" / "index.rst").write_text(heading("Reference") + toctree((*PACKAGES, *MODULES)))
    copied("tutorials", "*.ipynb", docs, "Tutorials")
    copied("benchmarks", "*.md", docs, None)
    copied("results", "*.md", docs, None)
    results = docs / "results" / "README.md"
    results.write_text(with_links(results.read_text()))
    for picture in (ROOT / "results").glob("*.png"):
        shutil.copy(picture, docs / "results")


def copied(folder, pattern, docs, title):
    """Copy the pages of a folder. With a title, also write an index."""
    paths = sorted((ROOT / folder).glob(pattern))
    for path in paths:
        shutil.copy(path, docs / folder)
    if title is not None:
        (docs / folder / "index.rst").write_text(heading(title) + toctree([path.stem for path in paths]))
    else:
        rest = [path.stem for path in paths if path.stem != "README"]
        if rest:
            hidden = "\n```{toctree}\n:hidden:\n\n" + "\n".join(rest) + "\n```\n"
            with open(docs / folder / "README.md", "a") as file:
                file.write(hidden)


def models_page(models):
    """The list of models: each in a few words, with its papers."""
    rows = []
    for name, model in models.items():
        what = inspect.getmodule(model).__doc__.split(". ")[0]
        rows.append((f":doc:`{name}`", plain(what) + ".", "; ".join(map(paper_link, papers_of(model)))))
    return heading("Models") + table(("model", "what", "papers"), *rows) + toctree(models, hidden=True)


def model_page(name, model, measured):
    """The page of a model: its module docstring, which has the bound, its graph, the class and its figures."""
    text = inspect.getmodule(model).__doc__
    page = heading(name) + "\n".join(with_formulas(text.strip().split("\n"))) + "\n\n"
    page += f"Papers: {', '.join(map(paper_link, papers_of(model)))}.\n\n"
    page += heading("Graph", "-") + graph(model)
    page += heading("The class", "-") + documented(f"pyrodgm.models.{name}", model)
    rows = list(rows_of(name, measured))
    if rows:
        page += heading("Recipes and figures", "-") + table(("name", "what", "paper", "measured"), *rows)
        page += "``pyrodgm reproduce NAME`` runs a recipe or an experiment. A link leads to all figures of a run.\n\n"
    return page


def graph(model):
    """The drawing of a pair, and what it means."""
    p, q = graphs_of(model)
    observed = {"x", "y"} if model.supervised else {"x"}
    svg = drawing(p, q, observed, labelled={"y"} - observed)
    html = f'<figure class="graph" role="img" aria-label="{factors(p, "p")}; {factors(q, "q")}">\n{svg}</figure>'
    lines = ["An arrow leads from a variable to one whose density depends on it.", "Filled: observed."]
    if "y" not in observed and "y" in p:
        lines.append("Half filled: observed in the labelled rows.")
    if "w" in p:
        lines.append("w: the weights, the same for all rows.")
    options = "two layers and its other defaults" if any_depth(model) else "its defaults"
    lines.append(f"The arrows are read off the code of the pair, with {options}.")
    raw = ".. raw:: html\n\n" + "".join(f"   {line}\n" for line in html.splitlines())
    return f"{raw}\n{' '.join(lines)}\n\n"


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
