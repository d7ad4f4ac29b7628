"""Imports a published checkpoint: read, checked, and written as a part that any recipe can use."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from polymodal.bundle import write
from polymodal.core import lookup
from polymodal.core.disk.files import check_new, write_folder, write_json
from polymodal.core.disk.paths import user_path
from polymodal.core.errors import BundleError, RecipeError
from polymodal.pretrained import golden
from polymodal.pretrained.assistant import ImportedAssistant, read_assistant
from polymodal.pretrained.card import Model, card, licence
from polymodal.pretrained.family import Family
from polymodal.pretrained.graph import read_graph
from polymodal.pretrained.language.model import LanguageModel
from polymodal.pretrained.language.reading import read_language_model
from polymodal.pretrained.pair import Pair, read_comparison
from polymodal.pretrained.part import Part, assembled
from polymodal.pretrained.reading import names, pixels, sentences, sounds, tokenizer
from polymodal.pretrained.reading.checkpoint import Checkpoint
from polymodal.pretrained.reading.config import Config
from polymodal.pretrained.reading.hub import fetched
from polymodal.pretrained.reading.positions import resized
from polymodal.pretrained.reading.sources import opened
from polymodal.pretrained.reading.written_back import keep
from polymodal.pretrained.speech.ctc_model import CtcModel, has_ctc, read_ctc_model
from polymodal.pretrained.speech.model import SpeechModel
from polymodal.pretrained.speech.reading import read_speech_model
from polymodal.pretrained.tiled_assistant import read_tiled_assistant
from polymodal.pretrained.towers import tower_of, towers_of
from polymodal.pretrained.whole_assistant import WholeAssistant

__all__ = ["import_model"]

_CONFIG = "config.json"
_OURS = ("vocabulary_size",)  # what the modality says


def import_model(
    source: str | Path,
    out: str | Path,
    tower: str | None = None,
    output: str | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Model:
    """Imports a checkpoint and writes it as a part of ours, or as a whole model.

    Args:
        source: folder in the layout of Hugging Face, or of Whisper in CTranslate2's; a GGUF file of
            a language model; an ONNX graph that encodes images; or a name on the Hugging Face hub.
            No code in it is executed.
        out: folder to write; it must not exist, or be empty.
        tower: str or None, "image" or "text" of a pair such as CLIP; None for the whole pair.
        output: str or None, of an ONNX graph the output, or a tensor inside, that is wanted.
        settings: of an ONNX graph the preprocessing of images, such as {"mean": 127.5}, as the
            modality `onnx_features` takes it.

    Returns:
        The part, loaded.

    Raises:
        BundleError: the checkpoint is damaged, or of a kind that we do not implement.
        RecipeError: `out` is in use, or there is no such tower.

    Example:

    >>> import polymodal as pm
    >>> part = pm.import_model("all-MiniLM-L6-v2", "models/minilm")  # doctest: +SKIP
    >>> part.encode(["Two dogs play."]).shape  # doctest: +SKIP
    (1, 384)
    """
    out = check_new(out)
    source = fetched(source)
    part = _read(source, tower, output, settings)
    if isinstance(part, ImportedAssistant):
        return _written(part, out)
    answers = golden.record(part)

    def fill(folder: Path) -> None:
        (folder / "MODEL_CARD.md").write_text(card(part), encoding="utf-8")
        _keep_source(folder, source, part)
        part.save(folder, {golden.FILE: answers})

    write_folder(out, fill)
    return part


def _written(part: ImportedAssistant, out: Path) -> ImportedAssistant:
    """Writes an assistant; its golden outputs are those of what was written, as a whole."""

    def fill(folder: Path) -> None:
        (folder / "MODEL_CARD.md").write_text(card(part), encoding="utf-8")
        part.save(folder)
        write_json(folder / golden.FILE, golden.record(WholeAssistant(folder)))
        write.seal(folder)

    write_folder(out, fill)
    return part


def _keep_source(folder: Path, source: str | Path, part: Model) -> None:
    layers: dict[str, Any] = {}
    if isinstance(part, Part):
        layers = {"": part.encoder}
    elif isinstance(part, CtcModel):
        layers = {"": part.part.encoder}
    elif isinstance(part, LanguageModel):
        layers = {"": part.decoder}
    elif isinstance(part, Pair):
        layers = {"image": part.image.encoder, "text": part.text.encoder}
    if layers:
        keep(folder, opened(source), part.origin["family"], layers)


def _read(
    source: str | Path, tower: str | None, output: str | None, settings: Mapping[str, Any] | None
) -> Model:
    if user_path(source).suffix.lower() == ".onnx":
        if tower is not None:
            raise RecipeError(
                "--tower needs a pair such as CLIP. Got an ONNX graph. Name a tensor with --output."
            )
        return read_graph(source, output, settings)
    if output is not None or settings:
        raise RecipeError(f"--output and --set need an ONNX graph. Got {source}. Leave them out.")
    return read_model(opened(source), tower)


def read_model(checkpoint: Checkpoint, tower: str | None = None) -> Model:
    """Returns the part or the whole model that a checkpoint holds, in memory.

    Raises:
        BundleError: as for `import_model`.
    """
    values = checkpoint.mapping(_CONFIG)
    family_name = _family_name(checkpoint, values)
    family: type[Family] = lookup.find("pretrained.families", family_name)
    config = Config(checkpoint.folder / _CONFIG, values)
    origin = {
        "family": family_name,
        "licence": licence(checkpoint),
        "source": checkpoint.title,
        "files": checkpoint.digests(),
    }
    if family.towers and tower is None:
        return _pair(checkpoint, values, family, config, origin)
    if family.towers:
        family, config = tower_of(config, values, family, tower)
    elif tower is not None:
        raise RecipeError(f"--tower needs a pair such as CLIP. Got {family_name}. Leave it out.")
    settings = family.settings(config)
    config.finish()
    if family.tiled:
        return read_tiled_assistant(checkpoint, family, settings, origin)
    if family.modality == "assistant":
        return read_assistant(checkpoint, family, settings, origin)
    if family.modality == "language":
        return read_language_model(checkpoint, values, family, settings, origin)
    part = _encoder(checkpoint, values, family, settings, origin)
    if has_ctc(checkpoint, family):
        return read_ctc_model(checkpoint, config, part)
    if family.decoder is None:
        return part
    return read_speech_model(checkpoint, config, family.decoder, part)


def read_part(checkpoint: Checkpoint, tower: str | None = None) -> Part:
    """Returns the encoder that a checkpoint holds, in memory.

    Raises:
        BundleError: as for `import_model`, or it holds a language model.
    """
    found = read_model(checkpoint, tower)
    if isinstance(found, SpeechModel | CtcModel):
        return found.part
    if not isinstance(found, Part):
        kind = "language model"
        if isinstance(found, Pair):
            kind = "pair"
        raise BundleError(
            f"{checkpoint.folder} needs to contain an encoder. Got a {kind}. "
            "Give the folder of an encoder."
        )
    return found


def _pair(
    checkpoint: Checkpoint,
    values: Mapping[str, Any],
    family: type[Family],
    config: Config,
    origin: Mapping[str, Any],
) -> Pair:
    """Returns both towers with what compares them."""
    log_scale, bias = read_comparison(checkpoint, family.comparison)
    parts = {}
    for side, (of_side, own) in towers_of(config, values, family).items():
        settings = of_side.settings(own)
        own.finish()
        parts[side] = _encoder(checkpoint, values, of_side, settings, origin)
    return Pair(parts["text"], parts["image"], family.comparison, log_scale, bias, origin)


def _encoder(
    checkpoint: Checkpoint,
    values: Mapping[str, Any],
    family: type[Family],
    settings: dict[str, Any],
    origin: Mapping[str, Any],
) -> Part:
    changed: dict[str, Any] = {}
    if family.modality == "image":
        of_modality, state, changed = _image(checkpoint, settings)
    elif family.modality == "audio":
        of_modality, state = _sound(checkpoint, settings), None
    else:
        of_modality, state = _text(checkpoint, values, family, settings)
    own = {key: value for key, value in settings.items() if key not in _OURS}
    part = assembled(
        family.modality,
        {"modality": family.modality, **of_modality, "encoder": family.encoder, **own},
        state,
        origin,
    )
    names.load(part.encoder, checkpoint, family, {**family.changes, **changed})
    return part


def _text(
    checkpoint: Checkpoint,
    config: Mapping[str, Any],
    family: type[Family],
    settings: dict[str, Any],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns the modality's settings and state; adds pooling to the encoder's settings."""
    if sentences.is_sentence_encoder(checkpoint):
        settings |= sentences.pooling(checkpoint, settings["width"])
    return {"tokenizer": "pretrained"}, tokenizer.state_of(checkpoint, config, family, settings)


