"""Thresholds that decide whether a row is normal, a known fault or unseen, for a stated rate of false alarms.

The allowed share a of false alarms is split equally between two thresholds. Both come from n normal rows of days that
were not trained on. They are the k-th smallest of these rows' scores, and the k-th smallest of their q(normal | x),
with

    k = max(1, floor(a/2 (n + 1)))

A row is normal if its q(normal | x) is not below the threshold. Otherwise it gets its most probable state. Without this
threshold, normal rows in dim light would often be called a fault: the states hardly differ there, and the labels were
drawn evenly over the states, so a fault is often the most probable one.

A row is unseen if its score is below the threshold of the scores. If rows were independent, a new normal row would be
called something else with probability at most a, if there are n >= 2/a - 1 rows. With fewer, k = 1, and the probability
is up to 2 / (n + 1); ``few_rows`` says so. A known fault, such as snow, may be rare and vary widely, so that all
its rows have low scores. The threshold for rows that are called a fault is therefore the k-th smallest score of that
fault's labelled rows, if that is lower. If no fault is labelled, the whole share goes to the score.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from pyrodgm.checks import check_choice
from pyrodgm.pv.rows import NORMAL


class Thresholds(NamedTuple):
    """Scores that new rows are compared with, and the decision about a row.

    Args:
        states: the states that the model knows, ``(K,)``.
        scores: scores of normal rows of days not trained on, by string, in ascending order.
        normality: q(normal | x) of these rows, by string, in ascending order.
        faults: scores of labelled rows, by state, in ascending order.
    """

    states: np.ndarray
    scores: dict[str, np.ndarray]
    normality: dict[str, np.ndarray]
    faults: dict[str, np.ndarray]

    @property
    def normal(self) -> int:
        """The index of the normal state among the states."""
        return self.states.tolist().index(NORMAL)

    @property
    def num_thresholds(self) -> int:
        """The number of thresholds that share the false alarms: two, or only that of the score if no fault is known."""
        return 2 if len(self.states) > 1 else 1

    def few_rows(self, false_alarms: float) -> list[str]:
        """Lines on the string with the fewest normal rows, if they are too few for a stated share of false alarms."""
        wanted = math.ceil(self.num_thresholds / false_alarms - 1e-6) - 1
        few = sorted((len(scores), name) for name, scores in self.scores.items() if len(scores) < wanted)
        if not few:
            return []
        rows, name = few[0]
        least, more = self.num_thresholds / (rows + 1), f" (and {len(few) - 1} more)" if len(few) > 1 else ""
        return [
            f"string {name}{more}: {rows} normal rows for the thresholds allow up to {least:.2%} of false "
            f"alarms, not the stated {false_alarms:.2%}; want {wanted} rows"
        ]

    def check_string(self, string: str) -> None:
        """Raise ``ValueError`` unless the monitor was trained on that string."""
        check_choice("string", string, self.scores)

    def decide(
        self, string: str, score: np.ndarray, probabilities: np.ndarray, false_alarms: float = 0.01
    ) -> tuple[np.ndarray, np.ndarray]:
        """The known state of each row, as its index among the states ``(N,)``, and whether it is unseen, ``(N,)``.

        Args:
            string: its name.
            score: the bound, ``(N,)``.
            probabilities: q(y | x), ``(N, K)``.
            false_alarms: the share of normal rows that may be called something else.

        Raises:
            ValueError: for a string that the monitor was not trained on.
        """
        self.check_string(string)
        share = false_alarms / self.num_thresholds
        place = probabilities.argmax(1)
        place[probabilities[:, self.normal] >= kth_smallest(self.normality[string], share)] = self.normal
        own = kth_smallest(self.scores[string], share)
        lowest = {state: min(own, kth_smallest(scores, share)) for state, scores in self.faults.items()}
        return place, ~(score >= np.array([lowest.get(state, own) for state in self.states])[place])


def kth_smallest(scores: np.ndarray, share: float) -> float:
    """The k-th smallest of ascending scores ``(n,)``, k = max(1, floor(share (n + 1)))."""
    return float(scores[max(1, int(share * (len(scores) + 1) + 1e-9)) - 1])
