"""What a person sees while something takes its time."""

import io

import pytest

from polymodal.core.printed import progress
from polymodal.core.printed.visible import one_line


class Terminal(io.StringIO):
    """A terminal, as far as anybody asks."""

    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("stderr", "seen"), [(Terminal(), "Loading it ...\r              \r"), (io.StringIO(), "")]
)
def test_a_terminal_shows_what_is_waited_for_and_then_no_longer(monkeypatch, stderr, seen):
    monkeypatch.setattr("sys.stderr", stderr)
    with progress.waiting("Loading it"):
        assert stderr.getvalue() == seen[: len("Loading it ...\r")]
    assert stderr.getvalue() == seen


def test_what_fails_is_taken_away_too(monkeypatch):
    monkeypatch.setattr("sys.stderr", Terminal())
    with pytest.raises(OSError), progress.waiting("Loading it"):
        raise OSError
    assert progress.sys.stderr.getvalue().endswith(" \r")


@pytest.fixture
def log_file(monkeypatch, capsys):
    """What is in stderr, a file, so far, without the thread that writes to it by the clock."""
    monkeypatch.setattr(progress, "_start_beat", lambda: None)
    seen = []

    def read():
        seen.append(capsys.readouterr().err)
        return "".join(seen)

    return read


def test_a_log_file_gets_a_line_every_half_minute(log_file, monkeypatch):
    monkeypatch.setattr(progress, "_last_line", 0.0)
    with progress.bar("Checking image", 2000) as advance:
        progress._running[-1].start = 100.0
        advance(500)
        assert progress._beat_at(110.0) <= 20
        assert log_file() == ""
        assert progress._beat_at(130.0) == 30
        assert log_file() == "Checking image: 500 of 2,000 after 30 s\n"
    progress._beat_at(500.0)  # nothing is going on any more
    assert log_file().count("\n") == 1


def test_what_is_waited_for_reaches_a_log_file_too(log_file, monkeypatch):
    monkeypatch.setattr(progress, "_last_line", 0.0)
    with progress.waiting("Reading a.csv"):
        progress._running[-1].start = 0.0
        progress._beat_at(95.0)
    assert log_file() == "Reading a.csv: after 1 min 35 s\n"


def test_a_message_puts_the_next_line_off(log_file):
    with progress.bar("Checking image", 2000):
        progress.say("hello")
        progress._beat_at(progress._last_line + 29)
    assert log_file() == "hello\n"


def test_quiet_prints_warnings_alone(log_file, monkeypatch):
    with progress.quiet(), progress.bar("Checking image", 2000), progress.waiting("Reading"):
        progress.say("hello")
        progress.warn("careful")
        progress._beat_at(progress._last_line + 1000)
    progress.say("again")
    assert log_file() == "Warning: careful\nagain\n"


def test_quiet_that_is_not_wanted_changes_nothing(log_file):
    with progress.quiet(), progress.quiet(False):
        progress.say("hello")
    assert log_file() == ""


def test_a_bar_inside_another_is_not_drawn(monkeypatch):
    monkeypatch.setattr("sys.stderr", Terminal())
    with progress.waiting("Reading"), progress.bar("rows", 3) as advance:
        advance()
    assert "rows" not in progress.sys.stderr.getvalue()


def test_quiet_is_public():
    import polymodal

    assert polymodal.quiet is progress.quiet


@pytest.mark.parametrize("name", ["img [/x]", "[bold]x[/bold]", "\x1b[31mred", "a\u202eb"])
def test_a_bar_shows_any_name_as_it_is(monkeypatch, name):
    monkeypatch.setattr("sys.stderr", Terminal())
    monkeypatch.setenv("COLUMNS", "200")
    with progress.bar(f"Checking {name}", 3) as advance:
        advance(3)
    written = progress.sys.stderr.getvalue()
    assert one_line(name) in written
    assert "\x1b[31mred" not in written
    assert "\u202e" not in written


@pytest.mark.parametrize(
    ("speak", "stream"), [(progress.say, "err"), (progress.warn, "err"), (progress.show, "out")]
)
def test_nothing_printed_commands_the_terminal(capsys, speak, stream):
    speak("column \x1b]0;title\x07 and \u202e\r")
    written = getattr(capsys.readouterr(), stream)
    assert written.rstrip("\n").isprintable()
    assert "\\x1b]0;title\\x07" in written


def test_each_kind_of_warning_is_said_once_where_asked(log_file):
    with progress.warned_once():
        progress.warn("3 of 20 rows of val are also in train")
        progress.warn("5 of 1,040.5 rows of val are also in train")
        progress.warn("another")
    progress.warn("5 of 40 rows of val are also in train")
    assert log_file().splitlines() == [
        "Warning: 3 of 20 rows of val are also in train",
        "Warning: another",
        "Warning: 5 of 40 rows of val are also in train",
    ]
