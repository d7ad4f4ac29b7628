"""What a model card says about an imported part."""

from __future__ import annotations

import re

from polymodal.pretrained.assistant import ImportedAssistant
from polymodal.pretrained.graph import Graph
from polymodal.pretrained.language.model import LanguageModel
from polymodal.pretrained.pair import Pair
from polymodal.pretrained.part import Part
from polymodal.pretrained.reading.checkpoint import Checkpoint
from polymodal.pretrained.speech.ctc_model import CtcModel
from polymodal.pretrained.speech.model import SpeechModel

__all__ = ["Model", "card", "licence"]

Model = (
    Part | Pair | Graph | LanguageModel | SpeechModel | CtcModel | ImportedAssistant
)  # whatever can be imported

_HEAD_BYTES = 20_000
_LICENCE = re.compile(r"^license:\s*[\"']?([\w.+-]{1,60})", re.MULTILINE)


def licence(checkpoint: Checkpoint) -> str | None:
    """Returns the licence that the checkpoint's README states in its first lines, or None."""
    path = checkpoint.folder / "README.md"
    if not path.is_file():
        return checkpoint.stated_licence
    with path.open(encoding="utf-8", errors="replace") as file:
        found = _LICENCE.search(file.read(_HEAD_BYTES))
    if found:
        return found[1]
    return None


def card(part: Model) -> str:
    """Returns the model card, as Markdown."""
    origin = part.origin
    stated = origin["licence"] or "not stated in the checkpoint; ask its publisher"
    files = "\n".join(f"- `{name}`: {digest}" for name, digest in origin["files"].items())
    return (
        f"# Imported model: {origin['source']}\n\n"
        f"- Family: {origin['family']}\n"
        f"- It {part.about}.\n"
        f"- Licence: {stated}\n"
        f"- Parameters: {part.num_parameters:,}\n\n"
        "Its weights were trained by its publisher. Polymodal has not evaluated them.\n\n"
        f"## Files that were read, with their SHA-256\n\n{files}\n"
    )
