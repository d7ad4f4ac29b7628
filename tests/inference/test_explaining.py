"""Explanations of a run: one word decides, noise does not, and every part is named."""

import json

import numpy as np
import pytest

import polymodal as pm
from command_line import in_process
from polymodal.core.errors import RecipeError
from polymodal.inference.explaining.explanation import Explanation, RowExplanation
from polymodal.inference.explaining.page import write_page
from polymodal.inference.explaining.parts import parts_of
from polymodal.inference.explaining.saliency import faithfulness
from polymodal.inference.explaining.sentences import faithful_words, row_sentences, sentences
from polymodal.training.reporting.report import rewrite

FILLING = ("the", "film", "was", "a", "story", "and", "cast", "of", "it", "with")
NOTHING = {"inputs": None, "parts": None}
MOODS = {"good": ("great", "lovely", "superb"), "bad": ("awful", "boring", "dreadful")}


def reviews(count=260):
    """Returns reviews in which one word says whether they are good, next to noise."""
    rng = np.random.default_rng(0)
    labels = [("good", "bad")[i] for i in rng.integers(0, 2, count)]
    texts = []
    for label in labels:
        words = list(rng.choice(FILLING, 5))
        words.insert(int(rng.integers(0, 5)), str(rng.choice(MOODS[label])))
        texts.append(" ".join(words))
    return {
        "said": texts,
        "noise": rng.normal(size=(count, 6)).tolist(),
        "age": rng.normal(size=count).tolist(),
        "label": labels,
    }


@pytest.fixture(scope="module")
def explained(tmp_path_factory):
    rows = reviews()
    train, test = (
        {name: values[part] for name, values in rows.items()}
        for part in (slice(0, 220), slice(220, 260))
    )
    model = pm.Classifier(
        "label", dim=16, training={"epochs": 10, "learning_rate": 0.005, "batch_size": 32}
    )
    model.fit(pm.read(train), out=tmp_path_factory.mktemp("run") / "a", baselines=False)
    return model, model.explain(pm.read(test), rows=[2, 5], against=pm.read(train)), test


@pytest.mark.engine
def test_the_words_decide_and_noise_does_not(explained):
    model, found, test = explained
    assert found.shares["said"] > 0.9
    assert found.shares["noise"] < 0.05
    assert found.faithfulness.p < 0.01
    assert found.faithfulness.interval[0] > 0
    for one in found.rows:
        words = one.parts["said"]
        telling = words["names"][int(np.argmax(words["values"]))]
        assert telling in MOODS[test["label"][one.row - 1]]
        assert "said" in one.change["inputs"]
        assert ["said", telling] in (one.change["parts"] or [["said", telling]])
        assert one.target == test["label"][one.row - 1]
        assert len(one.nearest) == 5
        assert {near["label"] for near in one.nearest} <= set(MOODS)
        worth = model.predict([{k: test[k][one.row - 1] for k in ("said", "noise", "age")}])[0]
        assert sum(one.inputs.values()) == pytest.approx(
            worth["probabilities"][one.prediction] - 0.5, abs=0.4
        )


@pytest.mark.engine
def test_a_page_and_lines_say_the_same(explained, tmp_path):
    _, found, _ = explained
    write_page(found, tmp_path / "why.html")
    page, lines = (tmp_path / "why.html").read_text(), "\n".join(sentences(found))
    assert "<mark" in page
    assert "The parts below are faithful" in page
    assert "The parts below are faithful" in lines
    assert "the answer is another." in lines
    assert json.loads(json.dumps(found.to_json()))["rows"][0]["row"] == 2


@pytest.mark.engine
def test_the_report_says_why_and_is_written_again_alike(explained):
    model, _, _ = explained
    page = (model.folder / "report.html").read_text(encoding="utf-8")
    assert "Why these answers" in page
    assert "parts below are faithful" in page  # or, where there was no time, were not tested
    assert "<mark" in page
    assert "<h3>Row " in page
    found = json.loads((model.folder / "metrics.json").read_text())["explanation"]
    assert found["shares"]["said"] > 0.7
    assert set(found["pairs"]) == {"said and noise", "said and tabular", "noise and tabular"}
    assert found["faithfulness"]["num_rows"] >= 1
    assert rewrite(model.folder).read_text(encoding="utf-8") == page


