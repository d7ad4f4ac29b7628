"""Thousands of damaged files: none ends the process, or is read where a checksum tells."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from mutated_media import FILES

PROGRAM = Path(__file__).parents[1] / "mutated_media.py"
SEED, COUNT = 32, 200  # of each file
SECONDS = 240  # for all of one file; a reading takes milliseconds
MEGABYTES = 150  # that the process may grow by


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_no_damage_is_passed_over_or_ends_the_process(name, capsys):
    command = [sys.executable, str(PROGRAM), name, str(SEED), str(COUNT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    results = [line for line in lines if "found" in line]
    assert done.returncode == 0, f"died at {lines[-1:]}: {done.stderr[-2000:]}"
    counts = Counter(one for line in results for one in line["found"])
    with capsys.disabled():
        print(
            f"\n{name}: {len(results)} damaged files, {counts['error']} errors, "
            f"{counts['uncaught']} uncaught, {counts['silent']} silent, "
            f"{counts['payload']} other changes, {counts['same']} without effect"
        )
    assert len(results) == COUNT
    assert (counts["uncaught"], counts["silent"]) == (0, 0), done.stderr[-2000:]
    assert results[-1]["grown_megabytes"] < MEGABYTES
