"""One-hot rows that remember which class each is of, so that a layer need not multiply them by its weight."""


def remember_classes(rows, classes):
    """Note of one-hot rows ``(..., K)`` which class ``(...)`` each is of; returns the rows.

    It is a note on this tensor, not on what is computed from it: whatever is, such as a relaxed sample or a sum, is a
    tensor like any other.
    """
    if not rows.is_inference():
        rows._classes = classes, rows._version
    return rows


def known_classes(rows):
    """The class ``(...)`` of each row; None where it is not known, or where the rows were written to since."""
    classes, version = getattr(rows, "_classes", (None, None))
    return classes if version is not None and version == rows._version else None
