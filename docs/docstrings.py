"""Preparation of docstrings for the documentation: formulas are typeset."""

import re
from itertools import groupby

from formulas import latex

SECTION = re.compile(r"(Args|Attributes|Raises|Returns|Shapes|Yields):")
FORMULA = re.compile(r"\S.* (=|[<>~]=|~|∝) .*[^.,:;]")


def with_formulas(lines):
    """Turn formulas into LaTeX, and escape other vertical bars, which reST would read as substitutions.

    A formula is an indented paragraph below text, or a paragraph in which every line has a relation and none ends
    like a sentence. If it has no LaTeX, see ``latex``, it becomes a literal block.

    Args:
        lines: the lines of a docstring, without common indentation.

    Example::

        with_formulas(["A bound:", "", "    log p(x) >= L(x)"])
    """
    out, text = [], ""  # the last line of text
    for blank, group in groupby(lines, key=lambda line: not line.strip()):
        paragraph = list(group)
        indented = paragraph[0].startswith("    ")
        if blank or (indented and text.endswith("::")):
            out += paragraph
        elif indented and not SECTION.fullmatch(text):
            out += _block(paragraph)
        elif not indented and all(FORMULA.fullmatch(line) for line in paragraph):
            out += _block(["    " + line for line in paragraph])
        else:
            out += map(_escaped, paragraph)
        if not blank and not indented:
            text = paragraph[-1] if not SECTION.fullmatch(paragraph[0]) else paragraph[0]
    return out


def _block(lines):
    formulas = latex(lines)
    if formulas is None:
        return [".. code-block:: text", "", *lines]
    return [".. math::", "", *("    " + line for line in formulas.split("\n"))]


def _escaped(line):
    return "``".join(part.replace("|", r"\|") if i % 2 == 0 else part for i, part in enumerate(line.split("``")))
