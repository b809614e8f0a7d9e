"""The long file of the benchmark and the count of its rows."""

from benchmarks.pv_stream import repeated, rows_in_use


def test_every_round_is_later_than_the_one_before():
    lines = ["2019-02-27 23:59:00-05:00,1\n", "2019-02-28 00:00:00-05:00,2\n"]
    assert list(repeated(lines, days=2, rows=5)) == [
        *lines,
        "2019-03-01 23:59:00-05:00,1\n",
        "2019-03-02 00:00:00-05:00,2\n",
        "2019-03-03 23:59:00-05:00,1\n",
    ]


def test_rows_left_out_have_no_state():
    printed = "report: 90 rows, 2 events\n40 rows normal\nleft out: 30 rows, night\nleft out: 20 rows, no time\n"
    assert rows_in_use(90, printed) == 40
