"""A search within a limit: what is tried first, resuming, and the winner scored once."""

import csv
import json

import numpy as np
import pytest

from command_line import in_process
from polymodal.core.errors import ResumeError
from polymodal.questions.tune.space import INFERRED, Space
from polymodal.questions.tune.tune import tune
from polymodal.recipe.infer import infer
from polymodal.recipe.recipe import from_dict
from polymodal.tables.table import read

SMALL = {"dim": 8, "training": {"epochs": 2}}


def rows(count=150, seed=0):
    """A number and a word tell the class, with some noise."""
    rng = np.random.default_rng(seed)
    value, word = rng.normal(size=count), rng.integers(2, size=count)
    label = value + word > 0.5
    return {
        "value": value.tolist(),
        "said": [f"it was {'cold' if w else 'warm'}" for w in word],
        "class": np.where(label, "high", "low").tolist(),
    }


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path, lines = tmp_path_factory.mktemp("tune") / "table.json", rows()
    path.write_text(
        json.dumps(
            [dict(zip(lines, one, strict=True)) for one in zip(*lines.values(), strict=True)]
        )
    )
    return path


@pytest.fixture(scope="module")
def searched(table):
    return tune(table, "class", out=table.parent / "run", minutes=5, trials=2, given=SMALL)


def test_the_inferred_recipe_and_those_of_the_article_come_first(shared_data):
    table = read(shared_data / "av_digits/val.csv")
    recipe = from_dict(infer(table, {"target": "digit"}, ["speaker"]).values)
    first = Space(recipe, {"target": "digit"}).first()
    assert set(first[0].values()) == {INFERRED, 1.0}
    assert [one["fusion"] for one in first[1:]] == ["concat", "weighted_sum"]
    assert all(one["encoder of image"] == "convnet" for one in first[1:])
    assert all(one["encoder of audio"] == "rnn" for one in first[1:])


def test_settings_that_the_user_made_are_not_searched():
    recipe = from_dict(infer(read(rows()), {"target": "class", "fusion": "concat"}).values)
    space = Space(recipe, {"target": "class", "fusion": "concat", "dim": 16})
    choices = space.first()[0]
    assert not {"fusion", "dim"} & set(choices)
    assert space.settings({**choices, "rate": 0.5})["training"]["learning_rate"] == pytest.approx(
        recipe.training["learning_rate"] / 2
    )


def test_the_winner_is_scored_once_on_rows_that_no_candidate_saw(searched):
    assert searched.unseen["rows"] == 30
    assert 0 <= searched.unseen["inferred"] <= 1
    assert searched.interval[0] <= searched.expected <= searched.interval[1]
    assert (searched.folder / "winner/model.json").is_file()
    assert "never saw" in " ".join(searched.sentences())
    json.dumps(searched.to_json())


def test_the_leaderboard_has_the_cost_of_each_candidate(searched):
    with (searched.folder / "leaderboard.csv").open() as lines:
        found = list(csv.DictReader(lines))
    assert len(found) == 2
    assert all(float(line["seconds"]) > 0 and float(line["megabytes"]) > 0 for line in found)
    assert all(int(line["parameters"]) > 0 for line in found)
    assert {"the inferred recipe"} < {line["choices"] for line in found}


def test_a_finished_search_is_shown_again_and_another_is_refused(searched, table):
    scored = (searched.folder / "unseen.json").stat().st_mtime_ns
    again = tune(table, "class", out=searched.folder, minutes=5, trials=2, given=SMALL)
    assert (searched.folder / "unseen.json").stat().st_mtime_ns == scored
    assert again.winner.trial == searched.winner.trial
    with pytest.raises(ResumeError, match="Choose another --out"):
        tune(rows(seed=1), "class", out=searched.folder, given=SMALL)


def test_the_command_prints_the_leaderboard_of_the_same_search(searched, table):
    done = in_process(
        "tune",
        "--data",
        table,
        "--target",
        "class",
        "--out",
        searched.folder,
        "--trials",
        2,
        "--set",
        "dim=8",
        "--set",
        "training.epochs=2",
    )
    assert "the inferred recipe" in done.stdout
    assert "never saw" in done.stdout
