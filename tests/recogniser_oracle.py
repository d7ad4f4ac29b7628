"""A tiny random Whisper with a tokenizer of bytes, and what transformers makes of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

import oracles

LANGUAGES = ("en", "de", "fr")
SECONDS = 2  # of its window
_SPECIAL = [
    "<|endoftext|>",
    "<|startoftranscript|>",
    *(f"<|{code}|>" for code in LANGUAGES),
    "<|translate|>",
    "<|transcribe|>",
    "<|startoflm|>",
    "<|startofprev|>",
    "<|nospeech|>",
    "<|notimestamps|>",
]
END, START = 256, 257
TIMELESS = END + len(_SPECIAL) - 1
TIMES = TIMELESS + 1
OUTPUTS = TIMES + 50 * SECONDS + 1


def model(multilingual: bool = True, **changes):
    """Returns a Whisper whose weights matter, with settings of generation."""
    found = oracles.whisper_model(
        vocab_size=OUTPUTS,
        eos_token_id=END,
        pad_token_id=END,
        bos_token_id=END,
        decoder_start_token_id=START,
        max_target_positions=40,
        **changes,
    )
    settings = {
        "is_multilingual": multilingual,
        "no_timestamps_token_id": TIMELESS,
        "suppress_tokens": [7, 9, START, TIMELESS - 1],
        "begin_suppress_tokens": [32, END],
        "max_initial_timestamp_index": 30,
        "alignment_heads": [[1, 0], [1, 1]],
        "decoder_start_token_id": START,
        "eos_token_id": END,
        "pad_token_id": END,
        "bos_token_id": END,
        "max_length": 40,
        "forced_decoder_ids": None,
        "prev_sot_token_id": TIMELESS - 2,
    }
    if multilingual:
        settings["lang_to_id"] = {
            f"<|{code}|>": START + 1 + place for place, code in enumerate(LANGUAGES)
        }
        settings["task_to_id"] = {
            "translate": START + 1 + len(LANGUAGES),
            "transcribe": START + 2 + len(LANGUAGES),
        }
    for name, value in settings.items():
        setattr(found.generation_config, name, value)
    return found


def save(found, folder: Path) -> Path:
    """Saves a model with preprocessing and tokenizer."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    oracles.save_whisper(found, folder)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({word: i for i, word in enumerate(alphabet)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(_SPECIAL)
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({"eos_token": "<|endoftext|>"}))
    return folder


def change_generation(folder: Path, **values) -> None:
    """Changes settings of generation; None removes one."""
    path = folder / "generation_config.json"
    found = {**json.loads(path.read_text()), **values}
    path.write_text(json.dumps({name: value for name, value in found.items() if value is not None}))


def logits(found, features, ids):
    """Returns the logits of transformers for (rows, frames, mels) and ids (rows, steps)."""
    import torch

    with torch.no_grad():
        return found(
            torch.tensor(np.asarray(features).transpose(0, 2, 1)),
            decoder_input_ids=torch.tensor(np.asarray(ids)),
        ).logits.numpy()


def greedy(found, features, prompt):
    """Returns what transformers writes for each row behind a prompt, without the end."""
    import torch

    settings, begin = found.generation_config, len(prompt)
    rules = [
        oracles.transformers().SuppressTokensAtBeginLogitsProcessor(
            settings.begin_suppress_tokens, begin
        ),
        oracles.transformers().SuppressTokensLogitsProcessor(settings.suppress_tokens),
    ]
    if prompt[-1] != TIMELESS:
        rules.append(
            oracles.transformers().WhisperTimeStampLogitsProcessor(settings, begin_index=begin)
        )
    with torch.no_grad():
        rows = oracles.transformers().GenerationMixin.generate(
            found,
            torch.tensor(np.asarray(features).transpose(0, 2, 1)),
            decoder_input_ids=torch.tensor([prompt] * len(features)),
            logits_processor=rules,
            suppress_tokens=None,
            begin_suppress_tokens=None,
            do_sample=False,
            max_length=40,
        )
    return [_written(row.tolist()[begin:]) for row in rows]


def _written(ids: list[int]) -> list[int]:
    if END in ids:
        ids = ids[: ids.index(END)]
    return ids


def waveforms(seconds=(2.0, 1.3, 0.4, 1.9)):
    """Returns recordings: tones that glide, in noise."""
    rng, found = np.random.default_rng(3), []
    for place, length in enumerate(seconds):
        time = np.arange(round(16_000 * length)) / 16_000
        tone = np.sin(2 * np.pi * (200 + 300 * place + 400 * time) * time)
        found.append(
            (0.3 * tone * np.sin(3 * time) + rng.normal(0, 0.02, len(time))).astype(np.float32)
        )
    return found
