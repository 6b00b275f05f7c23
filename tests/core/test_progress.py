from __future__ import annotations

import io
import sys
import threading

import pytest

from lilliput.core.progress import Progress, told_to


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def lines(total, steps, show="auto", **options):
    """What is written while ``steps``, pairs of seconds and rows done, go by."""
    stream, clock = io.StringIO(), Clock()
    with Progress(total, "reading", show=show, stream=stream, clock=clock, **options) as progress:
        for clock.now, done in steps:
            progress.update(done)
    return stream.getvalue().splitlines()


def test_short_work_writes_nothing():
    assert lines(100, [(1, 50), (4.9, 100)]) == []


def test_long_work_writes_a_line_after_5_s_then_one_in_10_s_and_a_last_one():
    assert lines(4000, [(second, second * 100) for second in range(1, 41)]) == [
        "reading: 500 of 4,000 rows (12%), 100 rows/s, 35 s left",
        "reading: 1,500 of 4,000 rows (38%), 100 rows/s, 25 s left",
        "reading: 2,500 of 4,000 rows (62%), 100 rows/s, 15 s left",
        "reading: 3,500 of 4,000 rows (88%), 100 rows/s, 5 s left",
        "reading: 4,000 rows in 40 s, 100 rows/s",
    ]


def test_an_unknown_total_gives_no_share_and_no_time_left():
    assert lines(None, [(8, 20)], unit="texts") == [
        "reading: 20 texts, 2.5 texts/s",
        "reading: 20 texts in 8 s, 2.5 texts/s",
    ]


def test_nothing_done_yet_gives_no_rate():
    assert lines(10, [(6, 0)]) == ["reading: 0 of 10 rows (0%)", "reading: 0 rows in 6 s"]


def test_more_than_the_total_leaves_no_time():
    assert lines(10, [(6, 12)])[0] == "reading: 12 of 10 rows (120%), 2 rows/s, 0 us left"


def test_show_true_writes_from_the_start_where_there_is_no_terminal():
    assert lines(10, [(0.5, 1), (1, 10)], show=True) == [
        "reading: 1 of 10 rows (10%), 2 rows/s, 4.5 s left",
        "reading: 10 rows in 1 s, 10 rows/s",
    ]


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()])
def test_show_false_writes_nothing(stream):
    clock = Clock()
    with Progress(10, "reading", show=False, stream=stream, clock=clock) as progress:
        clock.now = 100
        progress.advance(10)
        progress.note("compiling")
    assert stream.getvalue() == ""


def test_notes_wait_for_the_first_line():
    stream, clock = io.StringIO(), Clock()
    with Progress(10, "fitting", stream=stream, clock=clock) as progress:
        progress.note("compiling kernels, once")
        assert stream.getvalue() == ""
        clock.now = 6
        progress.advance(6)
        progress.note("epoch 2")
    assert stream.getvalue().splitlines() == [
        "fitting: compiling kernels, once",
        "fitting: 6 of 10 rows (60%), 1 rows/s, 4 s left",
        "fitting: epoch 2",
        "fitting: 6 rows in 6 s, 1 rows/s",
    ]


def test_a_failure_passes_through_after_the_last_line():
    stream, clock = io.StringIO(), Clock()
    progress = Progress(10, "reading", stream=stream, clock=clock)

    def fail_half_way():
        with progress:
            clock.now = 7
            progress.advance(7)
            raise ValueError("row 8")

    with pytest.raises(ValueError, match="row 8"):
        fail_half_way()
    assert stream.getvalue().endswith("reading: 7 rows in 7 s, 1 rows/s\n")


def test_advance_counts_every_row_of_every_thread():
    stream, clock = io.StringIO(), Clock()
    with Progress(None, "reading", show=True, stream=stream, clock=clock) as progress:
        threads = [threading.Thread(target=lambda: [progress.advance(1) for _ in range(2000)]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert stream.getvalue().splitlines()[-1].startswith("reading: 8,000 rows in ")


def test_a_terminal_gets_a_bar_with_its_notes():
    stream = Terminal()
    with Progress(10, "reading [all]", stream=stream) as progress:
        progress.note("compiling kernels, once [kernels]")
        progress.advance(10)
    assert "reading [all]" in stream.getvalue()
    assert "compiling kernels, once [kernels]" in stream.getvalue()
    assert "100%" in stream.getvalue()


def test_a_bar_without_a_total_is_drawn():
    stream = Terminal()
    with Progress(None, "reading", show=True, stream=stream) as progress:
        progress.advance(3)
    assert "reading" in stream.getvalue()


def test_standard_error_is_the_default(capsys):
    with Progress(2, "reading", show=True) as progress:
        progress.advance(2)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("reading: 2 of 2 rows (100%)")


def test_a_program_without_standard_error_is_silent(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    with Progress(2, "reading", show=True) as progress:
        progress.advance(2)


def test_a_program_is_told_of_progress_about_ten_times_a_second():
    told, clock, stream = [], Clock(), io.StringIO()
    with told_to(told.append), Progress(100, "reading", "texts", stream=stream, clock=clock) as progress:
        for clock.now in (0.05, 0.1, 0.15, 0.2):
            progress.advance(10)
    assert stream.getvalue() == ""
    assert [(each.done, each.total, each.label, each.unit) for each in told] == [
        (done, 100, "reading", "texts") for done in (0, 20, 40, 40)
    ]


def test_a_program_is_told_of_notes_and_numbers_at_once():
    told = []
    with told_to(told.append), Progress(None, "learning", clock=Clock()) as progress:
        progress.note("compiling")
        progress.state(loss=0.5, held_out=0.25)
    assert [each.note for each in told if each.note] == ["compiling"]
    assert [each.numbers for each in told if each.numbers] == [{"loss": 0.5, "held_out": 0.25}]


def test_a_program_is_told_nothing_where_nothing_is_to_be_shown_and_nothing_afterwards():
    told = []
    with told_to(told.append), Progress(10, "reading", show=False) as progress:
        progress.advance(10)
    with Progress(10, "reading", stream=io.StringIO()) as progress:
        progress.advance(10)
    assert told == []


def test_numbers_stand_beside_how_much_is_done():
    stream, clock = io.StringIO(), Clock()
    with Progress(10, "learning", show=True, stream=stream, clock=clock) as progress:
        progress.state(loss=0.5, held_out=0.25)
        clock.now = 1
        progress.advance(5)
    assert "left, loss 0.5000, held out 0.2500" in stream.getvalue()
