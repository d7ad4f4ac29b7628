"""LLaVA, compared with `transformers` on a tiny random model."""

from __future__ import annotations

import json

import numpy as np
import pytest
from keras import ops

import oracles
import polymodal as pm
from command_line import in_process
from polymodal.core.errors import BundleError
from polymodal.pretrained import golden
from polymodal.pretrained.whole_assistant import WholeAssistant

pytestmark = pytest.mark.engine

TEMPLATE = (
    "{% for message in messages %}<|start|>{{ message['role'] }}\n"
    "{% for part in message['content'] %}{% if part['type'] == 'image' %}<image>\n"
    "{% else %}{{ part['text'] }}{% endif %}{% endfor %}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|start|>assistant\n{% endif %}"
)
VISION = {
    "hidden_size": 24,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 40,
    "image_size": 16,
    "patch_size": 4,
}


def saved(folder):
    """Saves a tiny LLaVA and returns the library's model."""
    library = oracles.transformers()
    text = library.LlamaConfig(**oracles.LANGUAGE, tie_word_embeddings=False)
    model = oracles.with_spread(
        library.LlavaForConditionalGeneration(
            library.LlavaConfig(
                vision_config=library.CLIPVisionConfig(**VISION),
                text_config=text,
                image_token_index=262,
                image_seq_length=16,
            )
        )
    )
    plain = oracles.language_model("llama")
    oracles.save_language_model(plain, folder)
    (folder / "model.safetensors").unlink()
    model.save_pretrained(folder)
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    assert len(tokenizer["model"]["vocab"]) == 262
    tokenizer["added_tokens"].append(
        {
            "id": 262,
            "content": "<image>",
            "special": True,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
        }
    )
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(
        json.dumps({**settings, "chat_template": TEMPLATE})
    )
    oracles.write_processor(
        folder,
        image_processor_type="CLIPImageProcessor",
        size={"height": 16, "width": 16},
        do_center_crop=False,
    )
    return model


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("llava")


@pytest.fixture(scope="module")
def pair(place):
    model = saved(place / "source")
    found = pm.import_model(place / "source", place / "mine")
    assert "answers in conversations about images, 16 tokens each" in found.about
    return model, pm.load(place / "mine")


@pytest.mark.parametrize("ids", [[256, 10, 262, 20, 30, 40, 50], [256, 262, 20, 262, 30, 40, 50]])
def test_logits_equal_those_of_the_library(pair, ids):
    import torch

    model, mine = pair
    count = ids.count(262)
    pixels = np.random.default_rng(0).normal(size=(count, 16, 16, 3)).astype(np.float32)
    long = [one for token in ids for one in ([262] * 16 if token == 262 else [token])]
    with torch.no_grad():
        wanted = model(
            input_ids=torch.tensor([long]), pixel_values=torch.tensor(pixels.transpose(0, 3, 1, 2))
        ).logits.numpy()
    predictor = mine._predictor
    words, image = (item.key for item in predictor.inputs)
    prompt = np.array([[-1 if token == 262 else token for token in ids[:-2]]], np.int32)
    batch = {
        words: prompt,
        f"{words}_mask": np.ones_like(prompt, bool),
        image: pixels[None],
        f"{image}_mask": np.ones((1, count), bool),
        "previous": np.array([ids[-2:]], np.int32),
    }
    found = ops.convert_to_numpy(
        predictor.model({key: ops.convert_to_tensor(value) for key, value in batch.items()})
    )
    largest = max(1.0, np.abs(wanted[:, -2:]).max())
    np.testing.assert_allclose(found, wanted[:, -2:], atol=1e-4 * largest)


def test_golden_outputs_tell_whether_answers_are_still_the_same(pair, place):
    done = in_process("check", place / "mine")
    assert "Golden outputs are the same" in done.stdout
    whole = WholeAssistant(place / "mine")
    recorded = golden.record(whole)
    assert np.shape(recorded["vectors"]) == (2, 256)
    assert not np.allclose(*recorded["vectors"])
    recorded["vectors"][0][0] += 0.01
    assert not golden.compare(whole, recorded).same


def test_its_template_writes_the_place_of_an_image(pair):
    texts = pair[1]._predictor.target.texts
    parts = [{"type": "image"}, {"type": "text", "text": "the <image>"}]
    ids = texts.conversation([{"role": "user", "content": parts}])
    assert ids.count(-1) == 1
    assert 262 not in ids
    plain = texts.conversation([{"role": "user", "content": "the <image>"}])
    assert -1 not in plain
    assert 262 not in plain


def test_it_answers_about_an_image(pair, tmp_path):
    from PIL import Image

    mine = pair[1]
    Image.fromarray(np.full((20, 20, 3), 90, np.uint8)).save(tmp_path / "a.png")
    content = [
        {"type": "image", "image": str(tmp_path / "a.png")},
        {"type": "text", "text": "the inn"},
    ]
    assert isinstance(mine.chat([{"role": "user", "content": content}], max_tokens=4), str)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"vision_feature_layer": 7}, "vision_feature_layer"),
        ({"projector_hidden_act": "relu"}, "projector_hidden_act"),
        ({"image_token_index": 299}, "image_token_index"),
    ],
)
def test_what_we_do_not_implement_is_refused(pair, place, tmp_path, change, message):
    config = place / "source" / "config.json"
    before = config.read_text()
    try:
        config.write_text(json.dumps({**json.loads(before), **change}))
        with pytest.raises(BundleError, match=message):
            pm.import_model(place / "source", tmp_path / "mine")
    finally:
        config.write_text(before)
