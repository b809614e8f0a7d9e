"""Events: consecutive rows of a string in the same state other than normal.

Time is divided into blocks of equal length. The state of a block is the state of most of its rows; normal wins a tie.
Two blocks of the same state with at most one block between them belong to one event. The figures of an event are
computed from its rows in that state. An event is dropped if its first and last row are less than one block length
apart, because a few unusual rows at dawn can fill a block.

    energy lost = sum over the event's rows of (expected - measured power) * seconds

A row stands for the time since the previous row, in seconds, whether or not there was light. After a pause it stands
for zero seconds. A step is a pause if it is longer than an hour and longer than 1.5 usual steps, so that hourly rows
may come some minutes late. The usual step is the median of the last eleven steps between different times, this one
included, or an hour where there are fewer than three.
"""

from __future__ import annotations

import copy
import math
from typing import NamedTuple

import numpy as np

from pyrodgm.pv.rows import NORMAL

LEAST_STEPS = 10  # between rows that show how often there is a row
LONGEST_STEP = 3600  # seconds that one row may always stand for
USUAL = 11  # last steps whose median is the usual one
LEAST_USUAL = 3  # steps that show it; with fewer it is an hour
PAUSE = 1.5  # usual steps
JOULES = 3.6e6  # in a kWh


class Event(NamedTuple):
    """Rows of one string in one state.

    Args:
        string: name.
        start, end: times of the first and the last row, in seconds since 1970 in UTC.
        state: its state, which is not normal.
        probability: mean over the rows; NaN if the state is unseen.
        score: mean over the rows.
        rows: number of rows.
        kwh_lost: expected minus measured energy.
        series: a number shared by events that return at the same position of the sun; None if the event did not return.
    """

    string: str
    start: int
    end: int
    state: str
    probability: float
    score: float
    rows: int
    kwh_lost: float
    series: int | None = None


