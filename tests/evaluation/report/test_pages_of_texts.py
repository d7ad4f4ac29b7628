"""What a run that transcribes leaves: calibrated words in its bundle, words in time on its page."""

import json

import numpy as np
import pytest
from PIL import Image

import polymodal as pm
import whistled
from polymodal.bundle.read import manifest
from polymodal.bundle.write import seal
from polymodal.evaluation.store import read_predictions
from polymodal.evaluation.texts.word_confidence import fit_word_calibration, word_claims
from polymodal.inference.predictor import load
from polymodal.training.reporting.report import rewrite


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whistles")
    model = pm.Transcriber(
        "said",
        dim=32,
        inputs={"audio": whistled.INPUT},
        training={"epochs": 2, "learning_rate": 0.01, "batch_size": 16},
    )
    tables = [
        whistled.write_table(folder, name, count, seed)
        for seed, (name, count) in enumerate([("train", 48), ("val", 16), ("test", 12)])
    ]
    model.fit(tables[0], val=tables[1], test=tables[2], out=folder / "run")
    return folder / "run"


def test_the_calibration_is_that_of_validation_and_stays_with_the_bundle(run):
    assert "confidence.json" in manifest(run)
    val = read_predictions(run / "evaluation" / "val.npz")
    assert load(run).calibration == fit_word_calibration(word_claims(val), "val")
    assert [" ".join(text for text, _ in words) for words in val.words] == list(val.outputs)


def test_the_page_shows_what_was_heard_in_time_also_when_written_again(run):
    kept = json.loads((run / "evaluation" / "report.json").read_text(encoding="utf-8"))
    for example in kept["examples"]:
        words = example["inputs"]["audio"]["words"]
        assert " ".join(word["text"] for word in words) == example["predicted"]
        assert all(0 <= word["start_seconds"] < word["end_seconds"] <= 6.1 for word in words)
    page = (run / "report.html").read_bytes()
    assert page.count(b'class="heard"') == len(kept["examples"])
    assert rewrite(run).read_bytes() == page


def test_the_report_of_a_run_from_before_is_written_again(run, tmp_path):
    kept = run / "evaluation" / "report.json"
    before = kept.read_bytes()
    kept.write_text(
        json.dumps(
            {
                name: value
                for name, value in json.loads(before).items()
                if name != "word_calibration"
            }
        )
    )
    seal(run)
    try:
        assert rewrite(run).is_file()
    finally:
        kept.write_bytes(before)
        seal(run)
        rewrite(run)


@pytest.mark.parametrize(
    ("fusion", "shown"),
    [("attention", True), pytest.param("gated", False, marks=pytest.mark.slow)],
)
def test_the_page_of_captions_shows_where_each_word_looked_or_says_why_not(tmp_path, fusion, shown):
    rng, rows = np.random.default_rng(0), []
    for i in range(24):
        colour = ("red", "blue")[i % 2]
        Image.new("RGB", (32, 32), colour).save(tmp_path / f"{i}.png")
        rows.append(
            {
                "image": f"{i}.png",
                "prompt": str(rng.choice(["what is it", "say"])),
                "said": f"a {colour} square",
            }
        )
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, rows)))
    model = pm.Captioner(
        "said",
        dim=16,
        fusion=fusion,
        training={"epochs": 2, "learning_rate": 0.02},
        inputs={
            "image": {"modality": "image", "encoder": "convnet", "width": 8},
            "prompt": {"modality": "text", "encoder": "rnn"},
        },
    )
    model.fit(tmp_path / "t.jsonl", out=tmp_path / "run", baselines=False)
    kept = json.loads((tmp_path / "run" / "evaluation" / "report.json").read_text())
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    found = [one["inputs"]["image"].get("looks", []) for one in kept["examples"]]
    assert any(found) == shown
    for looks, example in zip(found, kept["examples"], strict=True):
        assert not looks or " ".join(look["word"] for look in looks) == example["predicted"]
    assert page.count("data:image/jpeg") == sum(map(len, found))
    assert ("cannot be shown: gated fusion merges several inputs" in page) != shown
    assert rewrite(tmp_path / "run").read_text(encoding="utf-8") == page
