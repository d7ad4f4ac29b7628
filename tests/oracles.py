"""Tiny published models that their own library makes, saves and runs, to compare ours with.

The default initialisation hides mistakes, so weights get a spread of 0.3, biases and gains are
random, and texts are longer than any table of distances is exact for.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

# Of tests of what does not depend on the engine.
once = pytest.mark.skipif(
    os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow", reason="one engine says it"
)
TRANSFORMERS = "transformers makes the models that ours are compared with"
WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "a",
    "dog",
    "cat",
    "runs",
    "##ning",
    "sleep",
    "##s",
    "on",
    "the",
    "beach",
    ".",
    "two",
    "red",
    "blue",
    "very",
    "long",
    "é",
    "nor",
]
SMALL = {
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 40,
}
TEXT = {**SMALL, "vocab_size": 40, "max_position_embeddings": 80}


def transformers():
    return pytest.importorskip("transformers", reason=TRANSFORMERS)


def with_spread(model, seed: int = 0):
    """Gives each weight of a PyTorch model a value that matters, and returns the model."""
    import torch

    rng = np.random.default_rng(seed)
    for name, weight in model.named_parameters():
        values = rng.normal(0, 0.3, weight.shape)
        if (weight.ndim == 1 and name.endswith("weight")) or "lambda" in name:
            values += 1
        weight.data = torch.tensor(values, dtype=torch.float32)
    return model.eval()


def text_model(kind: str, **changes):
    """Returns a tiny text encoder: bert, roberta, xlm-roberta or mpnet."""
    library = transformers()
    names = {"bert": "Bert", "roberta": "Roberta", "xlm-roberta": "XLMRoberta", "mpnet": "MPNet"}
    config = getattr(library, f"{names[kind]}Config")(**{**TEXT, **changes})
    return with_spread(getattr(library, f"{names[kind]}Model")(config))


def save(model, folder: Path, tokenizer: bool = True, padding_id: int | None = None) -> Path:
    """Saves a model with its config, and for text a tokenizer."""
    model.save_pretrained(folder)
    if tokenizer:
        write_tokenizer(folder, model.config.pad_token_id if padding_id is None else padding_id)
    return folder


def write_tokenizer(folder: Path, padding_id: int = 0) -> None:
    """Writes the tokenizer.json of WORDS, whose padding has the id that the model asks for."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    words = list(WORDS)
    words[0], words[padding_id] = words[padding_id], words[0]
    tokenizer = Tokenizer(models.WordPiece({w: i for i, w in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[(w, words.index(w)) for w in ("[CLS]", "[SEP]")]
    )
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(
        json.dumps(
            {
                "unk_token": "[UNK]",
                "pad_token": "[PAD]",
                "cls_token": "[CLS]",
                "sep_token": "[SEP]",
                "mask_token": "[MASK]",
                "do_lower_case": True,
                "strip_accents": None,
                "tokenize_chinese_chars": True,
                "model_max_length": 64,
                "tokenizer_class": "BertTokenizer",
            }
        )
    )


def change_config(folder: Path, **values) -> None:
    """Changes settings of a saved config."""
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def ids_and_mask(padding_id: int, side: str = "right", rows: int = 3, steps: int = 60):
    """Returns ids (rows, steps) and a mask, rows of different lengths, the last one whole."""
    rng = np.random.default_rng(1)
    ids = rng.integers(5, 40, (rows, steps)).astype(np.int32)
    mask = np.ones((rows, steps), bool)
    for row in range(rows - 1):
        gap = slice(7 + 20 * row, None) if side == "right" else slice(None, -(7 + 20 * row))
        ids[row, gap], mask[row, gap] = padding_id, False
    return ids, mask


def hidden_states(model, ids, mask):
    """Returns what the library's own model gives, float32 (rows, steps, dim)."""
    import torch

    with torch.no_grad():
        found = model(
            input_ids=torch.tensor(ids, dtype=torch.long),
            attention_mask=torch.tensor(mask, dtype=torch.long),
        )
    return found.last_hidden_state.numpy()


def image_model(kind: str, **changes):
    """Returns a tiny image encoder: vit or dinov2."""
    library = transformers()
    small = {k: v for k, v in SMALL.items() if kind == "vit" or k != "intermediate_size"}
    names = {"vit": "ViT", "dinov2": "Dinov2"}
    config = getattr(library, f"{names[kind]}Config")(
        **{**small, "image_size": 28, "patch_size": 7, **changes}
    )
    return with_spread(getattr(library, f"{names[kind]}Model")(config))


def save_image_model(model, folder: Path, **changes) -> Path:
    """Saves a model with the preprocessing that its family usually has."""
    model.save_pretrained(folder)
    side = model.config.image_size
    usual = {"size": {"height": side, "width": side}, "image_processor_type": "ViTImageProcessor"}
    if model.config.model_type == "dinov2":
        usual = {
            "size": {"shortest_edge": side + 4},
            "do_center_crop": True,
            "resample": 3,
            "crop_size": {"height": side, "width": side},
            "do_convert_rgb": True,
            "image_processor_type": "BitImageProcessor",
        }
    write_processor(folder, **{**usual, **changes})
    return folder


def write_processor(folder: Path, **settings) -> None:
    """Writes how images are prepared."""
    usual = {
        "do_resize": True,
        "do_rescale": True,
        "do_normalize": True,
        "resample": 2,
        "rescale_factor": 1 / 255,
        "image_mean": [0.5, 0.4, 0.3],
        "image_std": [0.5, 0.6, 0.7],
    }
    (folder / "preprocessor_config.json").write_text(json.dumps({**usual, **settings}))


def image_states(model, pixels):
    """Returns what the library's own model gives for (rows, height, width, channels)."""
    import torch

    with torch.no_grad():
        found = model(torch.tensor(np.asarray(pixels).transpose(0, 3, 1, 2)))
    return found.last_hidden_state.numpy()


def as_png(pixels) -> bytes:
    """Returns uint8 (height, width, 3) as the bytes of a PNG."""
    import io

    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def to_numpy(tensor):
    """Returns an engine's tensor as a numpy array."""
    import keras

    return keras.ops.convert_to_numpy(tensor)


LANGUAGE = {
    "hidden_size": 24,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 40,
    "vocab_size": 300,
    "max_position_embeddings": 120,
    "bos_token_id": 256,
    "eos_token_id": 257,
    "pad_token_id": None,
    "head_dim": 8,
}
TEMPLATE = (
    "{% for message in messages %}{{ '<|start|>' + message['role'] + '\\n' + "
    "message['content'] | trim + '<|end|>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start|>assistant\\n' }}{% endif %}"
)


def language_model(kind: str, **changes):
    """Returns a tiny language model: llama, mistral, qwen2, qwen3 or gemma3."""
    library = transformers()
    names = {
        "llama": "Llama",
        "mistral": "Mistral",
        "qwen2": "Qwen2",
        "qwen3": "Qwen3",
        "gemma3": "Gemma3Text",
    }
    config = getattr(library, f"{names[kind]}Config")(**{**LANGUAGE, **changes})
    causal = getattr(library, f"{names[kind].removesuffix('Text')}ForCausalLM")
    model = with_spread(causal(config))
    model.tie_weights()
    return model


def save_language_model(model, folder: Path) -> Path:
    """Saves a language model with a tokenizer of bytes and a chat template."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    model.save_pretrained(folder)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = [("h", "e"), ("t", "he"), ("i", "n"), ("o", "n")]
    words = [*alphabet, "<|start|>", "<|end|>", *("".join(pair) for pair in merges)]
    tokenizer = Tokenizer(models.BPE({word: i for i, word in enumerate(words)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<|start|>", "<|end|>"])
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(
        json.dumps(
            {
                "bos_token": "<|start|>",
                "eos_token": "<|end|>",
                "chat_template": TEMPLATE,
                "tokenizer_class": "PreTrainedTokenizerFast",
            }
        )
    )
    return folder


def logits(model, ids, mask):
    """Returns what the library's own language model gives, float32 (rows, steps, outputs)."""
    import torch

    with torch.no_grad():
        found = model(
            input_ids=torch.tensor(ids, dtype=torch.long),
            attention_mask=torch.tensor(mask, dtype=torch.long),
        )
    return found.logits.numpy()


def whisper_model(**changes):
    """Returns a tiny Whisper whose longest recording has two seconds."""
    library = transformers()
    small = {
        "vocab_size": 60,
        "num_mel_bins": 20,
        "encoder_layers": 2,
        "decoder_layers": 2,
        "encoder_attention_heads": 3,
        "decoder_attention_heads": 3,
        "encoder_ffn_dim": 40,
        "decoder_ffn_dim": 40,
        "d_model": 24,
        "max_source_positions": 100,
        "max_target_positions": 20,
        "pad_token_id": 1,
        "bos_token_id": 1,
        "eos_token_id": 1,
        "decoder_start_token_id": 2,
        "begin_suppress_tokens": None,
    }
    config = library.WhisperConfig(**{**small, **changes})
    return with_spread(library.WhisperForConditionalGeneration(config))


def save_whisper(model, folder: Path, **changes) -> Path:
    """Saves a Whisper with the preprocessing of its recordings."""
    model.save_pretrained(folder)
    config = model.config
    extractor = transformers().WhisperFeatureExtractor(
        feature_size=config.num_mel_bins, chunk_length=config.max_source_positions // 50
    )
    extractor.save_pretrained(folder)
    path = folder / "preprocessor_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    return folder


def whisper_features(folder: Path, waveforms):
    """Returns what the library's own extractor makes of recordings, (rows, frames, mels)."""
    extractor = transformers().WhisperFeatureExtractor.from_pretrained(folder)
    found = extractor(waveforms, sampling_rate=16_000, return_tensors="np")
    return found["input_features"].transpose(0, 2, 1)


def whisper_states(model, features):
    """Returns what the library's own encoder gives for (rows, frames, mels)."""
    import torch

    with torch.no_grad():
        found = model.model.encoder(torch.tensor(np.asarray(features).transpose(0, 2, 1)))
    return found.last_hidden_state.numpy()
