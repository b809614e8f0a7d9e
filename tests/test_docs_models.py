"""The pages of models, papers and results: graphs, bounds, figures and the links between them."""

import importlib
import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
import torch
from pyro import poutine

from pyrodgm.models.catalogue import models_by_name
from pyrodgm.zoo import RECIPES

ROOT = Path(__file__).parents[1]
MODELS = models_by_name()

# the figures of the papers: of each variable its parents, p and then q, with two layers of latents
BY_HAND = {
    "VAE": ("z; x: z", "z: x"),
    "IAFVAE": ("z; x: z", "z: x"),
    "M2": ("z; y; x: z y", "y: x; z: x y"),
    "AdversarialM2": ("z; y; x: z y", "y: x; z: x y"),
    "M1M2": ("z2; y; z1: z2 y; x: z1", "z1: x; y: z1; z2: z1 y"),
    "ADGM": ("z; y; x: z y; a: z y", "a: x; y: a x; z: a y x"),
    "SDGM": ("z; y; a: z y; x: a z y", "a: x; y: a x; z: a y x"),
    "CaGeM": ("z2; y: z2; z1: y z2; x: y z1", "z1: x; y: z1 x; z2: x y z1"),
    "HierarchicalVAE": ("z2; z1: z2; x: z1", "z1: x; z2: z1"),
    "LadderVAE": ("z2; z1: z2; x: z1", "z2: x; z1: z2 x"),
    "AVAE": ("z2; z1: z2; x: z1; a1: z1 z2; a2: z2", "a1: x; z1: a1 x; a2: a1 x; z2: a2 z1"),
    "AuxiliaryLadderVAE": ("z2; z1: z2; x: z1; a1: z1 z2; a2: z2", "a1: x; a2: x; z2: x a2; z1: z2 x a1"),
    "ClusterLadderVAE": ("z2; y: z2; z1: z2 y; x: z1", "z2: x; y: z2 x; z1: z2 y x"),
    "FAME": ("z2; z1: z2; x: z1", "z2: x; z1: z2 x"),
    "SemiSupervisedFAME": ("y; z2; z1: z2 y; x: z1", "y: x; z2: x y; z1: z2 y x"),
    "ResNetVAE": ("z2; z1: z2; x: z1 z2", "z2: x; z1: z2 x"),
    "LatentClassifierVAE": ("z; y: z; x: y z", "z: x"),
    "SplitLatentClassifierVAE": ("z; z_y; y: z_y; x: z z_y", "z_y: x; z: z_y x"),
    "BayesianMLP": ("x; w; y: x w", "w"),
    "BayesianVAE": ("w; z; x: z w", "w; z: x"),
}


@pytest.fixture
def docs(monkeypatch):
    """A function that imports a module of the folder docs."""
    monkeypatch.setattr(sys, "path", [str(ROOT / "docs"), *sys.path])
    return importlib.import_module


def edges(text):
    """Edges ``(parent, variable)`` from ``"z; x: z"``."""
    split = (part.partition(":") for part in text.split(";"))
    return {(parent, variable.strip()) for variable, _, parents in split for parent in parents.split()}


@pytest.mark.parametrize("name", BY_HAND)
def test_edges_are_those_of_the_papers(name, docs):
    found = docs("graphs").graphs_of(MODELS[name])
    assert [docs("layout").edges_of(parents) for parents in found] == [edges(text) for text in BY_HAND[name]]


@pytest.mark.parametrize("name", MODELS)
def test_a_density_changes_with_its_parents_and_with_nothing_else(name, docs):
    """The same edges, found in another way: the value of one variable is changed, and every density computed again."""
    graphs = docs("graphs")
    torch.manual_seed(0)
    m = graphs.small(MODELS[name]).double()
    with torch.no_grad():
        for parameter in m.parameters():
            parameter.add_(torch.randn_like(parameter) / 10)  # some begin at zero, where nothing would change
    x = torch.rand(graphs.ROWS, m.x_size).double().round()
    programs = graphs.given(x, m.model) if m.supervised else lambda: m.model(size=graphs.ROWS), graphs.given(x, m.guide)
    for program, parents in zip(programs, graphs.graphs_of(MODELS[name]), strict=True):
        assert changing(program) == docs("layout").edges_of(parents)


