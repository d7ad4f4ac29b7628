"""Retrieval from a table to a search: one command trains two towers."""

from __future__ import annotations

import json

import pytest

from polymodal import Retriever
from polymodal.core.errors import RecipeError
from polymodal.scenes.write import write
from polymodal.tables.table import read
from polymodal.training.run import train


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scenes")
    return write(folder / "small", "captions", num_train=32, num_val=8, num_test=16)


@pytest.fixture(scope="module")
def retriever(scenes, tmp_path_factory):
    model = Retriever(
        ["caption"],
        ["image"],
        dim=8,
        training={"epochs": 1},
        inputs={"image": {"size": 16}, "caption": {"encoder": "bag"}},
    )
    return model.fit(
        scenes["train"],
        val=scenes["val"],
        test=scenes["test"],
        out=tmp_path_factory.mktemp("run") / "run",
    )


def test_a_run_has_recall_both_ways_with_intervals(retriever):
    found = retriever.metrics["test"]
    assert set(found["metrics"]) == {
        f"{way}recall@{level}" for way in ("", "reverse_") for level in (1, 5, 10)
    }
    assert set(found["intervals"]) == set(found["metrics"])
    assert (retriever.folder / "report.html").is_file()
    values = json.loads((retriever.folder / "metrics.json").read_text())
    assert values["baseline"]["metrics"]["recall@10"] == pytest.approx(10 / 16, abs=0.05)


def test_a_search_gives_rows_by_query_and_by_answer(retriever, scenes):
    found = retriever.search("a red ball", scenes["test"], num=3)
    assert len(found) == 3
    assert found[0]["score"] >= found[-1]["score"]
    assert list(found[0]["cells"]) == ["image"]
    picture = scenes["test"].parent / found[0]["cells"]["image"]
    back = retriever.search(str(picture), scenes["test"], num=2, by="answer")
    assert list(back[0]["cells"]) == ["caption"]


def test_a_search_needs_a_column_that_asks(retriever, scenes):
    with pytest.raises(RecipeError, match=r"search needs a query of caption\. Got note"):
        retriever.search({"note": "a ball"}, scenes["test"])
    with pytest.raises(RecipeError, match="needs a column to search: image"):
        retriever.search("a ball", [{"caption": "a ball"}])


def test_a_run_that_compares_inputs_takes_no_target(scenes):
    with pytest.raises(RecipeError, match="compares inputs and needs no target"):
        train(
            {"train": read(scenes["train"])},
            {
                "target": "caption",
                "task": {"name": "retrieval", "query": ["caption"], "answer": ["image"]},
            },
            scenes["train"].parent / "run",
        )


def test_photos_are_a_smoke_test(shared_data, tmp_path):
    rows = [
        json.loads(line)
        for line in (shared_data / "photos" / "captions.jsonl").read_text().splitlines()
    ]
    column = next(name for name, value in rows[0].items() if name != "image")
    model = Retriever(
        [column],
        ["image"],
        dim=8,
        training={"epochs": 1, "seed": 1},
        inputs={"image": {"size": 16}},
    )
    model.fit(shared_data / "photos" / "captions.jsonl", out=tmp_path / "run")
    assert "recall@10" in model.metrics["val"]["metrics"]


@pytest.mark.slow
def test_images_of_unseen_scenes_are_found_by_their_captions(tmp_path):
    tables = write(tmp_path / "scenes", "captions", num_train=2000, num_val=100, num_test=500)
    model = Retriever(["captions"], ["image"], training={"epochs": 12})
    model.fit(tables["train"], val=tables["val"], test=tables["test"])
    found = model.metrics["test"]["metrics"]
    assert min(found["recall@10"], found["reverse_recall@10"]) >= 10 * 10 / 500
