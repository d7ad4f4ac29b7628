"""Loads an imported model of any kind."""

from __future__ import annotations

from pathlib import Path

from polymodal.core.disk.paths import user_path
from polymodal.pretrained.card import Model
from polymodal.pretrained.graph import load_graph
from polymodal.pretrained.keys import is_assistant, is_ctc, is_graph, is_pair, spec_of
from polymodal.pretrained.language.model import is_language_model, load_language_model
from polymodal.pretrained.pair import load_pair
from polymodal.pretrained.part import is_part, load_part
from polymodal.pretrained.speech.ctc_model import load_ctc_model
from polymodal.pretrained.speech.model import is_speech_model, load_speech_model
from polymodal.pretrained.whole_assistant import WholeAssistant

__all__ = ["load_imported"]


def load_imported(folder: str | Path) -> Model | WholeAssistant | None:
    """Loads the imported model in a folder; None where it holds none.

    Raises:
        BundleError: it is damaged, or foreign.
    """
    folder = user_path(folder)
    spec = spec_of(folder)
    if is_language_model(folder):
        return load_language_model(folder)
    if is_pair(spec):
        return load_pair(folder)
    if is_ctc(spec):
        return load_ctc_model(folder)
    if is_assistant(spec):
        return WholeAssistant(folder)
    if is_graph(spec):
        return load_graph(folder)
    if is_speech_model(folder):
        return load_speech_model(folder)
    if is_part(folder):
        return load_part(folder)
    return None
