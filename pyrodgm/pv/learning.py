"""Preparation for training: the split into days, the choice of rows, and the models of healthy strings."""

from __future__ import annotations

import numpy as np

from pyrodgm.pv.expected import KingModel, ModuleModel, fit_king
from pyrodgm.pv.readings import temperature
from pyrodgm.pv.rows import NORMAL, Rows, number_dates

DAYS = ("train", "threshold", "train", "further")  # what the dates of normal days are for, in turn


def use_of_days(rows: Rows) -> np.ndarray:
    """The purpose of each row, ``(N,)``, by whole normal days: ``"train"``, ``"threshold"`` or ``"further"``.

    All strings share their weather, and one network learns from all of them. So a date has the same purpose for all
    strings. Only if this leaves a string without a day to train on or one for the threshold, its own days take turns.

    Raises:
        ValueError: for fewer than two whole normal days of a string.
    """
    use, normal = np.full(len(rows.day), "train", object), rows.normal_days()
    for name, days in normal.items():
        if len(days) < 2:
            raise ValueError(
                f"normal: got {len(days)} whole normal days of string {name!r}, want at least 2: one to train on, one "
                "for the threshold"
            )
    begins = np.unique([day for days in normal.values() for day in days])
    date_of = dict(zip(begins.tolist(), number_dates(begins).tolist(), strict=True))
    for name, days in normal.items():
        turns = [date_of[day] for day in days]
        if not {"train", "threshold"} <= {DAYS[turn % len(DAYS)] for turn in turns}:
            turns = list(range(len(days)))
        for day, turn in zip(days, turns, strict=True):
            use[(rows.string == name) & (rows.day == day)] = DAYS[turn % len(DAYS)]
    return use


def healthy_strings(rows: Rows, train: np.ndarray, known: ModuleModel | None) -> dict[str, ModuleModel | KingModel]:
    """Models of the healthy strings: from the module if it is known, otherwise fitted to the string's normal rows.

    In a file of a few days of 15-minute rows, the rows to train on may be too few. All normal rows are then fitted.

    Args:
        rows: the sample of rows.
        train: which rows to fit the model to, if they are enough, ``(N,)``.
        known: the module of all strings, or None.

    Raises:
        ValueError: for too few rows of a string; the message names it.
    """
    healthy: dict[str, ModuleModel | KingModel] = {}
    for name in rows.normal_days():
        if known is not None:
            healthy[name] = known
            continue
        own = (rows.string == name) & (rows.state == NORMAL)
        try:
            healthy[name] = _fitted(name, rows.take(own & train))
        except ValueError:  # too few rows
            healthy[name] = _fitted(name, rows.take(own))
    return healthy


def _fitted(name, values):
    """King's model, fitted to rows of a string."""
    try:
        return fit_king(values["poa_global"], temperature(values), values["i_dc"], values["v_dc"])
    except ValueError as error:
        raise ValueError(f"string {name!r}, normal rows: {error}") from error


def choose_evenly(state: np.ndarray, usable: np.ndarray, most: int, seed: int) -> np.ndarray:
    """Choose at most ``most`` rows, ``(M,)`` in order, with the same number of each state if there are enough.

    Rows without a label count as a state. If no fault is labelled, they are left out, because some may be faulty.

    Args:
        state: state of each row, ``(N,)``; None if it is unknown.
        usable: which rows may be chosen, ``(N,)``.
        most: maximum number of rows.
        seed: fixes the draw.

    Raises:
        ValueError: if there is no normal row, or if a state has a single row.
    """
    kinds = set(state[usable].tolist()) - {None}
    if NORMAL not in kinds:
        raise ValueError("normal: got no normal row to train on, want some")
    kinds = [*sorted(kinds), *([None] if kinds != {NORMAL} else [])]
    random, ranks, places = np.random.default_rng([seed, 3]), [], []
    for kind in kinds:
        where = random.permutation(np.flatnonzero(usable & (state == kind)))
        if kind is not None and len(where) < 2:
            raise ValueError(f"label: got a single row of {kind!r}, want at least two to learn it")
        places.append(where)
        ranks.append(np.arange(len(where)))
    place, rank = np.concatenate(places), np.concatenate(ranks)
    return np.sort(place[np.argsort(rank, kind="stable")[:most]])
