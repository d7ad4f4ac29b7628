"""A simple model reads the vectors of frozen encoders, from what training kept of them."""

import numpy as np
import pytest

import oracles
import polymodal as pm
from polymodal.core.contracts.task import Predictions
from polymodal.evaluation.metrics import score
from polymodal.media.cache import open_cache
from polymodal.pretrained.part import load_part
from polymodal.recipe import assemble
from polymodal.tables.table import read
from polymodal.training.choose import choose
from polymodal.training.preparing import kept
from polymodal.training.preparing.prepare import prepare
from polymodal.training.preparing.starts import load_weights, with_parts
from polymodal.training.simple import simple_models

WORDS = ["a", "on", "the", "beach", "red", "very"]


def rows(count, seed):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        kind = int(rng.integers(2))
        said = [*rng.choice(WORDS, 3).tolist(), ("dog", "cat")[kind]]
        yield {"text": " ".join(said), "size": float(rng.normal()), "kind": "ab"[kind]}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """The folder of an imported text encoder."""
    folder = oracles.save(oracles.text_model("bert"), tmp_path_factory.mktemp("bert"))
    pm.import_model(folder, folder.parent / "tiny")
    return folder.parent / "tiny"


@pytest.fixture
def made(model, tmp_path, monkeypatch):
    """Returns Prepared, a network that never learned, and its answers for two splits."""
    monkeypatch.setenv("POLYMODAL_CACHE", str(tmp_path / "cache"))
    tables = {
        name: read(list(rows(60, seed))) for seed, name in enumerate(("train", "val", "test"))
    }
    given = with_parts(
        {
            "target": "kind",
            "dim": 16,
            "inputs": {"text": {"encoder": {"from": str(model), "freeze": True}}, "*": {}},
        }
    )
    recipe, _, facts, _ = choose(tables, given, [], None, None)
    prepared = prepare(recipe, facts, open_cache())
    network, _ = assemble.build_model(recipe, prepared.inputs, prepared.target)
    load_weights(network, recipe)
    return prepared, network


def test_the_vectors_are_those_of_the_part_and_are_kept(made, model, monkeypatch):
    prepared, network = made
    found = kept.frozen_vectors(prepared, network)
    source = found.samples["test"].sources[0]
    vectors = np.stack(
        [source.modality.encode(found.samples["test"].decode(source, row)) for row in range(60)]
    )
    texts = list(prepared.samples["test"].table.values("text"))
    np.testing.assert_allclose(vectors, load_part(model).encode(texts), atol=1e-5)
    monkeypatch.setattr(kept._Keeper, "_tokens", lambda *_: pytest.fail("computed again"))
    assert kept.frozen_vectors(prepared, network) is not None


def test_a_linear_model_on_vectors_is_compared_and_not_kept(made):
    prepared, network = made
    labels, found = list(prepared.target.labels), {}
    for split in ("test", "val"):
        cells = list(prepared.samples[split].table.values("kind"))
        found[split] = Predictions(
            prepared.task,
            labels,
            np.arange(60),
            np.full((60, 2), 0.5),
            np.array([labels.index(cell) for cell in cells]),
            np.ones(60, bool),
            [item.name for item in prepared.inputs],
            np.ones((60, 2), bool),
        )
    models = {one.name: one for one in simple_models(prepared, found, network)}
    (name,) = (one for one in models if "vectors of a frozen encoder" in one)
    assert name.startswith("logistic regression on ")
    assert "columns" in name
    assert models[name].answers is None
    assert score(models[name].predictions)["accuracy"] > 0.8
    assert sum(one.answers is not None for one in models.values()) == 1
    linear = [one.held_out for one in models.values()][:2]
    assert score(linear[0])["accuracy"] >= score(linear[1])["accuracy"]
