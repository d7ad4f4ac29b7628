"""The question as a whole: the quick proxy, and models that are trained."""

import json

import numpy as np
import pytest

from command_line import in_process
from polymodal.core.errors import RecipeError, ResumeError
from polymodal.questions.needs.needs import needs


def rows(count=240, seed=0):
    """Two numbers and a word tell the class, with some noise."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(count, 2))
    wrong = rng.random(count) < 0.1
    label = (values.sum(axis=1) > 0) ^ wrong
    return {
        "first": values[:, 0].tolist(),
        "second": values[:, 1].tolist(),
        "class": np.where(label, "high", "low").tolist(),
    }


@pytest.fixture(scope="module")
def by_proxy(tmp_path_factory):
    return needs(
        rows(),
        "class",
        proxy=True,
        goal=0.8,
        num_seeds=4,
        num_sizes=5,
        runs=tmp_path_factory.mktemp("needs") / "proxy",
    )


def test_a_proxy_answers_and_is_named(by_proxy):
    said = by_proxy.sentences()
    assert "quick proxy" in said[0]
    found = by_proxy.to_json()
    assert found["metric"] == "accuracy"
    assert 0.75 < found["now"]["score"] < 0.98
    assert found["curve"][-1]["rows"] == 192
    json.dumps(found)


def test_more_rows_are_said_with_an_interval_and_a_goal_with_a_chance(by_proxy):
    if by_proxy.no_answer:
        pytest.fail(by_proxy.no_answer)
    found = by_proxy.to_json()
    low, high = found["more"]["2"]["interval"]
    assert low <= found["more"]["2"]["score"] <= high
    assert found["more"]["10"]["rows"] == 2400
    assert found["goal"]["chance"]["10"] >= found["goal"]["chance"]["1"]
    assert any("chance" in sentence or "thousand" in sentence for sentence in by_proxy.sentences())


def test_numbers_and_several_labels_have_a_proxy(tmp_path):
    table = rows(160)
    number = {**table, "class": (np.array(table["first"]) * 2 + 1).tolist()}
    found = needs(number, "class", proxy=True, num_seeds=2, num_sizes=4, runs=tmp_path / "number")
    assert found.metric == "mae"
    assert found.score(found.curve.mean[-1]) < 0.8
    several = {**table, "class": [["a"] if a > 0 else ["a", "b"] for a in table["first"]]}
    found = needs(several, "class", proxy=True, num_seeds=2, num_sizes=4, runs=tmp_path / "several")
    assert found.metric == "f1_macro"


def test_texts_have_no_proxy(tmp_path):
    with pytest.raises(RecipeError, match="one answer for each row"):
        needs(
            {
                "first": np.random.default_rng(0).normal(size=80).tolist(),
                "class": [f"words {i} and more" for i in range(80)],
            },
            "class",
            proxy=True,
            given={"task": "caption"},
            runs=tmp_path,
        )


def test_a_stopped_question_goes_on_and_another_is_refused(tmp_path):
    ask = lambda **more: needs(
        rows(120), "class", proxy=True, num_seeds=2, num_sizes=4, runs=tmp_path / "kept", **more
    )
    first = ask()
    last = sorted((tmp_path / "kept").glob("*.npz"))[-1]
    last.unlink()  # as if it had been stopped before the last training
    others = {path: path.stat().st_mtime_ns for path in (tmp_path / "kept").glob("*.npz")}
    again = ask()
    assert {path: path.stat().st_mtime_ns for path in others} == others
    assert again.to_json()["curve"] == first.to_json()["curve"]
    with pytest.raises(ResumeError, match="Choose another --runs"):
        ask(ignore=["second"])


def test_models_are_trained_and_kept(tmp_path):
    given = {"dim": 8, "training": {"epochs": 2}}
    ask = lambda: needs(rows(100), "class", given=given, num_seeds=1, num_sizes=2, runs=tmp_path)
    found = ask()
    assert found.to_json()["curve"][1]["rows"] == 80
    assert "Too few rows" in found.no_answer
    assert (tmp_path / "rows80-seed0/weights.safetensors").is_file()
    assert ask().to_json()["curve"] == found.to_json()["curve"]


def test_the_command_prints_json_and_writes_a_page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table, page = tmp_path / "table.json", tmp_path / "needs.html"
    lines = rows(200)
    table.write_text(
        json.dumps(
            [dict(zip(lines, one, strict=True)) for one in zip(*lines.values(), strict=True)]
        )
    )
    done = in_process(
        "needs",
        "--data",
        table,
        "--target",
        "class",
        "--proxy",
        "--seeds",
        3,
        "--sizes",
        5,
        "--out",
        page,
        "--json",
    )
    assert len(json.loads(done.stdout)["curve"]) == 5
    assert "Expected time" in done.stderr
    assert "Learning curve" in page.read_text()
    assert (tmp_path / "runs/needs-proxy-table-class").is_dir()


def test_a_page_of_another_kind_is_refused(tmp_path):
    done = in_process("needs", "--data", tmp_path / "none.csv", "--out", "curve.gif", check=False)
    assert done.returncode == 1
    assert ".html, .png" in done.stderr
