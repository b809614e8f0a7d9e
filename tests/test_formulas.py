"""The formulas of the docstrings as LaTeX, and as the MathML of the documentation."""

import ast
import importlib
import re
import sys
import unicodedata
from pathlib import Path
from xml.etree import ElementTree

import pytest

import pyrodgm

DOCS = Path(__file__).parents[1] / "docs"
PACKAGE = Path(pyrodgm.__file__).parent
ROWS = {
    "p(x, y) = p(y) p(x | y)      eqs 1-2, see base.py": (
        r"p(x, y) &= p(y)\,p(x \mid y) && \text{eqs 1-2, see base.py}"
    ),
    "log p(x) >= E_q(a,z|x)[log p(x, a) - log q(z | x)] = -U(x)": (
        r"\log p(x) &\ge \mathbb{E}_{q(a,z\mid x)}[\log p(x, a) - \log q(z \mid x)] = -U(x)"
    ),
    "         >= E_q(z_<L|...) sum_y q(y|x) L(x)": r"&\ge \mathbb{E}_{q(z_{<L}\mid\ldots)} \sum_y q(y\mid x)\,L(x)",
    'q(z | x)          with ``classes="all"`` (Burda et al. 2016)': (
        r'q(z \mid x) & && \text{with classes="all" (Burda et al. 2016)}'
    ),
    "p(z) = p(z_L) prod_{i=1}^{L-1} p(z_i | z_{i+1})": r"p(z) &= p(z_L) \prod_{i=1}^{L-1} p(z_i \mid z_{i+1})",
    "q(z_i | x_<i, z1) ∝ N(mu_i, sigma_i^2) p(z_i)    linear in f(h_l)": (
        r"q(z_i \mid x_{<i}, z_1) &\propto \mathcal{N}(\mu_i, \sigma_i^2)\,p(z_i) && \text{linear in $f(h_l)$}"
    ),
    "KL(q(w) || p(w)) ~= N/M sum_m [...],  w ~ q": (
        r"\mathrm{KL}(q(w) \parallel p(w)) &\approx \tfrac{N}{M} \sum_m [\ldots], \qquad w \sim q"
    ),
    "log q(z) = log q(z_0) - sum_t log |det df_t/dz_{t-1}|": (
        r"\log q(z) &= \log q(z_0) - \sum_t \log \left\lvert\det "
        r"\tfrac{\mathrm{d} f_t}{\mathrm{d} z_{t-1}}\right\rvert"
    ),
    "U(z) = 1/2 ((|z| - 2) / 0.4)^2 - ||v||": (
        r"U(z) &= \tfrac{1}{2}\,((\left\lvert z\right\rvert - 2) / 0.4)^2 - \left\lVert v\right\rVert"
    ),
    "sigma^2 = 1 / (sigma_a^-2 + 10^-8)": r"\sigma^2 &= 1 / (\sigma_a^{-2} + 10^{-8})",
    "w_sy = E[x_mis | x_obs, z_sy] + sqrt(delta_mj) eps": (
        r"w_{sy} &= \mathbb{E}[x_{\mathrm{mis}} \mid x_{\mathrm{obs}}, z_{sy}] + \sqrt{\delta_{mj}}\,\varepsilon"
    ),
    "h_l = V'_l * [f(z_l); MLP_l(h)] + tanh(w.z + b)": (
        r"h_l &= V_l^{\prime} \ast [f(z_l); \operatorname{MLP}_l(h)] + \tanh(w\cdot z + b)"
    ),
    "min_psi max_theta,phi J(theta, phi) <= sum_{y in S} f_psi(y),  d not in S": (
        r"\min_{\psi} \max_{\theta,\phi} J(\theta, \phi) &\le \sum_{y \in S} f_{\psi}(y), \qquad d \notin S"
    ),
    "z12 = x_<j": r"z_{12} &= x_{<j}",
    "p(z_1 = 0) ~ q(z_y,x)": r"p(z_1 = 0) &\sim q(z_y,x)",
    "log Z = log int p(z) dz": r"\log Z &= \log \int p(z)\,\mathrm{d} z",
}
UNKNOWN = (
    *("p(x", "p(x)]", "p(x] = 1", "[0, 1)", "|x", "x = foo", "x = 0..1", "x = 1. y", "x < y", "x_long = y", "x = y!"),
    *("encoder    blocks", "x' ^2", "x'^2 = 1", "z1_i = 1", "p(x) = 1    of x = 2", "p(x) = 1    a {note}", "x = 1e-8"),
    *(
        "both   p(x)",
        "energy lost = sum over rows",
        "dT = 1",
        "p(x) = 1    log foo_i",
        "v = x_ref,y",
        "x_t1 = 1",
        "do(x) = 1",
    ),
    *("x = 1    a + of", "x = 12y", "f(x)) = 1", "p(x |y) = 1", "||x| = 1"),
)
LITERAL = {  # tables, steps of an algorithm, and formulas with long conditions
    *("data/preprocess.py dequantise", "data/pv/expected.py ratios", "distributions/planar.py one_to_one"),
    *("infer/monte_carlo_em.py MonteCarloEM", "infer/wake_sleep.py WakeSleep", "models/iaf_vae.py"),
    *("nn/scale_heads.py BoundedLogVariance", "zoo/experiments/aevb.py log_p_on_grid"),
}
SYMBOLS = {
    **{"N-ARY SUMMATION": "sum", "N-ARY PRODUCT": "prod", "INTEGRAL": "int", "ELEMENT OF": "in"},
    **{"NOT AN ELEMENT OF": "not in", "GREATER-THAN OR EQUAL TO": ">=", "LESS-THAN OR EQUAL TO": "<="},
    **{"ALMOST EQUAL TO": "~=", "TILDE OPERATOR": "~", "DIVIDES": "|", "PARALLEL TO": "||"},
    **{"DOUBLE VERTICAL LINE": "||", "MINUS SIGN": "-", "ASTERISK OPERATOR": "*", "DOT OPERATOR": "."},
    **{"HORIZONTAL ELLIPSIS": "...", "FUNCTION APPLICATION": "", "PRIME": "", "GREEK SMALL LETTER EPSILON": "eps"},
}