def changing(program):
    """Pairs of a variable and another whose log-density changes with it, all other values being the same."""
    first = poutine.trace(program).get_trace()
    values = {v: first.nodes[v]["value"] for v in first.stochastic_nodes + first.observation_nodes if v != "batch"}
    variable = {v: "w" if re.fullmatch(r"[wb]\d", v) else v for v in values}

    def log_densities(given):
        nodes = poutine.trace(poutine.condition(program, data=given)).get_trace().nodes
        return {v: nodes[v]["fn"].log_prob(value) for v, value in values.items()}

    before, found = log_densities(values), set()
    for u in set(variable.values()):
        moved = {v: moved_value(v, value) if variable[v] == u else value for v, value in values.items()}
        after = log_densities(moved)
        others = (v for v in values if variable[v] != u)
        found |= {(u, variable[v]) for v in others if not torch.allclose(before[v], after[v], rtol=1e-9, atol=0)}
    return found


def moved_value(name, value):
    """Another value of a variable: another class, other pixels, or another point."""
    if name == "y":
        return value.roll(1, -1)
    return 1 - value if name == "x" else value + 0.5


@pytest.mark.parametrize("name", MODELS)
def test_no_arrow_runs_through_a_variable(name, docs):
    layout = docs("layout")
    graphs = docs("graphs").graphs_of(MODELS[name])
    place = layout.positions(*graphs)
    assert len(set(place.values())) == len(place)
    for parents in graphs:
        for edge in layout.edges_of(parents):
            assert not any(layout.runs_through(place, edge, v) for v in place if v in parents)
    for parent, variable in layout.edges_of(graphs[0]):
        assert place[parent][1] > place[variable][1]


def test_a_drawing_has_the_colour_of_the_text(docs):
    svg = docs("drawing").drawing({"z": (), "y": (), "x": ("z", "y")}, {"z": ("x",), "x": ()}, {"x"}, {"y"})
    ElementTree.fromstring(svg)
    assert "currentColor" in svg and not re.search(r"#[0-9a-f]{6}", svg)
    assert svg.count("fill-opacity") == 3  # x in both graphs, half of y in one


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The generated pages of all models, papers and results."""
    folder = tmp_path_factory.mktemp("docs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(ROOT / "docs"), *sys.path])
        importlib.import_module("generate").write_pages(folder)
    return folder


def file_of(name):
    return Path(sys.modules[MODELS[name].__module__].__file__).name


@pytest.mark.parametrize("name", MODELS)
def test_the_page_of_a_model_has_graph_bound_and_figures(name, pages):
    page = (pages / "models" / f"{name}.rst").read_text()
    assert page.count("<svg") == 1
    assert re.search(r"^    .*\\log p\(.*\\ge .*\\mathbb\{E\}_", page, re.MULTILINE), "no bound"
    assert ":ref:`" in page.split("Graph\n")[0], (
        f"no paper of docs/papers.py is named in the first paragraph of the docstring of {file_of(name)}"
    )
    for recipe in RECIPES.values():
        listed = f"{recipe.name} <results-" in page or f"``{recipe.name}``" in page
        assert listed == (recipe.model[0].__name__ == name)


def test_every_link_to_a_table_or_a_paper_has_its_target(pages):
    text = "\n".join(path.read_text() for path in [*pages.rglob("*.rst"), *pages.rglob("*.md")])
    tables = re.findall(r"^## (.+)$", (ROOT / "results" / "README.md").read_text(), re.MULTILINE)
    of_tables = re.findall(r"^\((results-[^)]+)\)=$", text, re.MULTILINE)
    assert len(set(of_tables)) == len(of_tables) == len(tables)
    of_papers = re.findall(r"^\.\. _(papers-.+):$", text, re.MULTILINE)
    linked = set(re.findall(r"<((?:results|papers)-[^>]+)>", text))
    assert linked and linked <= {*of_tables, *of_papers}


def test_a_figure_of_the_results_is_on_the_page_of_its_model(pages):
    results = (pages / "results" / "README.md").read_text()
    section = results.split("(results-digits-m2)=\n")[1].split("\n## ")[0:2]
    assert "{doc}`M2 </models/M2>`" in "".join(section)
    measured = re.search(r"\| test error \| (\S+ ± \S+) \|", "".join(section))[1]
    page = (pages / "models" / "M2.rst").read_text()
    assert re.search(rf":ref:`digits-m2 <results-digits-m2>`(.*\n){{3}}.*test error {measured} % \(5 seeds", page)


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_names_a_paper(name, docs):
    source = RECIPES[name].source
    assert docs("papers").cited(source), f"source: got {source!r}, want the name of a paper of docs/papers.py in it"
