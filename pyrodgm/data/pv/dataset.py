"""The simulated string as a data set."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from pyrodgm.checks import check_choice, check_size
from pyrodgm.data.dataset import Dataset, Rows
from pyrodgm.isolation import seeded_generator

COLUMNS = ("iv", "sensors", "ratios")
HELD_OUT = ("minutes", "days")
TEST, VALIDATION = 0.2, 0.1
MOST_ROWS = 150_000


def pv(
    site: str = "greensboro",
    arrangement: str = "campaign",
    columns: str = "sensors",
    held_out: str = "minutes",
    rows: int = 15_000,
    seed: int = 0,
) -> Dataset:
    """A simulated photovoltaic string in ten conditions (Maaløe et al. 2018, table II). Needs the extra ``pv``.

    A fifth of the rows is for testing, a tenth for validation and the rest for training. The paper also tests on a
    fifth; it does not state the number of validation rows. x has the units of the sensors.

    Args:
        site: site of the weather, ``"greensboro"``, ``"sand-point"`` or ``"miami"``.
        arrangement: ``"campaign"`` for two months with each condition on one to seven days, as in the paper; ``"days"``
            for a year with each condition in all weather. Its rows are spread evenly over the minutes with light.
        columns: ``"iv"`` for current and voltage; ``"sensors"`` for these, irradiance, air and module temperature, and
            wind; or ``"ratios"`` for the three columns of ``pyrodgm.data.pv.expected.ratios`` for the known module.
        held_out: ``"minutes"`` for single minutes as in the paper; ``"days"`` for whole days, at least three of every
            condition.
        rows: number of rows.
        seed: fixes the weather, the arrangement, the noise and the parts.

    Raises:
        ValueError: for an unknown option, or if pvlib is missing.

    Example::

        load("pv", arrangement="days", columns="ratios", held_out="days")
    """
    check_choice("columns", columns, COLUMNS)
    check_choice("held_out", held_out, HELD_OUT)
    check_size("rows", rows)
    from pyrodgm.data.pv.conditions import CONDITIONS
    from pyrodgm.data.pv.simulate import simulate

    span: dict[str, Any] = {}
    if arrangement == "days":
        if rows > MOST_ROWS:
            raise ValueError(
                f"rows: got {rows}, want at most {MOST_ROWS}, which the minutes with light of any year exceed"
            )
        span = {"start": "01-01", "num_days": 365, "every": MOST_ROWS // rows}  # some more rows than needed
    table = simulate(site, arrangement, rows=rows, seed=seed, **span)
    table = table[table["recorded"]]
    if arrangement == "days":
        table = table.iloc[np.linspace(0, len(table) - 1, rows).round().astype(int)]
    y = torch.tensor([CONDITIONS.index(state) for state in table["state"]])
    x = torch.tensor(_columns(table, columns), dtype=torch.float32)
    day = torch.tensor(table["time"].dt.day_of_year.to_numpy())
    generator = seeded_generator(seed)
    if held_out == "minutes":
        order = torch.randperm(len(x), generator=generator)
        test, validation = round(TEST * len(x)), round(VALIDATION * len(x))
        parts = order[test + validation :], order[test : test + validation], order[:test]
    else:
        parts = _whole_days(y, day, CONDITIONS, generator)
    train, validation, test = (Rows(x[part], y[part]) for part in parts)
    return Dataset("pv", train, validation, test, num_classes=len(CONDITIONS), classes=CONDITIONS)


def _columns(table, columns):
    """The chosen columns, ``(N, D)``."""
    from pyrodgm.data.pv import sensors
    from pyrodgm.data.pv.conditions import Plant
    from pyrodgm.data.pv.expected import expected_by_module, ratios
    from pyrodgm.data.pv.modules import load_module

    values = {name: table[name].to_numpy(float) for name in sensors.COLUMNS}
    if columns != "ratios":
        return np.stack([values[name] for name in (sensors.COLUMNS if columns == "sensors" else ("i_dc", "v_dc"))], 1)
    plant = Plant()
    healthy = expected_by_module(
        load_module(plant.module), plant.num_modules, values["poa_global"], values["temp_module"]
    )
    return ratios(values["i_dc"], values["v_dc"], np.maximum(values["poa_global"], 1.0), healthy)


def _whole_days(y, day, names, generator):
    """Split the rows by days: a fifth of each condition's days for testing, a tenth for validation, at least one each.

    A day on which snow disappears has two conditions. It counts as the one with more rows.
    """
    counts = torch.zeros(int(day.max()) + 1, int(y.max()) + 1).index_put_((day, y), torch.ones(len(y)), accumulate=True)
    days = torch.arange(len(counts))[counts.sum(1) > 0]
    main, parts = counts[days].argmax(1), ([], [], [])
    for condition in range(counts.shape[1]):
        own = days[main == condition]
        if len(own) < 3:
            raise ValueError(
                f"held_out: got whole days, but condition {names[condition]} is on {len(own)} of them, want three: "
                "arrangement='days'"
            )
        own = own[torch.randperm(len(own), generator=generator)]
        test, validation = max(1, round(TEST * len(own))), max(1, round(VALIDATION * len(own)))
        for part, piece in zip(
            parts, (own[test + validation :], own[test : test + validation], own[:test]), strict=True
        ):
            part.append(piece)
    return [torch.isin(day, torch.cat(part)).nonzero()[:, 0] for part in parts]
