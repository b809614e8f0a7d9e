"""What a report draws: quarters of an hour, worst rows, and the page."""

import re
from collections import Counter
from html.parser import HTMLParser
from typing import ClassVar

import numpy as np
import pytest

from pyrodgm.pv import Event, Report
from pyrodgm.pv.days import MOST, DaysOfString, hours_from_utc
from pyrodgm.pv.examples import Example, ExamplesOfString
from pyrodgm.pv.logger import NO_TIME
from pyrodgm.pv.report_days import SHOWN, days_html
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

    def test_it_is_the_expected_energy_that_is_centred(self):
        """A string that fails in the afternoon does not move noon."""
        days, measured = DaysOfString(["normal"]), np.where(np.arange(40) < 10, 1.0, 0.0)
        days.add(NOON + 900 * np.arange(-20, 20), np.full(40, "normal", object), measured, np.ones(40))
        assert hours_from_utc([days]) == 0


class TestDaysHtml:
    """Quarters of an hour at 1 kW measured and 2 kW expected."""

    COLOUR: ClassVar = {"normal": "green", "IV": "red"}

    def days(self, quarters, states=None):
        """Quarters since the midnight before ``NOON`` in UTC."""
        time = NOON - 12 * 3600 + 900 * np.array(quarters)
        days, one = DaysOfString(["normal", "IV"]), np.full(len(time), 9e5)
        days.add(time, np.array(states or ["normal"] * len(time), object), one, 2 * one)
        return days

    def test_power_of_a_day_and_the_strip_of_its_states(self):
        """From 8:00 in local time, with a pause of a quarter of an hour."""
        page = days_html(self.days([24, 25, 26, 27, 29, 30], ["IV"] * 2 + ["normal"] * 4), self.COLOUR, 2)
        assert re.findall(r'left:([\d.]+)%">(\d+)<', page) == [("0.00", "8"), ("50.00", "9"), ("100.00", "10")]
        assert 'viewBox="0 0 8 41"' in page
        assert re.findall('class="(expected|measured)" points="([^"]*)"', page) == [
            ("expected", "0.5,30 0.5,0.0 1.5,0.0 2.5,0.0 3.5,0.0 3.5,30"),
            ("measured", "0.5,15.0 1.5,15.0 2.5,15.0 3.5,15.0"),
            ("expected", "5.5,30 5.5,0.0 6.5,0.0 6.5,30"),
            ("measured", "5.5,15.0 6.5,15.0"),
        ]
        assert re.findall(r'<rect x="(\d+)" y="32" width="(\d+)" height="9" fill="(\w+)"><title>(\w+)<', page) == [
            ("0", "2", "red", "IV"), ("2", "2", "green", "normal"), ("5", "2", "green", "normal"),
        ]  # fmt: skip
        assert 'title="2022-03-01: 1.50 of 3.00 kWh expected"' in page and ">03-01<" in page and "1.5 / 3.0<" in page

    def test_a_quarter_before_midnight_may_be_of_the_next_local_day(self):
        page = days_html(self.days([92, 93]), self.COLOUR, 2)
        assert "2022-03-02" in page and "2022-03-01" not in page and re.findall(r'%">(\d+)<', page) == ["1", "2"]

    def test_the_latest_days_are_shown(self):
        page = days_html(self.days(48 + 96 * np.arange(SHOWN + 1)), self.COLOUR, 0)
        assert page.count("<svg") == SHOWN and "2022-03-01" not in page and "2022-03-02" in page


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


@pytest.mark.parametrize(
    ("poa", "warm", "is_near"), [(600, 30, True), (500, 40, True), (601, 30, False), (500, 41, False)]
)
def test_a_healthy_row_is_within_100_watts_a_square_metre_and_ten_degrees(poa, warm, is_near):
    examples = ExamplesOfString()
    table = np.array([[0, 1.0, 5, 100, 500, 30, 5, 100], [1, 1.0, 1, 100, poa, warm, 5, 100]])
    examples.add(np.array(["normal", "IV"], object), table)
    ((_, healthy),) = examples.pairs()
    assert (healthy is not None) == is_near


