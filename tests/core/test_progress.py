"""What a person sees while something takes its time."""

import io

import pytest

from polymodal.core import progress


class Terminal(io.StringIO):
    """A terminal, as far as anybody asks."""

    def isatty(self):
        return True


@pytest.mark.parametrize(("stderr", "seen"), [
    (Terminal(), "Loading it ...\r              \r"), (io.StringIO(), "")])
def test_a_terminal_shows_what_is_waited_for_and_then_no_longer(monkeypatch, stderr, seen):
    monkeypatch.setattr("sys.stderr", stderr)
    with progress.waiting("Loading it"):
        assert stderr.getvalue() == seen[:len("Loading it ...\r")]
    assert stderr.getvalue() == seen


def test_what_fails_is_taken_away_too(monkeypatch):
    monkeypatch.setattr("sys.stderr", Terminal())
    with pytest.raises(OSError), progress.waiting("Loading it"):
        raise OSError
    assert progress.sys.stderr.getvalue().endswith(" \r")
