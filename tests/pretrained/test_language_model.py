"""An imported language model loads again, answers the same, and says where it is from."""

import numpy as np
import pytest

import oracles
import polymodal as pm
from polymodal.core.errors import BundleError
from polymodal.pretrained import golden
from polymodal.pretrained.importing import read_model
from polymodal.pretrained.reading.checkpoint import Checkpoint
from polymodal.pretrained.shelf import imported


@pytest.fixture(scope="module")
def library_model():
    return oracles.language_model("llama", tie_word_embeddings=True)


@pytest.fixture(scope="module")
def folder(library_model, tmp_path_factory):
    return oracles.save_language_model(library_model, tmp_path_factory.mktemp("llama"))


@pytest.fixture(scope="module")
def out(folder, tmp_path_factory):
    place = tmp_path_factory.mktemp("models") / "tiny"
    pm.import_model(folder, place)
    return place


def test_it_loads_with_the_same_answers(folder, out):
    ids, mask = oracles.ids_and_mask(0)
    found = pm.load_language_model(out)
    np.testing.assert_allclose(
        found.logits(ids, mask), read_model(Checkpoint(folder)).logits(ids, mask), atol=1e-6
    )
    assert found.origin["family"] == "llama"
    assert found.max_length == 120
    assert "continues texts of up to 120 tokens" in (out / "MODEL_CARD.md").read_text()


def test_golden_outputs_are_checked(out):
    assert golden.check_folder(out).same
    recorded = golden.record(pm.load_language_model(out))
    recorded["vectors"][0][0] += 1.0
    assert not golden.compare(pm.load_language_model(out), recorded).same


def test_it_is_listed_and_is_no_encoder(out):
    (one,) = imported(out.parent)
    assert (one.encodes, one.family, one.dim) == ("language", "llama", 24)
    with pytest.raises(BundleError, match="needs to be an imported encoder"):
        pm.load_part(out)


def test_an_encoder_is_no_language_model(tmp_path):
    folder = oracles.save(oracles.text_model("bert"), tmp_path / "bert")
    pm.import_model(folder, tmp_path / "out")
    with pytest.raises(BundleError, match="needs to be an imported language model"):
        pm.load_language_model(tmp_path / "out")
