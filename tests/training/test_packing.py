"""Conversations that are read once and packed: the same losses and gradients as row by row."""

from __future__ import annotations

import json

import keras
import numpy as np
import pytest
from PIL import Image

from media_files import tone, write_sound
from polymodal.core.contracts.batch import PLACES
from polymodal.media.kept import KeptMedia
from polymodal.recipe import assemble
from polymodal.recipe.recipe import from_dict
from polymodal.tables.table import read
from polymodal.training.preparing.prepare import prepare
from polymodal.training.steps.settings import Training

pytestmark = pytest.mark.engine

RECIPE = {
    "task": {"name": "chat", "decoder": {"num_layers": 2, "num_heads": 2}, "dropout": 0.0},
    "target": "response",
    "dim": 16,
    "fusion": "interleaved",
    "inputs": {
        "conversation": {"modality": "conversation"},
        "image": {
            "modality": "image",
            "encoder": {"name": "vit", "num_layers": 1, "patch_size": 8, "dropout": 0.0},
            "size": 16,
            "flip": False,
            "max_images": 2,
        },
    },
}


def talk(turns, images=()):
    """Returns a line of messages whose questions and answers differ in length."""
    messages = []
    for turn in range(turns):
        content = "and then " * (turn % 3) + "what is it"
        if turn in (0, 2) and images:
            content = [
                {"type": "image", "image": images[turn // 2]},
                {"type": "text", "text": content},
            ]
        messages += [
            {"role": "user", "content": content},
            {"role": "assistant", "content": "a dog " * (1 + (turn + turns) % 3)},
        ]
    return json.dumps({"messages": messages})


# With a grid of two by two tiles: ids of the words between them are any of the tokenizer.
TILED = {
    **RECIPE,
    "fusion": {
        "name": "tiled",
        "grid": 2,
        "border_id": 40,
        "whole_id": 41,
        "tile_ids": [42, 43, 44, 45],
        "line_ids": [46],
        "gap_ids": [47, 48],
    },
    "inputs": {
        "conversation": RECIPE["inputs"]["conversation"],
        "image": {
            "modality": "tiled_image",
            "size": 8,
            "longest": 16,
            "max_images": 2,
            "encoder": {"name": "vit", "num_layers": 1, "patch_size": 8, "dropout": 0.0},
        },
    },
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return prepared_of(tmp_path_factory.mktemp("packs"), RECIPE, [(16, 16)])


def prepared_of(folder, recipe, sides):
    """Returns a model, and what is prepared of six conversations of one to three turns, of which
    one has two images and one has none."""
    rng = np.random.default_rng(0)
    lines = []
    for row in range(6):
        images = [f"{row}.png", f"{row}b.png"] if row != 2 else []
        for place, image in enumerate(images):
            pixels = rng.integers(0, 255, (*sides[place % len(sides)], 3)).astype(np.uint8)
            Image.fromarray(pixels).save(folder / image)
        lines.append(talk(1 + row % 3, images))
    (folder / "chats.jsonl").write_text("\n".join(lines), encoding="utf-8")
    keras.utils.set_random_seed(0)
    prepared = prepare(from_dict(recipe), {"train": read(folder / "chats.jsonl")}, KeptMedia())
    model, head = assemble.build_model(prepared.recipe, prepared.inputs, prepared.target)
    return prepared, model, head


def loader_of(made, **settings):
    return made[0].train_loader(Training(epochs=1, augment=False, **settings), 4)


def trained(made, loader, accumulate=1):
    """Returns the losses of an epoch, and all weights after it, from the same start."""
    _, model, head = made
    start = [np.array(one) for one in model.get_weights()]
    model.compile(
        optimizer=keras.optimizers.SGD(
            1.0, gradient_accumulation_steps=accumulate if accumulate > 1 else None
        ),
        loss=head.loss(),
        run_eagerly=keras.backend.backend() == "tensorflow",
    )
    losses = [float(np.asarray(model.train_on_batch(*batch))) for batch in loader.epoch(0)]
    found = [np.array(one) for one in model.get_weights()]
    model.set_weights(start)
    return losses, found


def equal(one, other):
    for ours, theirs in zip(one, other, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_packed_conversations_train_as_they_do_apart(made):
    apart, together = loader_of(made, batch_size=12, pack=False), loader_of(made, batch_size=12)
    inputs, targets, _ = together.batch(0, 0)
    rows = sum(len(thread.rows) for thread in together.threads)
    assert rows == 12
    assert len(targets) < 6  # of six conversations, several in one sequence
    assert PLACES in inputs
    losses, weights = trained(made, apart)
    packed_losses, packed_weights = trained(made, together)
    np.testing.assert_allclose(packed_losses, losses, atol=1e-5)
    equal(packed_weights, weights)


def test_tiles_of_several_images_train_as_they_do_apart(tmp_path):
    made = prepared_of(tmp_path, TILED, [(16, 9), (5, 16)])
    together = loader_of(made, batch_size=12)
    inputs, targets, _ = together.batch(0, 0)
    assert len(targets) < 6
    image = made[0].inputs[1].key
    assert inputs[image].shape[1:] == (5, 8, 8, 3)
    assert not inputs[f"{image}_mask"].all()
    losses, weights = trained(made, loader_of(made, batch_size=12, pack=False))
    packed_losses, packed_weights = trained(made, together)
    np.testing.assert_allclose(packed_losses, losses, atol=1e-5)
    equal(packed_weights, weights)


def test_a_conversation_alone_trains_as_its_answers(made):
    """Each thread by itself, so that nothing is packed with it."""
    from polymodal.feed.packed import PackedLoader, line_lengths
    from polymodal.feed.plan import Plan
    from polymodal.feed.threads import threads_of
    from polymodal.preprocess.collate import collate, collate_targets

    prepared = made[0]
    samples, checked = prepared.samples["train"], prepared.checked["train"]
    threads = threads_of(samples, checked, 0)
    assert sorted(len(one.rows) for one in threads) == [1, 1, 2, 2, 3, 3]
    plan = Plan(6, 6, 0, line_lengths(threads, checked, 0))
    loader = PackedLoader(samples, checked, threads, plan, collate, collate_targets, 0)
    losses, weights = trained(made, loader_of(made, batch_size=12, pack=False))
    own_losses, own_weights = trained(made, loader)
    np.testing.assert_allclose(own_losses, losses, atol=1e-5)
    equal(own_weights, weights)


def test_frames_of_videos_train_as_they_do_apart(tmp_path):
    rng, lines = np.random.default_rng(0), []
    for row in range(5):
        files = [f"{row}-{place}.png" for place in range(1 + row % 2)]
        for file in files:
            Image.fromarray(rng.integers(0, 255, (8, 8, 3)).astype(np.uint8)).save(tmp_path / file)
        asked = {"role": "user", "content": [{"type": "video", "video": files}]}
        answer = {"role": "assistant", "content": "a dog " * (1 + row % 2)}
        again = [{"role": "user", "content": "what is it"}, answer] if row % 2 else []
        lines.append(json.dumps({"messages": [asked, answer, *again]}))
    (tmp_path / "chats.jsonl").write_text("\n".join(lines), encoding="utf-8")
    seen = {
        "modality": "frames",
        "num_frames": 2,
        "frame_tokens": 1,
        "size": 8,
        "encoder": {"name": "vit", "num_layers": 1, "patch_size": 4, "dropout": 0.0},
    }
    recipe = {**RECIPE, "inputs": {"conversation": RECIPE["inputs"]["conversation"], "video": seen}}
    keras.utils.set_random_seed(0)
    prepared = prepare(from_dict(recipe), {"train": read(tmp_path / "chats.jsonl")}, KeptMedia())
    made = prepared, *assemble.build_model(prepared.recipe, prepared.inputs, prepared.target)
    losses, weights = trained(made, loader_of(made, batch_size=7, pack=False))
    packed_losses, packed_weights = trained(made, loader_of(made, batch_size=7))
    np.testing.assert_allclose(packed_losses, losses, atol=1e-5)
    equal(packed_weights, weights)


def test_sounds_of_other_lengths_train_as_they_do_apart(tmp_path):
    lines = []
    for row in range(5):
        write_sound(tmp_path / f"{row}.wav", tone(0.1 + 0.08 * row, hertz=200.0 + 100 * row))
        asked = {"role": "user", "content": [{"type": "audio", "audio": f"{row}.wav"}]}
        answer = {"role": "assistant", "content": "a dog " * (1 + row % 2)}
        again = [{"role": "user", "content": "what is it"}, answer] if row % 2 else []
        lines.append(json.dumps({"messages": [asked, answer, *again]}))
    (tmp_path / "chats.jsonl").write_text("\n".join(lines), encoding="utf-8")
    heard = {"modality": "audio", "encoder": {"name": "rnn", "dropout": 0.0}, "num_mels": 8}
    recipe = {
        **RECIPE,
        "inputs": {"conversation": RECIPE["inputs"]["conversation"], "audio": heard},
    }
    keras.utils.set_random_seed(0)
    prepared = prepare(from_dict(recipe), {"train": read(tmp_path / "chats.jsonl")}, KeptMedia())
    made = prepared, *assemble.build_model(prepared.recipe, prepared.inputs, prepared.target)
    losses, weights = trained(made, loader_of(made, batch_size=7, pack=False))
    together = loader_of(made, batch_size=7)
    assert len(together.threads) < 7
    packed_losses, packed_weights = trained(made, together)
    np.testing.assert_allclose(packed_losses, losses, atol=1e-5)
    equal(packed_weights, weights)


@pytest.mark.parametrize("pack", [False, True])
def test_accumulated_gradients_count_each_token_once(made, pack):
    whole = loader_of(made, batch_size=12, pack=pack)
    parts = loader_of(made, batch_size=3 if pack else 4, accumulate=3, pack=pack)
    assert parts.steps(0) == 3 * whole.steps(0)
    tokens = [int((weights > 0).sum()) for _, _, weights in parts.epoch(0)]
    assert len(set(tokens)) > 1  # micro-batches with different numbers of tokens
    _, expected = trained(made, whole)
    _, found = trained(made, parts, accumulate=3)
    equal(found, expected)


def test_a_resumed_run_sees_the_same_batches(made):
    one, other = (loader_of(made, batch_size=4, seed=3) for _ in range(2))
    assert one.fingerprint() == other.fingerprint()
    assert one.fingerprint() != loader_of(made, batch_size=4, seed=4).fingerprint()
    list(one.epoch(0))
    for ours, theirs in zip(one.epoch(1, 1), list(other.epoch(1))[1:], strict=True):
        assert ours[0].keys() == theirs[0].keys()
        for key in ours[0]:
            np.testing.assert_array_equal(ours[0][key], theirs[0][key])
        np.testing.assert_array_equal(ours[1], theirs[1])
    rows = [row for step in range(one.steps(2)) for row in one.rows_of(2, step)]
    assert sorted(rows) == list(range(12))
