"""Runs that are killed anywhere, alone or two on one folder, end with the bytes of a whole run."""

import pytest

from kills import campaign


@pytest.mark.slow
def test_no_kill_changes_a_byte_or_loses_a_run(tmp_path, capsys):
    count = campaign(tmp_path, runs=18, seed=0)
    with capsys.disabled():
        print(f"\n{count}")
    assert (count.same, count.runs) == (18, 18)
    assert count.kills >= 30
    assert count.refused >= 3
