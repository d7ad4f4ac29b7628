"""Pooling, normalisation and length of a sentence encoder, from its own files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from polymodal.core.arguments import shown
from polymodal.core.errors import BundleError
from polymodal.pretrained.reading.checkpoint import Checkpoint

__all__ = ["is_sentence_encoder", "longest", "pooling"]

MODULES, SETTINGS = "modules.json", "sentence_bert_config.json"
_FLAGS = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
_OURS = {"cls": "first", "mean": "mean", "max": "max", "mean_sqrt_len_tokens": "mean_sqrt_length"}


def is_sentence_encoder(checkpoint: Checkpoint) -> bool:
    """Returns whether the folder says how a text becomes one vector."""
    return (checkpoint.folder / MODULES).is_file()


def pooling(checkpoint: Checkpoint, dim: int) -> dict[str, Any]:
    """Returns the encoder's settings `pooling` and `normalise`, from `modules.json`.

    Args:
        checkpoint: Checkpoint.
        dim: int, width of the tokens.

    Raises:
        BundleError: a module or a way of pooling that we do not implement.
    """
    listed = checkpoint.json(MODULES)
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise BundleError(
            f"{checkpoint.folder / MODULES} needs to contain a list of modules. Got "
            f"{shown(listed)}. Take it from its source again."
        )
    kinds = [str(one.get("type")).rpartition(".")[2] for one in listed]
    if kinds not in (
        ["Transformer"],
        ["Transformer", "Pooling"],
        ["Transformer", "Pooling", "Normalize"],
    ):
        raise BundleError(
            f"{checkpoint.folder / MODULES} needs Transformer, Pooling and perhaps "
            f"Normalize. Got {', '.join(kinds)}. This importer implements nothing "
            "else."
        )
    _check_prompt(checkpoint)
    if len(kinds) == 1:
        return {}
    name = str(PurePosixPath(_folder(listed[1])) / "config.json")
    return {
        "pooling": _kind(f"{checkpoint.folder / name}", checkpoint.mapping(name), dim),
        "normalise": len(kinds) == 3,
    }


def longest(checkpoint: Checkpoint) -> int | None:
    """Returns the tokens that the sentence encoder keeps of a text, or None where it is open."""
    settings = checkpoint.mapping(SETTINGS)
    if settings.get("do_lower_case"):
        raise BundleError(
            f'{checkpoint.folder / SETTINGS}: "do_lower_case" needs false. Got true. '
            "This importer leaves capitals to tokenizer.json."
        )
    found = settings.get("max_seq_length")
    if found is not None and (type(found) is not int or not 1 <= found <= 1_000_000):
        raise BundleError(
            f'{checkpoint.folder / SETTINGS}: "max_seq_length" needs a whole number '
            f"from 1 to 1,000,000. Got {shown(found)}. Take it from its source "
            "again."
        )
    return found


def _kind(path: str, settings: Mapping[str, Any], dim: int) -> str:
    chosen = settings.get("pooling_mode")
    if chosen is None:
        flags = [mode for name, mode in _FLAGS.items() if settings.get(name)]
        chosen = flags[0] if len(flags) == 1 else flags or "mean"
    if isinstance(chosen, list) and len(chosen) == 1:
        chosen = chosen[0]
    if not isinstance(chosen, str) or chosen not in _OURS:
        raise BundleError(
            f"{path} needs one pooling of {', '.join(_OURS)}. Got {shown(chosen)}. "
            "This importer implements nothing else."
        )
    width = settings.get("embedding_dimension", settings.get("word_embedding_dimension", dim))
    if width != dim:
        raise BundleError(
            f"{path} needs vectors of {dim} numbers, as config.json says. Got "
            f"{shown(width)}. Check that both belong together."
        )
    return _OURS[chosen]


def _check_prompt(checkpoint: Checkpoint) -> None:
    """Refuses a text that the library would put before each sentence."""
    name = "config_sentence_transformers.json"
    settings = checkpoint.mapping(name)
    prompt = settings.get("default_prompt_name")
    if prompt and (settings.get("prompts") or {}).get(prompt):
        raise BundleError(
            f'{checkpoint.folder / name}: "default_prompt_name" needs null. Got '
            f"{shown(prompt)}. This importer puts nothing before a text."
        )


def _folder(module: Mapping[str, Any]) -> str:
    path = str(module.get("path", ""))
    if path.startswith("/") or ".." in path.split("/") or "\\" in path:
        raise BundleError(
            f"{MODULES} needs paths inside its folder. Got {shown(path)}. Do not use "
            "this checkpoint."
        )
    return path