@pytest.mark.engine
def test_rows_that_are_not_there_are_named(explained):
    model, _, test = explained
    with pytest.raises(RecipeError, match=r"needs rows from 1 to 40, as table has. Got 41"):
        model.explain(pm.read(test), rows=[41])


@pytest.mark.engine
def test_the_command_prints_and_writes(explained, tmp_path):
    import csv

    model, _, test = explained
    with open(tmp_path / "rows.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["said", "age", "label"])
        writer.writerows(zip(test["said"][:8], test["age"], test["label"], strict=False))
    given = ["explain", str(model.folder), "--data", str(tmp_path / "rows.csv"), "--rows", "1"]
    done = in_process(*given, "--out", tmp_path / "why.html", "--json")
    assert [row["row"] for row in json.loads(done.stdout)["rows"]] == [1]
    assert (tmp_path / "why.html").is_file()
    done = in_process(*given[:-1], "one", check=False)
    assert '--rows needs numbers of rows, such as 3,7. Got "one"' in done.stderr


@pytest.mark.engine
def test_pictures_sounds_and_steps_have_parts():
    from polymodal.preprocess.audio import Audio
    from polymodal.preprocess.image import Image
    from polymodal.preprocess.sequence import Sequence

    picture = Image(size=14, channels=1)
    picture.fit([np.zeros((14, 14, 1), np.uint8)])
    shown = np.arange(196, dtype=np.uint8).reshape(14, 14, 1)
    found = parts_of(picture, shown, None)
    assert (found.kind, found.shape, len(found)) == ("patches", (7, 7), 49)
    hidden = found.without([0]).array
    assert len(set(hidden[:2, :2].ravel().tolist())) == 1
    assert (hidden[2:] == found.whole[2:]).all()

    sound = Audio(sample_rate=8000)
    noise = np.random.default_rng(0).integers(-9000, 9000, 8000).astype(np.int16)
    sound.fit([noise])
    found = parts_of(sound, noise, None)
    assert found.kind == "spans"
    assert found.names[0] == "0.00 to 0.08 s, band 1 of 4"
    assert len(found) == 48

    steps = Sequence(dim=2, max_length=8)
    values = steps.decode([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    steps.fit([values])
    found = parts_of(steps, values, None)
    assert found.names == ["1", "2", "3"]
    assert found.without([1]).gone.tolist() == [False, True, False]
    assert found.without([0, 1, 2]).array is None


def test_answers_are_said_as_a_person_reads_them():
    row = RowExplanation(3, [1.23456, -2.0], [1, None], {"said": 0.5}, {}, {}, NOTHING)
    assert next(row_sentences(row)) == "Row 3: 1.23, -2, the target is 1, None"
    row = RowExplanation(3, list("abcdefghij"), None, {"said": 0.5}, {}, {}, NOTHING)
    assert next(row_sentences(row)) == "Row 3: a, b, c, d, e, f, g, h, ..."


@pytest.mark.parametrize(
    ("gains", "said"),
    [
        ([0.4], "was not tested: 1 row of 6 needed"),
        ([0.4, 0.5], "was not tested: 2 rows of 6 needed"),
        ([0.4, 0.5, 0.3] * 4, "The parts below are faithful: deleting"),
        ([0.4, -0.3, 0.1, -0.2, 0.0, 0.1], "Do not trust the parts below: deleting"),
    ],
)
def test_parts_are_called_faithful_where_a_test_is_sure(gains, said):
    found = Explanation("a.csv", True, 30, {}, {}, {}, {}, faithfulness(gains), [], "unit")
    assert said in faithful_words(found)


def test_faithfulness_is_tested():
    assert faithfulness([]) is None
    alone = faithfulness([0.4])
    assert (alone.interval, alone.p, alone.num_rows) == (None, None, 1)
    strong, none = faithfulness([0.4, 0.5, 0.3] * 6), faithfulness([0.4, -0.4] * 9)
    assert strong.p < 0.01 < none.p
    assert strong.interval[0] > 0 > none.interval[0]