def _sound(checkpoint: Checkpoint, settings: dict[str, Any]) -> dict[str, Any]:
    """Returns the modality's settings; takes out of the encoder's what is about its sounds."""
    if "num_mels" not in settings:
        return sounds.waveform_settings(checkpoint)
    return sounds.settings_of(checkpoint, settings["num_positions"], settings.pop("num_mels"))


def _image(
    checkpoint: Checkpoint, settings: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any] | None, dict[str, Any]]:
    """Returns the modality's settings and state, and what is changed in the tensors; takes out of
    the encoder's settings what is about its images."""
    found = pixels.settings_of(checkpoint)
    trained, patch = settings.pop("image_size", None), settings.get("patch_size")
    may_differ = settings.pop("resizes_positions", False)
    changed: dict[str, Any] = {}
    if trained is not None and found["size"] != [trained, trained]:
        if not may_differ:
            raise BundleError(
                f"{checkpoint.folder / pixels.FILE} needs images of {trained} pixels "
                f"a side, as config.json says. Got {found['size']}. Check that both "
                "belong together."
            )
        grid = (found["size"][0] // patch, found["size"][1] // patch)
        changed["positions"] = lambda values: resized(_table(values), grid)
    elif trained is not None:
        changed["positions"] = _table
    if trained is not None:
        changed["first"] = _table
    return found, None, changed


def _table(values: np.ndarray) -> np.ndarray:
    """Returns (rows, dim) of what may have one axis more or less."""
    return values.reshape(-1, values.shape[-1])


def _family_name(checkpoint: Checkpoint, config: Mapping[str, Any]) -> str:
    path = checkpoint.folder / _CONFIG
    if not checkpoint.has(_CONFIG):
        raise BundleError(
            f"{checkpoint.folder} needs {_CONFIG}. It is missing. Give the folder "
            "that contains the checkpoint."
        )
    kind = config.get("model_type")
    known = lookup.names("pretrained.families")
    name = str(kind).replace("-", "_")
    if name not in known:
        raise BundleError(
            f'{path}: "model_type" needs one of {", ".join(known)}. Got {kind!r}. '
            "`polymodal models` lists what can be imported."
        )
    if "auto_map" in config:
        raise BundleError(
            f'{path}: "auto_map" names code of the checkpoint, which is not run. '
            "Import a checkpoint of the plain family."
        )
    return name
