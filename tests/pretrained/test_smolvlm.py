"""SmolVLM and Idefics3, compared with `transformers` on a tiny random model."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
from keras import ops
from PIL import Image

import oracles
import polymodal as pm
from polymodal.core.errors import BundleError
from polymodal.preprocess.tiled_image import TiledImage
from polymodal.pretrained import golden

pytestmark = pytest.mark.engine

TEMPLATE = (
    "<|start|>{% for message in messages %}{{ message['role'] | capitalize }}"
    "{% if message['content'][0]['type'] == 'image' %}:{% else %}: {% endif %}"
    "{% for line in message['content'] %}{% if line['type'] == 'text' %}{{ line['text'] }}"
    "{% elif line['type'] == 'image' %}<image>{% endif %}{% endfor %}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}Assistant:{% endif %}"
)
SIDE, GRID, IMAGE = 16, 3, 262
VISION = {
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 40,
    "image_size": SIDE,
    "patch_size": 4,
}
ADDED = [
    "<image>",
    "<fake_token_around_image>",
    "<global-img>",
    *(f"<row_{row + 1}_col_{column + 1}>" for row in range(GRID) for column in range(GRID)),
]
PIXELS = {
    "do_image_splitting": True,
    "size": {"longest_edge": GRID * SIDE},
    "max_image_size": {"longest_edge": SIDE},
    "image_mean": [0.5, 0.4, 0.3],
    "image_std": [0.5, 0.6, 0.7],
    "resample": 1,
}


def saved(folder, kind):
    """Saves a tiny model and returns the library's own."""
    library = oracles.transformers()
    text = library.LlamaConfig(
        **{**oracles.LANGUAGE, "max_position_embeddings": 400}, tie_word_embeddings=False
    )
    config = getattr(library, f"{kind}Config")(
        vision_config=VISION, text_config=text, image_token_id=IMAGE, scale_factor=2
    )
    model = oracles.with_spread(getattr(library, f"{kind}ForConditionalGeneration")(config))
    oracles.save_language_model(oracles.language_model("llama"), folder)
    (folder / "model.safetensors").unlink()
    model.save_pretrained(folder)
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    tokenizer["added_tokens"] += [
        {
            "id": IMAGE + place,
            "content": text,
            "special": True,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
        }
        for place, text in enumerate(ADDED)
    ]
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(
        json.dumps({**settings, "chat_template": TEMPLATE})
    )
    oracles.write_processor(
        folder, **PIXELS, do_pad=True, image_processor_type=f"{kind}ImageProcessor"
    )
    return model


def processed(picture):
    """Returns what the library makes of a picture: tiles (tiles, side, side, 3), rows, columns."""
    from transformers.models.idefics3.image_processing_pil_idefics3 import (
        Idefics3ImageProcessorPil,
    )

    found = Idefics3ImageProcessorPil(**PIXELS)(
        [[Image.fromarray(picture)]], return_row_col_info=True, return_tensors="np"
    )
    return (
        found["pixel_values"][0].transpose(0, 2, 3, 1),
        found["rows"][0][0],
        found["cols"][0][0],
    )


def picture(height, width):
    rng = np.random.default_rng(height + width)
    small = rng.integers(0, 255, (6, 5, 3)).astype(np.uint8)
    return np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))


def expanded(tokenizer, rows, columns):
    """Returns the ids of an image as the library's processor writes them."""
    from transformers.models.idefics3.processing_idefics3 import Idefics3Processor

    words = SimpleNamespace(
        fake_image_token=ADDED[1], global_image_tag=ADDED[2], image_token=ADDED[0], image_seq_len=4
    )
    text = Idefics3Processor.replace_image_token(words, {"rows": [[rows]], "cols": [[columns]]}, 0)
    return tokenizer.encode(text, add_special_tokens=False).ids


@pytest.fixture(scope="module", params=["Idefics3", "SmolVLM"])
def pair(request, tmp_path_factory):
    place = tmp_path_factory.mktemp(request.param)
    model = saved(place / "source", request.param)
    found = pm.import_model(place / "source", place / "mine")
    assert "answers in conversations about images, up to 7" in found.about
    assert golden.check_folder(place / "mine").same
    return model, pm.load(place / "mine"), place / "source"


@pytest.mark.parametrize("sides", [(30, 60), (90, 31), (20, 20), (48, 17)])
def test_tiles_equal_those_of_the_library(sides, tmp_path):
    shown = picture(*sides)
    Image.fromarray(shown).save(tmp_path / "a.png")
    mean, std = (np.array(PIXELS[name]) * 255 for name in ("image_mean", "image_std"))
    mine = TiledImage(SIDE, GRID * SIDE, mean=mean.tolist(), std=std.tolist())
    found = mine.encode(mine.decode(str(tmp_path / "a.png")))
    wanted, rows, columns = processed(shown)
    there = ~np.isnan(found).any(axis=(1, 2, 3))
    assert there.reshape(-1)[:-1].reshape(GRID, GRID).sum() == rows * columns
    assert there[:-1].reshape(GRID, GRID)[:rows, :columns].all()
    np.testing.assert_allclose(found[there], wanted, atol=1e-5)


