"""Files of calibration and of sets in a bundle: read back, and refused where spoilt."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest

import poison
from poison import answers, copy, edit
from polymodal.bundle.write import CALIBRATION, CONFORMAL, add_part, seal
from polymodal.core.errors import BundleError
from polymodal.evaluation.trust.conformal import Conformal
from polymodal.evaluation.trust.temperature import Pattern, Temperatures
from polymodal.inference.predictor import load
from stated_answers import overconfident, predictions

NAMES = ("image", "note", "remark", "features", "tabular")


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return poison.write_bundle(tmp_path_factory.mktemp("bundle") / "run")


@pytest.fixture(scope="module")
def bundle(plain, tmp_path_factory):
    folder = copy(plain, tmp_path_factory.mktemp("trusted") / "run")
    patterns = (Pattern((True,) * 5, (2.0,), 120),)
    add_part(folder, CALIBRATION, Temperatures(NAMES, (1.5,), patterns, "val", 120).to_json())
    scores = np.sort(np.random.default_rng(0).random(60))
    columns = {"town": {"Rome": scores[::2], "Oslo": scores[1::2]}}
    add_part(folder, CONFORMAL, Conformal(scores, columns, "val").to_json())
    seal(folder)
    return folder


def test_the_same_weights_answer_with_calibrated_probabilities(plain, bundle):
    for raw, found in zip(answers(plain), answers(bundle), strict=True):
        assert raw["prediction"] == found["prediction"]
        wanted = np.sqrt(list(raw["probabilities"].values()))
        np.testing.assert_allclose(
            list(found["probabilities"].values()), wanted / wanted.sum(), atol=2e-6
        )


def test_a_bundle_without_them_still_loads(plain):
    predictor = load(plain)
    assert predictor.temperatures is None
    assert predictor.conformal is None


@pytest.mark.parametrize("name", [CALIBRATION, CONFORMAL])
def test_a_changed_or_missing_file_is_refused(bundle, tmp_path, name):
    folder = copy(bundle, tmp_path / "run")
    edit(folder / name, lambda c: c.update(split="other"))
    with pytest.raises(BundleError, match="was changed after it was written"):
        load(folder)
    seal(folder)
    with pytest.raises(BundleError, match="is not the file that model"):
        load(folder)
    (folder / name).unlink()
    seal(folder)
    with pytest.raises(BundleError, match="is not the file that model"):
        load(folder)


def test_a_spoilt_file_is_refused_in_one_line_or_changes_probabilities_only(bundle):
    states = [json.loads((bundle / name).read_text()) for name in (CALIBRATION, CONFORMAL)]
    found = predictions(*overconfident(30))
    found.modalities, found.present = list(NAMES), np.ones((30, 5), bool)
    for seed in range(300):
        calibration, scores = (poison.spoiled(state, random.Random(seed)) for state in states)
        used = _made(lambda state=calibration: Temperatures.from_json(state, list(NAMES), 4))
        if isinstance(used, str):
            assert "\n" not in used
        else:
            np.testing.assert_allclose(used(found).outputs.sum(axis=1), 1, atol=1e-5)
        sets = _made(lambda state=scores: Conformal.from_json(state))
        if isinstance(sets, str):
            assert "\n" not in sets
        else:
            assert sets.sets(found, 0.9).sizes().shape == (30,)


def _made(make):
    try:
        return make()
    except BundleError as error:
        return str(error)
