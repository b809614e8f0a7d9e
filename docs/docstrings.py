"""Preparation of docstrings for the documentation: formulas become literal blocks."""

import re
from itertools import groupby

SECTION = re.compile(r"(Args|Attributes|Raises|Returns|Shapes|Yields):")
BLOCK = (".. code-block:: text", "")
FORMULA = re.compile(r"\S.* (=|>=|~) .*[^.,:;]")


def with_literal_formulas(lines):
    """Turn formulas into literal blocks, and escape other vertical bars, which reST would read as substitutions.

    A formula is an indented paragraph below text, or a paragraph in which every line has a relation and none ends
    like a sentence.

    Args:
        lines: the lines of a docstring, without common indentation.

    Example::

        with_literal_formulas(["A bound:", "", "    log p(x) >= L(x)"])
    """
    out, text = [], ""  # the last line of text
    for blank, group in groupby(lines, key=lambda line: not line.strip()):
        paragraph = list(group)
        indented = paragraph[0].startswith("    ")
        if blank or (indented and text.endswith("::")):
            out += paragraph
        elif indented and not SECTION.fullmatch(text):
            out += [*BLOCK, *paragraph]
        elif not indented and all(FORMULA.fullmatch(line) for line in paragraph):
            out += [*BLOCK, *("    " + line for line in paragraph)]
        else:
            out += map(_escaped, paragraph)
        if not blank and not indented:
            text = paragraph[-1] if not SECTION.fullmatch(paragraph[0]) else paragraph[0]
    return out


def _escaped(line):
    return "``".join(part.replace("|", r"\|") if i % 2 == 0 else part for i, part in enumerate(line.split("``")))