@pytest.mark.parametrize("sides", [[(30, 60)], [(40, 40)], [(30, 60), (20, 20)]])
def test_logits_equal_those_of_the_library(pair, sides, tmp_path):
    import torch

    model, mine, _ = pair
    shown = [picture(*one) for one in sides]
    files = [str(tmp_path / f"{place}.png") for place in range(len(shown))]
    for pixels, file in zip(shown, files, strict=True):
        Image.fromarray(pixels).save(file)
    predictor = mine._predictor
    words, image = predictor.inputs
    tiles = image.modality.encode(image.modality.decode(files))
    there = ~np.isnan(tiles).any(axis=(1, 2, 3))
    prompt = np.array([[256, 10, *[-1, 20] * len(shown), 30]], np.int32)
    batch = {
        words.key: prompt,
        f"{words.key}_mask": np.ones_like(prompt, bool),
        image.key: np.nan_to_num(tiles)[None],
        f"{image.key}_mask": there[None],
        "previous": np.array([[40, 50]], np.int32),
    }
    batch = {key: ops.convert_to_tensor(value) for key, value in batch.items()}
    memory, mask = map(ops.convert_to_numpy, predictor.model.encode(batch))
    ids = memory[0][mask[0]][:, 0].astype(int)
    known = [processed(one) for one in shown]
    tokenizer = predictor.target.texts.tokenizer
    long = [one for _, rows, columns in known for one in (*expanded(tokenizer, rows, columns), 20)]
    long = [256, 10, *long, 30]
    pixels = np.concatenate([one for one, _, _ in known])
    assert np.where(ids < 0, IMAGE, ids).tolist() == long
    with torch.no_grad():
        wanted = model(
            input_ids=torch.tensor([[*long, 40, 50]]),
            pixel_values=torch.tensor(pixels.transpose(0, 3, 1, 2)[None]),
        ).logits.numpy()[:, -2:]
    found = ops.convert_to_numpy(predictor.model(batch))
    np.testing.assert_allclose(found, wanted, atol=1e-4 * max(1.0, np.abs(wanted).max()))


def test_it_answers_about_a_large_image(pair, tmp_path):
    Image.fromarray(picture(90, 40)).save(tmp_path / "a.png")
    content = [
        {"type": "image", "image": str(tmp_path / "a.png")},
        {"type": "text", "text": "the <image> inn"},
    ]
    found = pair[1].chat([{"role": "user", "content": [*content, content[0]]}], max_tokens=3)
    assert isinstance(found, str)


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        ("config.json", {"qk_layer_norms_vision": True}, "qk_layer_norms_vision"),
        ("config.json", {"scale_factor": 3}, "scale_factor"),
        ("preprocessor_config.json", {"do_rescale": False}, "do_rescale"),
        ("preprocessor_config.json", {"max_image_size": {"longest_edge": 20}}, "max_image_size"),
    ],
)
def test_what_we_do_not_implement_is_refused(pair, tmp_path, file, change, message):
    path = pair[2] / file
    before = path.read_text()
    try:
        path.write_text(json.dumps({**json.loads(before), **change}))
        with pytest.raises(BundleError, match=message):
            pm.import_model(pair[2], tmp_path / "mine")
    finally:
        path.write_text(before)


@pytest.mark.slow
def test_it_is_trained_further_on_features_of_its_tiles(pair, tmp_path):
    for row, sides in enumerate([(30, 60), (20, 20), (48, 17), (16, 48)]):
        Image.fromarray(picture(*sides)).save(tmp_path / f"{row}.png")
    lines = [
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "image", "image": f"{row}.png"},
                        {"type": "text", "text": "the inn"},
                    ],
                },
                {"role": "assistant", "content": "on"},
            ]
        }
        for row in range(4)
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, lines)))
    model = pm.Assistant(base=pair[2].parent / "mine", training={"epochs": 1, "batch_size": 2})
    with pm.quiet():
        model.fit(tmp_path / "a.jsonl", val=tmp_path / "a.jsonl", out=tmp_path / "run")
    before, after = (one._predictor.own_weights() for one in (pair[1], model))
    changed = {
        name
        for name in before
        if not np.array_equal(np.asarray(before[name]), np.asarray(after[name]))
    }
    assert changed
    assert all(name.startswith("fusion.") for name in changed)
