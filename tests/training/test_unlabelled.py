"""Rows without a target: trained on where an objective needs none, never scored."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

import polymodal as pm
from polymodal.core.errors import DataError, RecipeError, ResumeError
from polymodal.profile.profile import profile
from polymodal.training.choose import choose
from polymodal.training.preparing.added import added_to
from polymodal.training.preparing.unlabelled import moved_to_train

pytestmark = pytest.mark.engine

QUICK = {
    "epochs": 2,
    "augment": False,
    "jit": False,
    "precision": "float32",
    "batch_size": 16,
    "early_stopping": False,
}
CONTRAST = {"contrastive": {"dim": 8}}


def rows_of(count=60, labelled=20):
    """Two vectors of one class, whose name only the first rows have."""
    rng, rows = np.random.default_rng(0), []
    for number in range(count):
        kind = number % 2
        one, other = (rng.normal(2 * kind - 1, 1, 4).round(3).tolist() for _ in "ab")
        rows.append(
            {"one": one, "other": other, "label": "ab"[kind] if number < labelled else None}
        )
    return rows


def fit(rows, out, **given):
    model = pm.Classifier("label", dim=8, training=QUICK, **given)
    return model.fit(pm.read(rows), val=pm.read(rows_of(20)), out=out)


def test_they_are_trained_on_and_told_of(tmp_path, capsys):
    model = fit(rows_of(), tmp_path / "run", objectives=CONTRAST)
    told = capsys.readouterr().err
    assert (
        "40 rows without a target and 20 with one are trained on: contrastive needs none." in told
    )
    history = [json.loads(line) for line in (tmp_path / "run" / "history.jsonl").open()]
    assert all(np.isfinite(epoch["objectives"]["contrastive"]) for epoch in history)
    assert model.metrics["val"]["rows"]["used"] == 20


def test_a_single_input_is_compared_on_rows_with_a_target(tmp_path):
    model = pm.Classifier("label", dim=8, training=QUICK, objectives=CONTRAST)
    model.fit(pm.read(rows_of()), val=pm.read(rows_of(20)), out=tmp_path / "run", baselines=True)
    assert model.metrics["val"]["rows"]["used"] == 20


def test_a_table_without_any_target_is_refused(tmp_path):
    with pytest.raises(DataError, match="empty in every row"):
        fit(rows_of(labelled=0), tmp_path / "run", objectives=CONTRAST)


def test_rows_held_out_all_have_a_target():
    rows = rows_of()
    whole = profile(pm.read(rows))
    halves = {"train": whole.part(np.arange(0, 60, 2)), "val": whole.part(np.arange(1, 60, 2))}
    found = moved_to_train(whole, halves, "label")
    assert found["val"].table.row_ids.tolist() == [*range(1, 20, 2)]
    assert found["train"].table.row_ids.tolist() == [*range(0, 20, 2), *range(20, 60)]


def apart(rows, **more):
    """The rows with a target, and the others without the column."""
    labelled = [row for row in rows if row["label"] is not None]
    return labelled, [
        {"one": row["one"], "other": row["other"], **more} for row in rows if row["label"] is None
    ]


def test_a_second_table_trains_the_same_model(tmp_path, capsys):
    one = fit(rows_of(), tmp_path / "one", objectives=CONTRAST)
    labelled, others = apart(rows_of())
    capsys.readouterr()
    model = pm.Classifier("label", dim=8, training=QUICK, objectives=CONTRAST)
    model.fit(
        pm.read(labelled, name="own.csv"),
        val=pm.read(rows_of(20)),
        out=tmp_path / "two",
        unlabelled=[pm.read(others[:30], name="more.csv"), pm.read(others[30:], name="last.csv")],
    )
    told = capsys.readouterr().err
    assert "40 rows of more.csv and last.csv, without a target, are added to the 20" in told
    assert "more.csv: 30 rows read" in told
    weights = [(tmp_path / name / "weights.safetensors").read_bytes() for name in ("one", "two")]
    assert weights[0] == weights[1]
    assert one.metrics["val"]["metrics"] == model.metrics["val"]["metrics"]
    assert "40 rows without a target and 20" in (tmp_path / "two" / "report.html").read_text()


def test_a_resume_holds_to_the_added_rows(tmp_path, monkeypatch):
    labelled, others = apart(rows_of())
    for name, rows in (("own", labelled), ("more", others), ("val", rows_of(20))):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    monkeypatch.chdir(tmp_path)

    def begin():
        model = pm.Classifier("label", dim=8, training={**QUICK, "epochs": 3}, objectives=CONTRAST)
        return model.fit(
            "own.jsonl", val="val.jsonl", unlabelled="more.jsonl", out="run", keep_checkpoints=True
        )

    begin()
    assert "--unlabelled more.jsonl" in (tmp_path / "run" / "report.html").read_text()
    (tmp_path / "more.jsonl").write_text("\n".join(map(json.dumps, others[1:])))
    with pytest.raises(ResumeError, match="table has changed"):
        begin()


def test_added_rows_that_cannot_be_used_are_named(tmp_path):
    labelled, others = apart(rows_of())
    others[2]["other"] = [1.0]  # of another length

    def begin(table, **given):
        given = {"objectives": CONTRAST, **given}
        model = pm.Classifier("label", dim=8, training=QUICK, **given)
        model.fit(
            pm.read(labelled),
            val=pm.read(rows_of(20)),
            out=tmp_path / "run",
            unlabelled=table,
            dry_run=True,
        )

    for table, match, given in (
        (pm.read(others, name="more.csv"), r"more.csv row 3", {}),
        (pm.read(others[:2], name="more.csv"), "needs a setting that learns", {"objectives": {}}),
        (pm.read([{"one": [1.0] * 4}], name="more.csv"), "more.csv needs.*no other", {}),
        (pm.read(rows_of(), name="more.csv"), r"more.csv row 1: .*has a target in 20 rows", {}),
        (pm.read(others[:2], name="more.csv"), "rows stand alone", {"group": "one"}),
    ):
        with pytest.raises((DataError, RecipeError), match=match):
            begin(table, **given)
    with pytest.raises(RecipeError, match="needs a task with a target"):
        added_to(profile(pm.read(labelled)), [pm.read(others)], {"objectives": CONTRAST})


def test_added_rows_of_a_group_that_is_scored_are_not_used(capsys):
    rows = [
        {"text": f"a {number} b", "speaker": "uvwxy"[number % 5], "label": "ab"[number % 2]}
        for number in range(40)
    ]
    more = pm.read(
        [{"text": f"c {number}", "speaker": "uvwxyz"[number % 6]} for number in range(60)],
        name="more.csv",
    )
    given = {"target": "label", "objectives": {"masked": {}}}
    _, _, facts, _ = choose(
        {"train": pm.read(rows), "unlabelled": more}, given, [], None, "speaker"
    )
    held = {*facts["val"].table.values("speaker")}
    told = capsys.readouterr().err
    assert held
    assert not held & {*facts["train"].table.values("speaker")}
    assert f"{60 - 10 * len(held)} rows of more.csv" in told
    assert f"{10 * len(held)} rows of more.csv are not used" in told


def test_media_of_an_added_table_are_found_from_its_own_folder(tmp_path):
    for place, shade in (("a", 10), ("b", 200)):
        (tmp_path / place).mkdir()
        for number in range(4):
            Image.new("RGB", (8, 8), (shade, number, 0)).save(tmp_path / place / f"{number}.png")
    own = pm.read(
        [{"image": f"{n}.png", "text": f"t {n}", "label": "ab"[n % 2]} for n in range(4)],
        media_root=tmp_path / "a",
    )
    more = pm.read(
        [{"image": f"{n}.png", "text": f"t {n}"} for n in range(4)],
        name="more.csv",
        media_root=tmp_path / "b",
    )
    found = added_to(profile(own), [more], {"target": "label", "objectives": {"contrastive": {}}})
    cells = list(found.behind({"train": found.own}, [], None)["train"].table.values("image"))
    assert cells[:4] == [f"{n}.png" for n in range(4)]
    assert cells[4:] == [str(tmp_path / "b" / f"{n}.png") for n in range(4)]
