"""How a checkpoint's recordings are prepared, from its own files."""

from __future__ import annotations

from typing import Any

from polymodal.core.errors import BundleError
from polymodal.pretrained.reading.checkpoint import Checkpoint
from polymodal.pretrained.reading.config import Config

__all__ = ["settings_of", "waveform_settings"]

FILE, WHOLE = "preprocessor_config.json", "processor_config.json"
_WITHOUT_EFFECT = (
    "feature_extractor_type",
    "processor_class",
    "return_attention_mask",
    "padding_side",
    "mel_filters",  # always computed again from the settings
    "n_samples",
    "nb_max_frames",  # follow from chunk_length
)
_NEVER_VARIED = {"mask": 0.0, "noise": 0.0, "gain_decibels": 0.0, "shift_seconds": 0.0}
_OF_BATCHES = (
    "feature_extractor_type",
    "processor_class",
    "return_attention_mask",
    "padding_side",
    "tokenizer_class",
)


def settings_of(checkpoint: Checkpoint, num_positions: int, num_mels: int) -> dict[str, Any]:
    """Returns the settings of the modality `audio` for Whisper.

    Args:
        checkpoint: Checkpoint.
        num_positions: int, tokens of its encoder, each of two frames.
        num_mels: int, bands that its encoder takes.

    Raises:
        BundleError: there is no such file, it asks for something that we do not implement, or it
            does not fit the encoder.
    """
    config = _config(checkpoint)
    config.only("feature_size", num_mels)
    config.only("padding_value", 0.0)
    config.only("dither", 0.0)
    for name in _WITHOUT_EFFECT:
        config.passed_over(name)
    rate = config.whole("sampling_rate", 16_000, 192_000, 16_000)
    hop = config.whole("hop_length", 1, rate, 160)
    window = config.whole("n_fft", 2, rate, 400)
    seconds = config.whole("chunk_length", 1, 3600, 30)
    config.finish()
    if seconds * rate // hop != 2 * num_positions:
        config.refuse(
            "chunk_length",
            f"{2 * num_positions * hop / rate:g} seconds, as "
            "max_source_positions of config.json says",
            seconds,
        )
    return {
        "spectrogram": "whisper",
        "centred": False,
        "sample_rate": rate,
        "max_seconds": float(seconds),
        "num_mels": num_mels,
        "window_seconds": window / rate,
        "hop_seconds": hop / rate,
        **_NEVER_VARIED,
    }


def waveform_settings(checkpoint: Checkpoint) -> dict[str, Any]:
    """Returns the settings of the modality `audio` for an encoder that reads samples.

    A recording is prepared as if it were alone, whatever the file says about padding: ours is
    never read.

    Raises:
        BundleError: there is no such file, or it asks for something that we do not implement.
    """
    config = _config(checkpoint)
    config.only("feature_size", 1)
    config.only("padding_value", 0.0)
    for name in _OF_BATCHES:
        config.passed_over(name)
    rate = config.whole("sampling_rate", 100, 192_000, 16_000)
    scaled = config.flag("do_normalize", True)
    config.finish()
    return {
        "spectrogram": "waveform",
        "centred": scaled,
        "sample_rate": rate,
        **_NEVER_VARIED,
        "warp": 0.0,
    }


def _config(checkpoint: Checkpoint) -> Config:
    """Returns what a checkpoint says about recordings: in a file, or below that of a processor."""
    if checkpoint.has(FILE):
        return Config(checkpoint.folder / FILE, checkpoint.mapping(FILE))
    found = checkpoint.mapping(WHOLE).get("feature_extractor")
    if not isinstance(found, dict):
        raise BundleError(
            f"{checkpoint.folder} needs {FILE}. It is missing. Copy the whole checkpoint."
        )
    return Config(checkpoint.folder / WHOLE, found)
