"""Events: rows to blocks, blocks to events, and their lost energy."""

import numpy as np
import pytest

from pyrodgm.pv import EventsOfString
from pyrodgm.pv.events import check_step, seconds_of

START = 1_643_637_600  # a whole number of quarters of an hour


def events_of(states, cuts=(), step=180, minutes=15, asked=lambda events: None):
    """Events of rows every three minutes, five a block; every row has lost 36 kJ. ``asked`` is called in between."""
    time = START + step * np.arange(len(states))
    state = np.array(states, object)
    probability = np.where(state == "unseen", np.nan, 0.8)
    events = EventsOfString("1", minutes)
    columns = (time, state, probability, -1.0 * np.arange(len(states)), np.full(len(states), 36e3))
    for rows in np.split(np.arange(len(states)), cuts):
        events.add(*(column[rows] for column in columns))
        asked(events)
    return events.finish()


def blocks(text):
    """States from letters, one a block of five rows."""
    names = {"n": "normal", "a": "A", "b": "B", "u": "unseen"}
    return [names[letter] for letter in text for _ in range(5)]


class TestEvents:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("nnnn", []),
            ("naan", [("A", 10)]),
            ("anann", [("A", 10)]),
            ("aannaan", [("A", 10), ("A", 10)]),
            ("abab", [("A", 10), ("B", 10)]),
            ("ababaaaa", [("A", 30), ("B", 10)]),  # by their start, though the second one ends first
            ("nuu", [("unseen", 10)]),
        ],
    )
    @pytest.mark.parametrize("cuts", [(), (1,), (4, 5, 13)])
    def test_blocks_with_at_most_one_between_are_one(self, text, expected, cuts):
        assert [(event.state, event.rows) for event in events_of(blocks(text), cuts)] == expected

    def test_a_block_is_what_most_of_its_rows_are_and_normal_where_as_many(self):
        assert events_of(["A", "A", "normal", "normal", "normal"] * 2) == []
        assert events_of(["A", "A", "normal", "normal", "B"] * 2) == []
        (event,) = events_of(["A", "A", "A", "normal", "normal"] * 2)
        assert (event.state, event.rows, event.start, event.end) == ("A", 6, START, START + 900 + 360)

    @pytest.mark.parametrize("state", ["A", "unseen"])
    def test_a_majority_of_one_row_is_one(self, state):
        """Whether the name of the state comes before ``normal`` or after it."""
        events = events_of([state, state, state, "normal", "normal"] * 2)
        assert [(event.state, event.rows) for event in events] == [(state, 6)]

    def test_what_lasts_less_than_a_block_is_none(self):
        assert events_of(["A"] * 5) == [] and events_of(["A"], step=900) == []
        assert [event.rows for event in events_of(["A", "A"], step=900)] == [2]

    def test_numbers(self):
        (event,) = events_of(blocks("naan"))
        assert (event.string, event.start, event.end) == ("1", START + 900, START + 1800 + 720)
        assert event.probability == pytest.approx(0.8) and event.score == pytest.approx(-9.5)
        assert event.kwh_lost == pytest.approx(10 * 36e3 / 3.6e6)
        (event,) = events_of(blocks("uu"))
        assert np.isnan(event.probability)

    def test_asking_for_the_events_so_far_changes_none(self):
        states, found = blocks("naannaab"), []
        events = events_of(states, range(1, len(states)), asked=lambda events: found.append(events.so_far()))
        assert events == events_of(states) and len(events) == 2
        assert [(event.state, event.rows) for event in found[17]] == [("A", 10)]  # under way
        assert found[-1] == events

    def test_nothing(self):
        assert EventsOfString("1", 15).finish() == []


def test_blocks_too_short_for_the_rows():
    """Rows at most two blocks apart form events. Few rows, or rows out of order, do not show how far apart they are."""
    assert events_of(["A"] * 3, step=1800) and not events_of(["A"] * 3, step=3600)
    time = START + 3600 * np.arange(24)
    with pytest.raises(
        ValueError, match="minutes: got 15 for string 'a' with a row every 60 minutes, want at least 30, or"
    ):
        check_step("a", time, 15)
    refused = []
    for case in (time[:10], START + (time - START) // 2, np.repeat(time, 2), time[::-1], time[np.arange(24) * 5 % 24]):
        try:
            check_step("a", case, 15)
        except ValueError:
            refused.append(case)
    assert refused == [] and check_step("a", time, 30) is None


class TestSeconds:
    @pytest.mark.parametrize(
        ("steps", "expected"),
        [
            ([60, 60, 3600, 3601, 60], [60, 60, 3600, 0, 60]),
            ([3603, 3598, 0, 3601, 5400, 3600, 5403, 50_000, 3602], [3603, 3598, 0, 3601, 5400, 3600, 0, 0, 3602]),
            ([5401], [0]),  # the usual step is not known yet
            ([7200, 7200, 7200, 7300, 14_000], [0, 0, 7200, 7300, 0]),
            ([60, 60, 3601, 3601], [60, 60, 0, 0]),  # of an even number, the shorter one
            ([7200] * 12 + [60] * 5 + [7200], [0, 0, *[7200] * 10, *[60] * 5, 7200]),  # the last eleven
            ([7200] * 12 + [60] * 6 + [7200], [0, 0, *[7200] * 10, *[60] * 6, 0]),
        ],
    )
    @pytest.mark.parametrize("size", [1, 4, 100])
    def test_since_the_row_before_and_none_after_a_pause(self, steps, expected, size):
        """In pieces of any size."""
        time, before, found = np.cumsum([1_643_637_600, *steps]), np.zeros(0, np.int64), []
        for begin in range(0, len(time), size):
            seconds, before = seconds_of(time[begin : begin + size], before)
            found += seconds.tolist()
        assert found == [0, *expected] and len(before) == min(len(np.unique(time)), 11)
