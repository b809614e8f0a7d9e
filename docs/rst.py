"""Pieces of reStructuredText that the generated pages share."""

import re


def heading(text, mark="="):
    """A heading, as wide as its text."""
    return f"{text}\n{mark * len(text)}\n\n"


def toctree(pages, hidden=False):
    """Links to other pages, one a line; or only their place in the sidebar."""
    option = "hidden:" if hidden else "maxdepth: 1"
    return f".. toctree::\n   :{option}\n\n" + "".join(f"   {page}\n" for page in pages) + "\n"


def table(*rows):
    """A table; the first row is its header."""
    return ".. list-table::\n   :header-rows: 1\n\n" + "".join(map(_row, rows)) + "\n"


def _row(cells):
    first, *rest = cells
    return f"   * - {first}\n" + "".join(f"     - {cell}\n" for cell in rest)


def plain(text):
    """Text without markup: characters that have a meaning are escaped."""
    return re.sub(r"([\\*`|_])", r"\\\1", text)


def slug(text):
    """Text as part of a link target."""
    return re.sub(r"\W+", "-", text.lower()).strip("-")
