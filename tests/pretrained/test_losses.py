"""The loss of an imported decoder's answers: labels shifted once, padding counting nothing."""

from __future__ import annotations

import json

import numpy as np
import pytest

import oracles
import polymodal as pm
from polymodal.inference.answers import as_table
from polymodal.inference.hidden.judging import likelihoods

TALKS = [("the inn", "on"), ("on the inn, is he in?", "the inn on"), ("he", "h")]
KINDS = ("llama", "mistral", "qwen2", "qwen3", "gemma3")


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("eyes")
    oracles.save_image_model(oracles.image_model("dinov2"), folder / "dinov2")
    pm.import_model(folder / "dinov2", folder / "imported")
    return folder / "imported"


def sums_of(folder, encoder):
    """Returns the sum of the loss and the number of tokens of each answer, in one padded batch."""
    pm.import_model(folder / "library", folder / "imported")
    pm.assemble(
        vision=encoder, decoder=folder / "imported", out=folder / "base", projector="linear"
    )
    rows = [
        {"messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": said}]}
        for asked, said in TALKS
    ]
    (folder / "chats.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return likelihoods(pm.load(folder / "base")._predictor, as_table(folder / "chats.jsonl"))


def library_sums(model, texts):
    """Returns the same from the library, whose labels it shifts itself, one answer at a time; and
    by hand, from the logits before each token."""
    import torch

    for asked, said in TALKS:
        prompt = texts.conversation([{"role": "user", "content": asked}])
        answer = [*texts.ids(said), texts.end_id]
        ids = np.array([prompt + answer])
        labels = torch.tensor([[-100] * len(prompt) + answer])
        with torch.no_grad():
            mean = model(input_ids=torch.tensor(ids), labels=labels).loss.item()
        log = torch.log_softmax(torch.tensor(oracles.logits(model, ids, ids >= 0)), -1)[0]
        hand = -sum(float(log[len(prompt) - 1 + i, one]) for i, one in enumerate(answer))
        yield mean * len(answer), hand, len(answer)


@pytest.mark.parametrize("kind", KINDS)
def test_the_loss_is_that_of_the_library_and_that_by_hand(tmp_path, encoder, kind):
    library = oracles.language_model(kind)
    oracles.save_language_model(library, tmp_path / "library")
    nll, tokens = sums_of(tmp_path, encoder)
    texts = pm.load_language_model(tmp_path / "imported").texts
    theirs, hand, counts = np.array([*library_sums(library, texts)]).T
    assert tokens.tolist() == counts.tolist()
    np.testing.assert_allclose(nll, hand, rtol=1e-4)
    np.testing.assert_allclose(nll, theirs, rtol=1e-4)