class EventsOfString:
    """Joins the rows of one string, given in pieces in the order of time, and keeps one block and the open events.

    Args:
        string: its name.
        minutes: length of a block.

    Example::

        events = EventsOfString("1", minutes=15)
        events.add(time, state, probability, score, joules)      # (N,) each
        events.finish()
    """

    def __init__(self, string: str, minutes: int) -> None:
        self.string, self.seconds = string, 60 * minutes
        self.events: list[Event] = []
        self.held: tuple[np.ndarray, ...] | None = None
        self.open: dict[str, tuple[int, int, int, np.ndarray]] = {}  # last block, start, end and sums, by state

    def add(
        self,
        time: np.ndarray,
        state: np.ndarray,
        probability: np.ndarray,
        score: np.ndarray,
        joules: np.ndarray,
    ) -> None:
        """Add rows in use, later than the previous ones; ``joules`` is the energy that each row lost."""
        rows: tuple[np.ndarray, ...] = (time, state, probability, score, joules)
        if self.held is not None:
            rows = tuple(np.concatenate(parts) for parts in zip(self.held, rows, strict=True))
        block = rows[0] // self.seconds
        ready = int(np.searchsorted(block, block[-1])) if len(block) else 0
        self.held = tuple(part[ready:] for part in rows)
        self._blocks(block[:ready], *(part[:ready] for part in rows))

    def finish(self) -> list[Event]:
        """All events, by their start."""
        if self.held is not None:
            self._blocks(self.held[0] // self.seconds, *self.held)
            self.held = None
        self._close(np.inf)
        return sorted(self.events, key=lambda event: event.start)

    def so_far(self) -> list[Event]:
        """All events so far, by their start, as if no more rows followed."""
        other = copy.copy(self)  # events and sums are never changed in place, so that they need no copy
        other.events, other.open = list(self.events), dict(self.open)
        return other.finish()

    def state(self) -> dict:
        """The current state as plain values for JSON; see ``restore``."""
        held = None if self.held is None else [part.tolist() for part in self.held]
        under_way = {state: [last, start, end, sums.tolist()] for state, (last, start, end, sums) in self.open.items()}
        return {"held": held, "open": under_way, "events": [list(event) for event in self.events]}

    def restore(self, state: dict) -> None:
        """Continue from a state that ``state`` returned."""
        kinds = (np.int64, object, float, float, float)
        held = state["held"]
        self.held = None if held is None else tuple(np.array(p, kind) for p, kind in zip(held, kinds, strict=True))
        self.open = {
            name: (last, start, end, np.array(sums)) for name, (last, start, end, sums) in state["open"].items()
        }
        self.events = [Event(*event) for event in state["events"]]

    def _blocks(self, block, time, state, probability, score, joules):
        if not len(block):
            return
        numbers, of_block = np.unique(block, return_inverse=True)
        kinds, of_kind = np.unique(np.append(state, NORMAL), return_inverse=True)
        of_kind = of_kind[:-1]
        counts = np.zeros((len(numbers), len(kinds)), int)
        np.add.at(counts, (of_block, of_kind), 1)
        first = counts.copy()
        first[:, kinds == NORMAL] = 2 * first[:, kinds == NORMAL] + 1  # wins a tie
        first[:, kinds != NORMAL] *= 2
        most = first.argmax(1)
        for i in np.flatnonzero(kinds[most] != NORMAL):
            rows = slice(*np.searchsorted(of_block, [i, i + 1]))
            rows = np.arange(rows.start, rows.stop)[of_kind[rows] == most[i]]
            sums = np.array([probability[rows].sum(), score[rows].sum(), len(rows), joules[rows].sum()])
            self._close(numbers[i])
            self._join(str(kinds[most[i]]), int(numbers[i]), int(time[rows[0]]), int(time[rows[-1]]), sums)

    def _join(self, state, number, start, end, sums):
        if state in self.open:
            _, start, _, before = self.open[state]
            sums = before + sums
        self.open[state] = number, start, end, sums

    def _close(self, number):
        """Close the events that a block with this number can no longer extend."""
        for state, (last, start, end, sums) in list(self.open.items()):
            if number - last <= 2:
                continue
            del self.open[state]
            if end - start >= self.seconds:
                probability, score, rows, joules = sums
                self.events.append(
                    Event(
                        self.string,
                        start,
                        end,
                        state,
                        float(probability / rows),
                        float(score / rows),
                        int(rows),
                        float(joules / JOULES),
                    )
                )


def check_step(string: str, time: np.ndarray, minutes: int) -> None:
    """Raise ``ValueError`` if nine of ten rows are more than two blocks apart, so that no two of them form an event.

    In a file that is out of order, many steps are long, but many are negative as well, so that nothing is raised.

    Args:
        string: name of the string, for the message.
        time: times of rows in seconds, ``(N,)``; fewer than eleven show nothing.
        minutes: length of a block.
    """
    steps = np.diff(time)
    if len(steps) >= LEAST_STEPS and np.percentile(steps, 10) > 120 * minutes:
        step = float(np.median(steps))
        raise ValueError(
            f"minutes: got {minutes} for string {string!r} with a row every {step / 60:g} minutes, want at least "
            f"{math.ceil(step / 120)}, or no two rows belong to one event"
        )


def seconds_of(time: np.ndarray, before: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The seconds that each row stands for, ``(N,)``: since the previous row, or zero after a pause, see above.

    Args:
        time: times in seconds, ``(N,)``, in non-decreasing order.
        before: the last eleven different times of the rows before, ascending, or fewer if there are not so many.

    Returns:
        The seconds, and ``before`` for the rows that follow.
    """
    steps = np.diff(time, prepend=before[-1:] if len(before) else time[:1])
    moments = np.unique(np.concatenate([before, time]))
    long = np.flatnonzero(steps > LONGEST_STEP)
    place = np.searchsorted(moments, time[long])[:, None] - np.arange(USUAL)  # of the ends of the last steps
    last = np.where(place > 0, np.diff(moments, prepend=0)[np.maximum(place, 0)], np.inf)
    number = (place > 0).sum(1)
    usual = np.sort(last, 1)[np.arange(len(long)), (number - 1) // 2]  # of an even number, the shorter of the two
    usual = np.where(number < LEAST_USUAL, LONGEST_STEP, usual)
    steps[long[steps[long] > np.maximum(LONGEST_STEP, PAUSE * usual)]] = 0
    return steps, moments[-USUAL:]
