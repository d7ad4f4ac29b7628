"""Polymodal: one model over images, text, speech and video.

import polymodal as pm

train = pm.read("train.csv")
model = pm.Classifier("digit", ignore=["speaker"])
model.fit(train, out="runs/digits")
print(model.evaluate("test.csv")["metrics"])
print(model.predict([{"image": "a.png", "audio": "b.ogg"}]))
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

# Public names and their modules; nothing is imported, and no engine loaded, until one is used.
_PUBLIC = {
    "read": "polymodal.tables.table",
    "Table": "polymodal.tables.table",
    "Recipe": "polymodal.recipe.recipe",
    "Training": "polymodal.training.steps.settings",
    "Predictions": "polymodal.core.contracts.task",
    "PolymodalError": "polymodal.core.errors",
    "DataError": "polymodal.core.errors",
    "RecipeError": "polymodal.core.errors",
    "Assistant": "polymodal.api",
    "Captioner": "polymodal.api",
    "Classifier": "polymodal.api",
    "MultilabelClassifier": "polymodal.api",
    "Regressor": "polymodal.api",
    "SentimentAnalyser": "polymodal.api",
    "SequenceLabeller": "polymodal.api",
    "Seq2Seq": "polymodal.api",
    "Retriever": "polymodal.api",
    "Transcriber": "polymodal.api",
    "assemble": "polymodal.training.assembled",
    "distil": "polymodal.questions.distil.distil",
    "estimate": "polymodal.questions.estimate.estimate",
    "export": "polymodal.inference.imported.huggingface",
    "finish": "polymodal.api",
    "import_model": "polymodal.pretrained.importing",
    "inspect": "polymodal.questions.inspection.run",
    "load": "polymodal.api",
    "load_language_model": "polymodal.pretrained.language.model",
    "load_part": "polymodal.pretrained.part",
    "needs": "polymodal.questions.needs.needs",
    "quiet": "polymodal.core.printed.progress",
    "tune": "polymodal.questions.tune.tune",
    "use_plugins": "polymodal.core.plugins",
}

# Those whose module loads an engine; what is in `polymodal.api` starts it itself, once needed.
_ON_ENGINE = {
    "assemble",
    "distil",
    "estimate",
    "export",
    "import_model",
    "load_language_model",
    "load_part",
    "needs",
    "tune",
}

__all__ = [
    "Assistant",
    "Captioner",
    "Classifier",
    "DataError",
    "MultilabelClassifier",
    "PolymodalError",
    "Predictions",
    "Recipe",
    "RecipeError",
    "Regressor",
    "Retriever",
    "SentimentAnalyser",
    "Seq2Seq",
    "SequenceLabeller",
    "Table",
    "Training",
    "Transcriber",
    "assemble",
    "distil",
    "estimate",
    "export",
    "finish",
    "import_model",
    "inspect",
    "load",
    "load_language_model",
    "load_part",
    "needs",
    "quiet",
    "read",
    "tune",
    "use_plugins",
]

if TYPE_CHECKING:
    from polymodal.api import (
        Classifier,
        MultilabelClassifier,
        Regressor,
        Retriever,
        SentimentAnalyser,
        Seq2Seq,
        SequenceLabeller,
        finish,
        load,
    )
    from polymodal.core.contracts.task import Predictions
    from polymodal.core.errors import DataError, PolymodalError, RecipeError
    from polymodal.core.plugins import use_plugins
    from polymodal.core.printed.progress import quiet
    from polymodal.estimators.texts import Assistant, Captioner, Transcriber
    from polymodal.inference.imported.huggingface import export
    from polymodal.pretrained.importing import import_model
    from polymodal.pretrained.language.model import load_language_model
    from polymodal.pretrained.part import load_part
    from polymodal.questions.distil.distil import distil
    from polymodal.questions.estimate.estimate import estimate
    from polymodal.questions.inspection.run import inspect
    from polymodal.questions.needs.needs import needs
    from polymodal.questions.tune.tune import tune
    from polymodal.recipe.recipe import Recipe
    from polymodal.tables.table import Table, read
    from polymodal.training.assembled import assemble
    from polymodal.training.steps.settings import Training


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("polymodal")
    if name not in _PUBLIC:
        raise AttributeError(f"module 'polymodal' has no attribute {name!r}")
    if name in _ON_ENGINE:
        importlib.import_module("polymodal.core.engine").start()  # without its start-up messages
    return getattr(importlib.import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
