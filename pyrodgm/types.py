"""Types that many signatures share."""

from typing import Any

Option = str | tuple[str, dict[str, Any]]  # a choice by name, or a pair of the name and its options
