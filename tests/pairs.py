"""Tiny CLIP and SigLIP models that their own library makes, saves and runs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

import oracles

END = 39  # of CLIP's texts, the highest id
_LAYERS = {"num_hidden_layers": 2, "intermediate_size": 40}
TEXT = {
    **_LAYERS,
    "hidden_size": 24,
    "num_attention_heads": 3,
    "vocab_size": 40,
    "max_position_embeddings": 20,
    "eos_token_id": END,
    "bos_token_id": 38,
}
IMAGE = {**_LAYERS, "hidden_size": 32, "num_attention_heads": 4, "image_size": 28, "patch_size": 7}
KINDS = ("clip", "siglip")
_WORDS = ["<pad>", "<unk>", "a", "photo", "of", "dog", "cat", "on", "the", "beach", "red", "two"]


def pair(kind: str, text: dict | None = None, image: dict | None = None, **changes):
    """Returns a tiny whole model: clip or siglip."""
    library = oracles.transformers()
    name = {"clip": "CLIP", "siglip": "Siglip"}[kind]
    own = {"clip": {"projection_dim": 16}, "siglip": {}}[kind]
    widths = {"clip": {"projection_dim": 16}, "siglip": {"projection_size": 32}}[kind]
    config = getattr(library, f"{name}Config")(
        text_config={**TEXT, **widths, **(text or {})},
        vision_config={**IMAGE, **(own if kind == "clip" else {}), **(image or {})},
        **own,
        **changes,
    )
    return oracles.with_spread(getattr(library, f"{name}Model")(config))


def tower(kind: str, of: str, projected: bool = False, **changes):
    """Returns one tower as its own model. `of` is Text or Vision."""
    library = oracles.transformers()
    name = {"clip": "CLIP", "siglip": "Siglip"}[kind] + of
    settings = {**(TEXT if of == "Text" else IMAGE), **changes}
    if kind == "clip":
        settings["projection_dim"] = 16
    if (kind, of) == ("siglip", "Text"):
        settings["projection_size"] = 32
    model = f"{name}Model" + "WithProjection" * projected
    return oracles.with_spread(
        getattr(library, model)(getattr(library, f"{name}Config")(**settings))
    )


def save(model, kind: str, folder: Path, **processor) -> Path:
    """Saves a model with a tokenizer and the preprocessing that its family usually has."""
    model.save_pretrained(folder)
    write_tokenizer(kind, folder)
    side = 28
    usual = {
        "size": {"height": side, "width": side},
        "resample": 3,
        "image_processor_type": "SiglipImageProcessor",
        "do_convert_rgb": None,
    }
    if kind == "clip":
        usual = {
            "size": {"shortest_edge": side},
            "resample": 3,
            "do_center_crop": True,
            "crop_size": {"height": side, "width": side},
            "do_convert_rgb": True,
            "image_processor_type": "CLIPImageProcessor",
        }
    oracles.write_processor(folder, **{**usual, **processor})
    return folder


def write_tokenizer(kind: str, folder: Path) -> None:
    """Writes a tokenizer of _WORDS that ends a text, and for CLIP starts it too."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    words = {word: i for i, word in enumerate(_WORDS)} | {"<start>": 38, "<end>": END}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    template = "$A <end>"
    if kind == "clip":
        tokenizer.normalizer, template = normalizers.Lowercase(), "<start> $A <end>"
    tokenizer.post_processor = processors.TemplateProcessing(
        single=template, special_tokens=[("<start>", 38), ("<end>", END)]
    )
    tokenizer.add_special_tokens(["<pad>", "<unk>", "<start>", "<end>"])
    tokenizer.save(str(folder / "tokenizer.json"))
    kinds = {"clip": "PreTrainedTokenizerFast", "siglip": "SiglipTokenizer"}
    padding = {"clip": "<end>", "siglip": "<pad>"}
    (folder / "tokenizer_config.json").write_text(
        json.dumps(
            {
                "unk_token": "<unk>",
                "pad_token": padding[kind],
                "eos_token": "<end>",
                "model_max_length": 20,
                "tokenizer_class": kinds[kind],
            }
        )
    )


def texts(kind: str, rows: int = 3):
    """Returns ids (rows, 20) and a mask. CLIP's end, and are padded with another id; SigLIP's are
    padded with what the model reads."""
    rng = np.random.default_rng(1)
    ids = rng.integers(2, 37, (rows, 20)).astype(np.int32)
    mask = np.ones((rows, 20), bool)
    for row in range(rows):
        last = 6 + 6 * row
        ids[row, last], ids[row, last + 1 :] = END, 1
        if kind == "clip":
            mask[row, last + 1 :] = False
    return ids, mask


def images(rows: int = 2):
    return np.random.default_rng(2).normal(0, 1, (rows, 28, 28, 3)).astype(np.float32)


def their_text_vectors(model, ids, mask):
    """Returns the vector of each text, projected where the model does so."""
    import torch

    with torch.no_grad():
        found = model(
            input_ids=torch.tensor(ids, dtype=torch.long),
            attention_mask=torch.tensor(mask, dtype=torch.long),
        )
    return _vector(found, "text_embeds")


def their_image_vectors(model, pixels):
    """Returns the vector of each image, projected where the model does so."""
    import torch

    with torch.no_grad():
        found = model(torch.tensor(pixels.transpose(0, 3, 1, 2)))
    return _vector(found, "image_embeds")


def their_pair_vectors(model, pixels, ids, mask):
    """Returns what a whole model compares, (images, dim) and (texts, dim), not normalised."""
    import torch

    with torch.no_grad():
        images = model.get_image_features(torch.tensor(pixels.transpose(0, 3, 1, 2)))
        texts = model.get_text_features(
            torch.tensor(ids, dtype=torch.long), torch.tensor(mask, dtype=torch.long)
        )
    return images.pooler_output.numpy(), texts.pooler_output.numpy()


def their_logits(model, pixels, ids, mask):
    """Returns how well texts belong to images, (images, texts), as the whole model says."""
    import torch

    with torch.no_grad():
        found = model(
            input_ids=torch.tensor(ids, dtype=torch.long),
            attention_mask=torch.tensor(mask, dtype=torch.long),
            pixel_values=torch.tensor(pixels.transpose(0, 3, 1, 2)),
        )
    return found.logits_per_image.numpy()


def set_comparison(model, log_scale: float, bias: float | None = None):
    """Sets what a whole model compares its vectors with, and returns it."""
    import torch

    model.logit_scale.data = torch.tensor(log_scale).reshape(model.logit_scale.shape)
    if bias is not None:
        model.logit_bias.data = torch.tensor(bias).reshape(model.logit_bias.shape)
    return model


def _vector(found, projected):
    if projected in found:
        return found[projected].numpy()
    return found.pooler_output.numpy()
