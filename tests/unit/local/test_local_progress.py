"""What takes long says how far it is and what is left; what is quick says nothing."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.console import durations, steps
from local.console.progress import Progress, measured, remaining, spoken


class Screen(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


@dataclass(slots=True)
class Told:
    """A progress over a clock that the test moves."""

    out: io.StringIO = field(default_factory=io.StringIO)
    usual: float | None = None
    at: float = 100.0
    progress: Progress = field(init=False)

    def __post_init__(self) -> None:
        self.progress = Progress("replaying", usual=self.usual, out=self.out, elapsed=lambda: self.at)

    def after(self, seconds: float, share: float | None = None, note: str = "") -> str:
        """What is written where it is told so many seconds after it began."""
        self.at = 100.0 + seconds
        begin = len(self.out.getvalue())
        self.progress.tell(share, note)
        return self.out.getvalue()[begin:]


def test_what_takes_less_than_ten_seconds_writes_no_line() -> None:
    told = Told()

    assert [told.after(seconds, seconds / 10) for seconds in (1, 5, 9.9)] == ["", "", ""]


def test_away_from_a_terminal_it_is_a_line_each_ten_seconds() -> None:
    told = Told()

    said = [told.after(seconds, seconds / 40) for seconds in range(1, 31)]

    assert [line for line in said if line] == [
        "  replaying: 25% after 10 s, about 30 s left\n",
        "  replaying: 50% after 20 s, about 20 s left\n",
        "  replaying: 75% after 30 s, about 10 s left\n",
    ]


def test_on_a_terminal_the_line_is_written_over_and_taken_away_at_the_end() -> None:
    told = Told(out=Screen())

    assert told.after(2, 0.5, "it is noon") == "\r\x1b[K  replaying: 50% after 2 s, about 2 s left (it is noon)"
    assert told.after(2.1) == ""
    told.progress.line("something else")
    told.after(3)
    told.progress.end()
    assert told.out.getvalue().endswith("\r\x1b[K")
    assert "\r\x1b[Ksomething else\n" in told.out.getvalue()


def test_where_nothing_is_counted_the_last_time_is_the_measure() -> None:
    told = Told(usual=40)

    assert told.after(15) == "  replaying: 15 s, about 25 s left\n"
    assert told.after(45) == "  replaying: 45 s, it took 40 s the last time\n"


@given(elapsed=st.floats(0, 1e6), share=st.none() | st.floats(0, 1), usual=st.none() | st.floats(0, 1e6))
def test_an_estimate_is_never_below_zero(elapsed: float, share: float | None, usual: float | None) -> None:
    left = remaining(elapsed, share, usual)

    assert left is None or left >= 0


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.2, "0 s"), (59.6, "60 s"), (99, "99 s"), (100, "2 min"), (3600, "60 min"), (7260, "2 h 1 min")],
)
def test_spans_are_told_as_a_person_says_them(seconds: float, said: str) -> None:
    assert spoken(seconds) == said


def test_only_what_came_to_its_end_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: dict[str, float] = {}
    monkeypatch.setattr(durations, "keep", kept.__setitem__)

    with measured("good", "good"):
        pass
    with measured("refused", "refused") as progress:
        progress.forget()
    with pytest.raises(ZeroDivisionError), measured("bad", "bad"):
        raise ZeroDivisionError

    assert list(kept) == ["good"]


def test_a_file_of_durations_that_is_no_good_is_as_none(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "durations.json"

    assert durations.last("run", file) is None
    durations.keep("run", 61.26, file)
    assert durations.last("run", file) == 61.3
    file.write_text("[1, 2")
    assert durations.last("run", file) is None
    durations.keep("other", 2, file)
    assert json.loads(file.read_text()) == {"other": 2}


def test_a_step_passes_on_what_its_command_writes_and_how_it_ended(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: dict[str, float] = {}
    monkeypatch.setattr(durations, "keep", kept.__setitem__)

    ended = [
        steps.main([name, "--", sys.executable, "-c", f"print({name!r}); raise SystemExit({code})"])
        for name, code in (("fine", 0), ("refused", 7))
    ]

    assert ended == [0, 7]
    assert capsys.readouterr().out == "fine\nrefused\n"
    assert list(kept) == ["fine"]


def test_a_step_that_cannot_be_run_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert steps.main(["gone", "--", "/no/such/command"]) == 127
    assert steps.main(["gone"]) == 2
    assert "/no/such/command cannot be run" in capsys.readouterr().err
