"""A search that is killed, or shared by two processes, loses and repeats nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import numpy as np
import pytest

from polymodal.core.faults import VARIABLE

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(120, 2)).round(3)
    lines = [f"{a},{b},{'high' if a + b > 0 else 'low'}" for a, b in values]
    path = tmp_path_factory.mktemp("search") / "table.csv"
    path.write_text("\n".join(["a,b,y", *lines]) + "\n")
    return path


def start(table, folder, trials, fault=""):
    """Starts a search that ends after some candidates, or dies at `fault`."""
    environment = {key: value for key, value in os.environ.items() if key != VARIABLE}
    words = [
        "tune",
        "--data",
        table,
        "--target",
        "y",
        "--out",
        folder,
        "--minutes",
        10,
        "--trials",
        trials,
        "--set",
        "training.epochs=2",
        "--set",
        "dim=8",
        "--json",
    ]
    return subprocess.Popen(
        [sys.executable, "-m", "polymodal", *map(str, words)],
        env={**environment, VARIABLE: fault},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process):
    said, told = process.communicate()
    assert process.returncode == 0, told
    return json.loads(said)


@pytest.mark.parametrize("fault", ["epoch_finished:1", "epoch_finished:3", "run_finished:2"])
def test_a_killed_search_goes_on_and_tries_the_candidate_again(table, tmp_path, fault):
    killed = start(table, tmp_path / "run", 3, fault)
    killed.communicate()
    assert killed.returncode < 0
    found = ended(start(table, tmp_path / "run", 4))
    scores = [one for one in found["candidates"] if "score" in one]
    assert len(scores) >= 2
    assert found["unseen"]["before"] is False
    assert found["unseen"]["inferred"] is not None
    choices = [json.dumps(one["choices"], sort_keys=True) for one in scores]
    assert len(set(choices)) == len(choices)


def test_two_processes_share_the_candidates_of_one_folder(table, tmp_path):
    first = start(table, tmp_path / "run", 5)
    deadline = time.monotonic() + 120
    while not (tmp_path / "run" / "journal.log").exists() and time.monotonic() < deadline:
        time.sleep(0.2)  # the second begins while the first searches
    found = [
        ended(first_or_second) for first_or_second in (first, start(table, tmp_path / "run", 5))
    ]
    last = max(found, key=lambda one: len(one["candidates"]))
    done = [one for one in last["candidates"] if "score" in one]
    assert len(done) >= 2
    assert len({one["trial"] for one in last["candidates"]}) == len(last["candidates"])
    assert sum(one["unseen"] is not None for one in found) >= 1
    assert (tmp_path / "run" / "winner" / "model.json").is_file()