def test_a_healthy_row_is_kept_of_each_cell_of_light_and_temperature():
    """Of these rows, which differ in nothing else, the third is in the cell of the second."""
    examples, table = ExamplesOfString(), np.full((4, 8), 5.0)
    table[:, 0], table[:, 4], table[:, 5] = range(4), (490, 510, 520, 510), (32, 32, 31, 36)
    examples.add(np.full(4, "normal", object), table)
    assert sorted(examples.healthy[:, 0].tolist()) == [0, 2, 3]


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

    def test_a_series_has_the_means_over_its_rows_and_both_dates(self):
        events = [
            Event("1", NOON + 87_300 * i, NOON + 900 + 87_300 * i, "IV", sure, score, rows, 1.0, 1)
            for i, (sure, score, rows) in enumerate([(0.9, 2.0, 9), (0.5, 4.0, 1)])
        ]
        text = words(report_page(self.report(events), ABOUT))
        series = "2.00 IV 1 2 times, series 1: about 11:00 to 11:15, 2022-03-01 to 2022-03-02 10 86% 2.2"
        assert series in text

    def test_strings_by_energy_lost(self):
        events = [Event(name, NOON, NOON + 900, "IV", 0.9, 1.0, 9, kwh) for name, kwh in (("a", 1), ("b", 3), ("c", 2))]
        report = self.report(events)
        page = report_page(report._replace(days=dict.fromkeys("abc", report.days["1"]), examples={}), ABOUT)
        lost = re.findall("String ([abc]), day by day .*?([0-9.]+) kWh lost", words(page))
        assert lost == [("b", "3.00"), ("c", "2.00"), ("a", "1.00")]

    def test_the_worst_row_comes_first_each_over_a_healthy_one(self):
        mild, healthy, worst = (
            Example(NOON + 60 * i, state, score, current, 90.0, 500.0 + i, 30.0, 5.0, 100.0)
            for i, (state, score, current) in enumerate([("IV", 2.0, 4.0), ("normal", 9.0, 5.0), ("PS", 3.0, 1.0)])
        )
        worst = worst._replace(time=NOON - 11 * 3600 - 1800)  # still the day before in local time
        page = report_page(self.report()._replace(examples={"1": [(mild, healthy), (worst, None)]}), ABOUT)
        rows = [row.partition("</tr>")[0] for row in page.split("<tr class='")[1:]]
        assert [words(f"<{row}") for row in rows] == [
            "1 2022-02-28 23:30 PS 3.0 502 30.0 1.00 5.00 90.0 100.0 90 of 500",
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

    @pytest.mark.parametrize(("events", "strings", "more"), [(25, 10, []), (27, 12, ["2 more", "2 more"])])
    def test_at_most_25_events_and_rows_and_ten_strings_are_shown(self, events, strings, more):
        report = self.report([Event("1", NOON, NOON + 900, "IV", 0.9, 1.0, 9, i) for i in range(events)])
        days = {str(i): report.days["1"] for i in range(strings)}
        worst = [(Example(NOON, "IV", 2.0, 4.0, 90.0, 500.0, 30.0, 5.0, 100.0), None)] * events
        page = report_page(report._replace(days=days, examples={"1": worst}), ABOUT)
        assert (page.count("<tr><td class='n'>"), page.count("<tr class='pair'>")) == (25, 25)
        assert page.count(", day by day</h2>") == 10 and f"{strings} strings" in words(page)
        assert re.findall(r"\d+ more", page) == more

    def test_the_head_is_of_all_strings(self):
        """The first day is one of a, and the last one of b, whose two quarters of an hour are three hours later."""
        days = {}
        for name, time in (("a", [0]), ("b", [2 * 24 + 3, 4 * 24 + 3])):
            days[name], one = DaysOfString(["normal"]), np.full(len(time), 3.6e6)
            days[name].add(NOON + 3600 * np.array(time), np.full(len(time), "normal", object), one, 2 * one)
        text = words(report_page(self.report()._replace(days=days, examples={}), ABOUT))
        assert "2022-03-01 to 2022-03-05, times in UTC-2." in text
        assert "3.0 of 6.0 kWh measured of expected" in text and "2 strings" in text

    def test_the_legend_has_the_states_of_the_rows(self):
        """Also one without an event, and none that the monitor knows but did not find."""
        page = report_page(self.report(), ABOUT)
        (legend,) = re.findall("<div class='legend'>(.*?)</div>", page)
        assert words(legend) == "normal IV power expected power measured"

    def test_states_are_in_the_order_of_their_rows(self):
        report = self.report()._replace(states=Counter({"IV": 100, "normal": 300}))
        assert "Rows by state normal 300 60.0% IV 100 20.0%" in words(report_page(report, ABOUT))

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
