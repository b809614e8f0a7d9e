"""What a report draws: quarters of an hour, worst rows, and the page."""

import re
from collections import Counter
from html.parser import HTMLParser

import numpy as np
import pytest

from pyrodgm.pv import Event, Report
from pyrodgm.pv.days import MOST, DaysOfString, hours_from_utc
from pyrodgm.pv.examples import Example, ExamplesOfString
from pyrodgm.pv.logger import NO_TIME
from pyrodgm.pv.report_folder import rows_table
from pyrodgm.pv.report_page import report_page

ABOUT = {"model": "abc", "data": "new.csv", "false_alarms": 0.01, "minutes": 15}
NOON = 1_646_136_000  # 2022-03-01T12:00Z


def days_of(rows=400, cuts=(), states=("normal", "IV")):
    random = np.random.default_rng(0)
    time = NOON - 6 * 3600 + 120 * np.arange(rows)
    state = np.array(states, object)[(np.arange(rows) // 50) % len(states)]
    joules = random.uniform(1e5, 2e5, (rows, 2))
    days = DaysOfString([*states, "unseen"])
    for part in np.split(np.arange(rows), cuts):
        days.add(time[part], state[part], joules[part, 0], joules[part, 1])
    return days, state, joules


class TestDays:
    @pytest.mark.parametrize("cuts", [(), (1, 2, 3), (100, 101, 399)])
    def test_pieces_of_any_size_give_the_same(self, cuts):
        days, state, joules = days_of(cuts=cuts)
        assert days.energy.sum(0) == pytest.approx(joules.sum(0)) and days.counts.sum() == 400
        assert (np.diff(days.number) == 1).all() and days.number[0] == (NOON - 6 * 3600) // 900
        assert days.state[:6].tolist() == state[[0, 8, 15, 23, 30, 38]].tolist() and days.state[7] == "IV"
        assert days.energy[0] == pytest.approx(joules[:8].sum(0))

    def test_the_latest_are_remembered(self):
        days = DaysOfString(["normal"])
        for part in np.array_split(900 * np.arange(MOST + 10), 4):
            days.add(part, np.full(len(part), "normal", object), np.ones(len(part)), np.ones(len(part)))
        assert len(days.number) == MOST and days.number[0] == 10

    def test_light_is_centred_on_noon(self):
        days = DaysOfString(["normal"])
        time = NOON + 7 * 3600 + 900 * np.arange(-20, 20)
        days.add(time, np.full(40, "normal", object), np.ones(40), np.ones(40))
        assert hours_from_utc([days]) == -7 and hours_from_utc([DaysOfString([])]) == 0


def test_the_worst_row_of_each_state_beside_a_healthy_one():
    table = np.array(
        [  # time, score, i, v, poa, temperature, i expected, v expected
            [0, 1.0, 4.0, 100, 500, 30, 5, 100],
            [1, 1.0, 1.0, 100, 510, 31, 5, 100],
            [2, 9.0, 5.0, 100, 505, 31, 5, 100],
            [3, 9.0, 5.1, 100, 506, 31, 5, 100],
            [4, 9.0, 5.1, 100, 560, 31, 5, 100],
            [5, 9.0, 1.0, 100, 900, 50, 9, 100],
        ],
        float,
    )
    state = np.array(["IV", "IV", "normal", "normal", "normal", "PS"], object)
    for cuts in ((), (1, 3)):
        examples = ExamplesOfString()
        for part in np.split(np.arange(6), cuts):
            examples.add(state[part], table[part])
        (worst, healthy), (other, none) = examples.pairs()
        assert (worst.time, worst.state, worst.lost) == (1, "IV", 400) and (healthy.time, healthy.state) == (
            3,
            "normal",
        )
        assert other.state == "PS" and none is None


def test_what_a_row_lacks_is_null():
    columns = {"time": [NO_TIME, NOON], "string": ["1", "1"], "state": [None, "IV"], "probability": [np.nan, 0.5]}
    columns |= {"score": [np.nan, 1.5], "anomaly": [None, False], "skipped": ["no time", None]}
    first, second = rows_table({name: np.array(cells) for name, cells in columns.items()}).to_pylist()
    assert first == dict.fromkeys(columns) | {"string": "1", "skipped": "no time"}
    assert second.pop("time").timestamp() == NOON
    assert second == {name: cells[1] for name, cells in columns.items() if name != "time"}


class Elements(HTMLParser):
    """The tags of a page, and those that are open at the end."""

    def __init__(self, page):
        super().__init__()
        self.open, self.seen, self.links = [], Counter(), []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.seen[tag] += 1
        self.links += [value for name, value in attributes if name in ("src", "href")]
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.seen[tag] += 1

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def words(page):
    """The text of a page, a space for each run of tags and spaces."""
    return " ".join(re.sub("<[^>]*>", " ", page).split())


class TestPage:
    def report(self, events=(), states=("normal", "IV"), string="1"):
        days, state, _ = days_of(states=states)
        return Report(500, Counter(state.tolist()), Counter({"night": 100}), list(events), {string: days}, {string: []})

    def test_is_whole_and_needs_no_network(self):
        page = report_page(self.report([Event("1", NOON, NOON + 900, "IV", 0.9, 1.0, 9, 2.5)]), ABOUT)
        found = Elements(page)
        assert found.open == [] and found.links == [] and "http" not in page
        assert found.seen["svg"] == found.seen["polyline"] == 1 and found.seen["rect"] == 8 and "night" in page

    def test_events_by_energy_lost_and_a_series_once(self):
        events = [
            Event("1", NOON + 86_400 * i, NOON + 900 + 86_400 * i, "IV", 0.9, 1.0, 9, kwh, series)
            for i, (kwh, series) in enumerate([(1.0, None), (2.0, 1), (4.0, None), (3.0, 1)])
        ]
        page = report_page(self.report(events), ABOUT)
        rows = [text.partition("<")[0] for text in page.split("<tr><td class='n'>")[1:]]
        assert rows == ["5.00", "4.00", "1.00"] and "2 times, series 1" in page and "10.00 kWh" in page

    def test_the_worst_row_comes_first_each_over_a_healthy_one(self):
        mild, healthy, worst = (
            Example(NOON + 60 * i, state, score, current, 90.0, 500.0 + i, 30.0, 5.0, 100.0)
            for i, (state, score, current) in enumerate([("IV", 2.0, 4.0), ("normal", 9.0, 5.0), ("PS", 3.0, 1.0)])
        )
        page = report_page(self.report()._replace(examples={"1": [(mild, healthy), (worst, None)]}), ABOUT)
        rows = [row.partition("</tr>")[0] for row in page.split("<tr class='")[1:]]
        assert [words(f"<{row}") for row in rows] == [
            "1 2022-03-01 11:02 PS 3.0 502 30.0 1.00 5.00 90.0 100.0 90 of 500",
            "1 2022-03-01 11:00 IV 2.0 500 30.0 4.00 5.00 90.0 100.0 360 of 500",
            "1 2022-03-01 11:01 normal 9.0 501 30.0 5.00 5.00 90.0 100.0 450 of 500",
        ]

    def test_numbers_and_local_times(self):
        late = Event("1", NOON, NOON + 43_200, "IV", 0.9, 1.0, 9, 2.5)
        report = self.report([late, Event("1", NOON, NOON + 900, "unseen", np.nan, 1.0, 9, -0.5)])
        text, energy = words(report_page(report, ABOUT)), report.days["1"].energy.sum(0) / 3.6e6
        for expected in (
            "2022-03-01 to 2022-03-01, times in UTC-1. Stated share of false alarms: 1 % of normal rows. Model abc.",
            f"2 events 2.00 kWh lost in events {energy[0]:.1f} of {energy[1]:.1f} kWh measured of expected",
            "400 of 500 rows used of read 1 string",
            "2.50 IV 1 2022-03-01 11:00 to 23:00 9 90% 1.0 -0.50 unseen 1 2022-03-01 11:00 to 11:15 9 1.0",
            "Rows by state normal 200 40.0% IV 200 40.0% Rows left out, by reason night 100 20.0%",
        ):
            assert expected in text
        over_midnight = report_page(self.report([late._replace(end=NOON + 54_000)]), ABOUT)
        assert "2022-03-01 11:00 to 2022-03-02 02:00" in over_midnight

    def test_names_are_escaped(self):
        bad = "<script>&\"'"
        report = self.report([Event(bad, NOON, NOON + 900, bad, 0.9, 1.0, 9, 2.5)], ("normal", bad), bad)
        report.skipped[bad] = 1
        page = report_page(report, ABOUT | {"data": bad})
        assert Elements(page).seen["script"] == 0 and "&lt;script&gt;&amp;" in page

    def test_nothing_in_use(self):
        days = DaysOfString(["normal"])
        page = report_page(Report(0, Counter(), Counter(), [], {"1": days}, {"1": []}), ABOUT)
        assert Elements(page).open == [] and "no row in use" in page
