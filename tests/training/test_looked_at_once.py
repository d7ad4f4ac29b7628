"""A run asks each question about its table once, and decodes each media cell once."""

from __future__ import annotations

from collections import Counter

import pytest

from polymodal.preprocess.image import Image
from polymodal.profile import profile as profile_file
from polymodal.profile import target_form
from polymodal.splits import leaks as leaks_file
from polymodal.tables.table import read
from polymodal.training.run import train
from published_sets import write_pictures

pytestmark = pytest.mark.engine

NAMES = [f"{i}.png" for i in range(24)]


@pytest.fixture
def table(tmp_path):
    write_pictures(tmp_path, *NAMES)
    rows = {"photo": NAMES, "age": [20 + i % 7 for i in range(24)], "label": ["cat", "dog"] * 12}
    return read(rows, media_root=tmp_path)


def count(monkeypatch, where, name, key):
    """Counts the calls of a function by what `key` makes of its arguments."""
    calls, function = Counter(), getattr(where, name)

    def counting(*args, **options):
        calls[key(*args)] += 1
        return function(*args, **options)

    monkeypatch.setattr(where, name, counting)
    return calls


def run(table, tmp_path):
    given = {"target": "label", "dim": 8, "training": {"epochs": 1}}
    return train({"train": table}, given, tmp_path / "run", baselines=False)


def test_each_question_is_answered_once(table, tmp_path, monkeypatch):
    seen = count(
        monkeypatch, profile_file, "Observed", lambda table, name, given=None: (table, name)
    )
    judged = count(monkeypatch, profile_file, "judge", lambda column: (column.table, column.name))
    tasks = count(monkeypatch, target_form, "_form", lambda facts, column: column.name)
    splits = count(monkeypatch, profile_file, "_left_open", lambda table, name: (table, name))
    distinct = count(monkeypatch, profile_file, "distinct", lambda values, length: length)
    leaks = count(monkeypatch, leaks_file, "_hashes", lambda table, name, _: (table, name))
    run(table, tmp_path)
    for counted in (seen, judged, tasks, splits, leaks):
        assert set(counted.values()) == {1}
    # The table; val in validation, to be calibrated and with inputs hidden.
    assert distinct == {24: 1, 4: 3}
    assert {name for _, name in judged} == {"photo", "age"}
    assert {name for given, name in splits if given is table} == {"photo", "age"}
    assert all(given is table for given, _ in [*seen, *judged, *leaks])  # parts share what it has


@pytest.mark.parametrize("cached", [True, False])
def test_each_cell_is_decoded_once(table, tmp_path, monkeypatch, cached):
    folder = tmp_path / "cache"
    if not cached:
        folder.write_text("no folder")
    monkeypatch.setenv("POLYMODAL_CACHE", str(folder))
    decoded = count(monkeypatch, Image, "decode", lambda modality, cell, root: cell)
    predictor = run(table, tmp_path).predictor
    assert decoded == Counter(NAMES)
    decoded.clear()
    assert len(predictor.predict(table)) == 24
    assert decoded == Counter(NAMES)
