"""The documentation site: ``make docs`` writes it to docs/_build, without a network."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from docstrings import with_formulas
from generate import write_pages

import pyrodgm

project, author, release = "pyrodgm", "The pyrodgm developers", pyrodgm.__version__
copyright = author
extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode", "myst_nb", "sphinx_copybutton"]
extensions += ["mathml"]  # docs/mathml.py
html_math_renderer = "mathml"
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"pyrodgm {release}"
html_show_copyright = False
html_static_path, html_css_files = ["_static"], ["site.css"]
nb_execution_mode = "off"  # tutorials are committed with their outputs, and run by the tests
myst_enable_extensions, myst_heading_anchors = ["dollarmath"], 3
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
napoleon_custom_sections = ["Shapes"]
napoleon_use_ivar = True
add_module_names = False
suppress_warnings = ["mystnb.unknown_mime_type"]  # widgets of the tutorials' progress bars


def setup(app):
    app.connect("builder-inited", lambda app: write_pages(Path(app.srcdir)))
    app.connect("autodoc-process-docstring", _mark_formulas, priority=400)  # before napoleon reads the sections
    app.connect("autodoc-skip-member", lambda app, what, name, *rest: True if name.endswith("_request") else None)


def _mark_formulas(app, what, name, obj, options, lines):
    lines[:] = with_formulas(lines)