@pytest.fixture(autouse=True)
def docs_on_the_path(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(DOCS), *sys.path])


def latex(*lines):
    return importlib.import_module("formulas").latex(lines)


@pytest.mark.parametrize("line", ROWS)
def test_latex_of_a_line(line):
    assert latex(line) == f"\\begin{{aligned}}\n{ROWS[line]}\n\\end{{aligned}}"


def test_lines_of_a_block_are_rows():
    assert latex("    x = 1", "    y = 2") == "\\begin{aligned}\nx &= 1 \\\\\ny &= 2\n\\end{aligned}"


@pytest.mark.parametrize("line", UNKNOWN)
def test_a_block_with_anything_unknown_has_no_latex(line):
    assert latex(line) is None
    assert latex("x = 1", line) is None


@pytest.fixture
def mathml():
    pytest.importorskip("sphinx")
    return importlib.import_module("mathml").mathml


@pytest.fixture
def blocks(monkeypatch):
    """The formula blocks of the public docstrings: where each stands, its lines and its LaTeX or None."""
    docstrings, found = importlib.import_module("docstrings"), []
    place = ""

    def recorded(lines):
        found.append((place, lines, latex(*lines)))
        return found[-1][-1]

    monkeypatch.setattr(docstrings, "latex", recorded)
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Module):
                public = path.parent.name == "models" or path.name == "__init__.py"  # these are pages
            else:
                public = isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_")
            if public and ast.get_docstring(node):
                place = f"{path.relative_to(PACKAGE)} {getattr(node, 'name', '')}".strip()
                docstrings.with_formulas(ast.get_docstring(node).split("\n"))
    return found


def test_every_formula_has_latex_but_the_listed_ones(blocks):
    assert len(blocks) > 90
    assert {place for place, _, tex in blocks if tex is None} == LITERAL


def test_nothing_of_a_formula_is_lost(blocks, mathml):
    for place, lines, tex in blocks:
        if tex is not None:
            shown = plain_text(ElementTree.fromstring(mathml(tex, as_block=True)))
            assert without_marks(shown) == without_marks("".join(lines)), place


def plain_text(element):
    """The text of MathML, written as in the docstrings."""
    parts = [plain_text(part) for part in element]
    if element.tag == "mfrac":
        return "/".join(parts)
    if element.tag == "msqrt":
        return f"sqrt({''.join(parts)})"
    if parts:
        return "".join(parts)
    return "".join(map(plain_character, (element.text or "").strip()))


def plain_character(character):
    name = unicodedata.name(character)
    if name in SYMBOLS:
        return SYMBOLS[name]
    normal = unicodedata.normalize("NFKC", character)
    greek = re.fullmatch("GREEK SMALL LETTER (.*)", unicodedata.name(normal))
    return greek[1].lower() if greek else normal


def without_marks(text):
    """Text without spaces and without the marks of scripts, primes and code."""
    return re.sub(r"[\s_^{}'`]", "", text)


def test_thin_spaces_around_names_of_functions(mathml):
    def parts(tex):
        return [part.get("width") or part.get("rspace") or part.text for part in ElementTree.fromstring(mathml(tex))]

    thin, applied = "0.1667em", "\N{FUNCTION APPLICATION}"
    assert parts(r"x \log y") == ["x", thin, "log", thin, "y"]
    assert parts(r"\log \exp y") == ["log", thin, "exp", thin, "y"]
    assert parts(r"+ \log(y)") == ["+", "log", applied, "(", "y", ")"]
    assert parts(r"(y) \exp y") == ["(", "y", ")", thin, "exp", thin, "y"]


def test_a_bold_symbol_is_a_bold_letter(mathml):
    root = ElementTree.fromstring(mathml(r"\boldsymbol{\mu} x"))
    assert [part.text for part in root.iter("mi")] == ["\N{MATHEMATICAL BOLD ITALIC SMALL MU}", "x"]
