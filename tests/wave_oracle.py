"""Tiny random models that read samples, and what transformers makes of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

import oracles

VOCABULARY = {
    "<s>": 1,
    "<pad>": 0,
    "</s>": 2,
    "<unk>": 3,
    "|": 4,
    **{letter: 5 + place for place, letter in enumerate("ETAON'R")},
}
OUTPUTS = len(VOCABULARY)
RATE = 16_000
SMALL = {
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 40,
    "conv_dim": (8, 10, 12),
    "conv_stride": (5, 3, 2),
    "conv_kernel": (10, 4, 3),
    "num_conv_pos_embeddings": 8,
    "num_conv_pos_embedding_groups": 4,
    "vocab_size": OUTPUTS,
    "pad_token_id": 0,
}
LARGE = {"feat_extract_norm": "layer", "conv_bias": True, "do_stable_layer_norm": True}
BUCKETS = {"num_buckets": 12, "max_bucket_distance": 20}  # fewer tokens than recordings have
NAMES = {"wav2vec2": "Wav2Vec2", "hubert": "Hubert", "wavlm": "WavLM"}


def model(kind: str, head: str = "Model", **changes):
    """Returns a tiny model: a kind of NAMES, with the head of a class name, such as ForCTC."""
    library, name = oracles.transformers(), NAMES[kind]
    own = BUCKETS if kind == "wavlm" else {}
    config = getattr(library, f"{name}Config")(**{**SMALL, **own, **changes})
    return oracles.with_spread(getattr(library, f"{name}{head}")(config))


def save(found, folder: Path, tokenizer: bool = True, **extractor) -> Path:
    """Saves a model with its preprocessing, and a tokenizer of characters."""
    found.save_pretrained(folder)
    settings = {
        "do_normalize": True,
        "feature_extractor_type": "Wav2Vec2FeatureExtractor",
        "feature_size": 1,
        "padding_side": "right",
        "padding_value": 0.0,
        "return_attention_mask": found.config.feat_extract_norm == "layer",
        "sampling_rate": RATE,
    }
    (folder / "preprocessor_config.json").write_text(json.dumps({**settings, **extractor}))
    if tokenizer:
        (folder / "vocab.json").write_text(json.dumps(VOCABULARY))
        change_tokenizer(folder)
    return folder


def change_tokenizer(folder: Path, **values) -> None:
    """Writes how the tokenizer spells."""
    usual = {
        "pad_token": "<pad>",
        "unk_token": "<unk>",
        "bos_token": "<s>",
        "eos_token": "</s>",
        "word_delimiter_token": "|",
        "do_lower_case": False,
        "tokenizer_class": "Wav2Vec2CTCTokenizer",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps({**usual, **values}))


def with_old_names(folder: Path) -> Path:
    """Renames tensors as versions before `parametrizations` wrote them."""
    from safetensors.numpy import load_file, save_file

    path = folder / "model.safetensors"
    renamed = {
        name.replace("parametrizations.weight.original0", "weight_g").replace(
            "parametrizations.weight.original1", "weight_v"
        ): values
        for name, values in load_file(path).items()
    }
    assert any(name.endswith("weight_g") for name in renamed)
    save_file(renamed, path, metadata={"format": "pt"})
    return folder


def waveforms(seconds=(0.5, 0.31, 0.07)):
    """Returns recordings of several lengths and levels, tones in noise, the first one whole."""
    rng = np.random.default_rng(3)
    found = []
    for place, length in enumerate(round(one * RATE) + place for place, one in enumerate(seconds)):
        tone = np.sin(np.arange(length) * (0.03 + 0.06 * place)) * np.linspace(0, 1, length)
        found.append((0.1**place * (tone + 0.2 * rng.normal(size=length)) + 0.05).astype("f4"))
    return found


def extractor(folder: Path):
    """Returns the library's own preprocessing."""
    return oracles.transformers().Wav2Vec2FeatureExtractor.from_pretrained(folder)


def run(found, folder: Path, sounds, masked: bool | None = None):
    """Returns what the library's own model gives for a padded batch; by default with a mask where
    its extractor asks for one."""
    import torch

    batch = extractor(folder)(
        sounds, sampling_rate=RATE, padding=True, return_tensors="pt", return_attention_mask=masked
    )
    with torch.no_grad():
        return found(**batch)


def alone(found, folder: Path, sounds, field: str = "last_hidden_state"):
    """Returns what the library's own model gives for each recording alone."""
    return [getattr(run(found, folder, [one]), field)[0].numpy() for one in sounds]


def logits(found, folder: Path, sounds):
    """Returns the logits of transformers for each recording alone, blank last."""
    order = [*range(1, OUTPUTS), 0]
    return [one[:, order] for one in alone(found, folder, sounds, "logits")]


def texts(found, folder: Path, sounds) -> list[str]:
    """Returns what transformers writes for each recording alone."""
    tokenizer = oracles.transformers().Wav2Vec2CTCTokenizer.from_pretrained(folder)
    return [tokenizer.decode(one.argmax(-1)) for one in alone(found, folder, sounds, "logits")]
