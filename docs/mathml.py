"""Sphinx extension: formulas as MathML, which browsers draw without a script and without a network."""

from xml.etree import ElementTree

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging

NAMESPACE = ' xmlns="http://www.w3.org/1998/Math/MathML"'  # HTML needs none
APPLICATION = "\N{FUNCTION APPLICATION}"  # stands after the name of a function
THIN = "0.1667em"


def setup(app):
    app.add_html_math_renderer("mathml", inline_renderers=(_inline, None), block_renderers=(_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _inline(writer, node):
    writer.body.append(f'<span class="math">{_mathml(writer, node)}</span>')
    raise nodes.SkipNode


def _block(writer, node):
    writer.body.append(f'<div class="math">{_mathml(writer, node, as_block=True)}</div>\n')
    raise nodes.SkipNode


def _mathml(writer, node, as_block=False):
    """The MathML of a node. LaTeX that docutils does not know stays as it is, with a warning."""
    try:
        return mathml(node.astext(), as_block)
    except MathError as error:
        logging.getLogger(__name__).warning("no MathML of %r: %s", node.astext(), error, location=node)
        return f"<code>{writer.encode(node.astext())}</code>"


def mathml(tex, as_block=False):
    """The MathML of LaTeX, with the thin spaces around the names of functions, which docutils leaves out.

    Raises:
        MathError: docutils does not know something in the LaTeX.
    """
    tex = tex.replace(r"\boldsymbol", r"\mathbfit")  # docutils makes everything after \boldsymbol bold
    source = tex2mathml(tex, as_block).replace(NAMESPACE, "").replace("&ApplyFunction;", APPLICATION)
    root = ElementTree.fromstring(source)
    for row in list(root.iter()):
        parts = list(row)
        for i, part in enumerate(parts):
            if part.text != APPLICATION:
                continue
            if i + 1 < len(parts) and parts[i + 1].tag not in ("mo", "mspace"):
                part.set("rspace", THIN)
            if i > 1 and (parts[i - 2].tag not in ("mo", "mspace") or parts[i - 2].text in (")", "]")):
                row.insert(list(row).index(part) - 1, ElementTree.Element("mspace", width=THIN))
    return ElementTree.tostring(root, encoding="unicode")
