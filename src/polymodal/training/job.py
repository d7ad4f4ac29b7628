"""One model of a run: set up, timed, trained, and written as a bundle."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from polymodal.bundle import weights as tensors
from polymodal.bundle.write import write
from polymodal.core.disk.files import write_atomic
from polymodal.inference.answers import Answers, align_lengths
from polymodal.inference.hearing import copy_recognisers
from polymodal.inference.predictor import Predictor
from polymodal.recipe import assemble
from polymodal.recipe.adapting import merge
from polymodal.recipe.starts import scales
from polymodal.training.imbalance.weights import weights_of
from polymodal.training.judge import Judge
from polymodal.training.loop.fit import begin
from polymodal.training.loop.result import Result
from polymodal.training.loop.session import Session
from polymodal.training.preparing.kept import keep_outputs
from polymodal.training.preparing.prepared import Prepared
from polymodal.training.preparing.starts import load_weights
from polymodal.training.steps.measure import decide
from polymodal.training.steps.settings import Training


@dataclass
class Trained:
    """A fitted model and how its training went."""

    predictor: Answers
    result: Result
    reading: str = ""


@dataclass
class Job:
    """A model that is ready to be trained, in its folder.

    Args:
        folder: Path; nothing is written there before `train`.
        predictor: Predictor of the model.
        session: Session.
        prepared: Prepared, whose recipe is told where the run was ended before all its epochs.
    """

    folder: Path
    predictor: Predictor
    session: Session
    prepared: Prepared

    @property
    def recipe(self) -> str:
        """The recipe as it is written into the folder."""
        return self.prepared.written_recipe

    def train(self) -> Trained:
        """Trains, or resumes training, and writes the bundle."""
        path = self.folder / "recipe.yaml"
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            write_atomic(path, self.recipe)
        model = self.predictor.model
        keras.config.set_dtype_policy(model.dtype_policy.name)  # another model was built since
        result = self.session.complete()
        model.take_tokens(())  # from now on it is given inputs
        merge(model, self.prepared.recipe)
        if result.last_epoch is not None:
            self.prepared.recipe.training["last_epoch"] = result.last_epoch
            write_atomic(path, self.recipe)
        copy_recognisers(self.prepared.recipe.inputs, self.folder)
        write(
            self.folder,
            self.predictor.spec(),
            tensors.values(self.predictor.own_weights()),
            self.predictor.states(),
        )
        return Trained(self.predictor, result)


def set_up(
    prepared: Prepared,
    settings: Training,
    folder: Path,
    *,
    writes: bool = True,
    loss: Callable[[Any], Any] | None = None,
    start: Callable[[Any], None] | None = None,
    **how: Any,
) -> Job:
    """Builds a model, decides how its steps are computed, and looks for a checkpoint.

    Args:
        prepared: Prepared.
        settings: Training.
        folder: Path of the run or baseline.
        writes: bool, False writes no decision into the folder.
        loss: function from the task's loss to that which is trained, or None.
        start: function that gives the built model its first weights, or None.
        how: `on_epoch`, `ending` and `asked` of `fit`.

    Raises:
        ResumeError: the folder holds another run; the message says what differs.
    """

    def build():
        model, task = assemble.build_model(
            prepared.recipe,
            prepared.inputs,
            prepared.target,
            modality_dropout=settings.modality_dropout,
            label_smoothing=settings.label_smoothing,
            seed=settings.seed,
        )
        load_weights(model, prepared.recipe)
        if start is not None:
            start(model)
        model.take_tokens(kept)
        for change in losses:
            task.loss = _instead(task.loss, change)
        return model, task

    losses = [
        change for change in (weights_of(prepared, settings).loss, loss) if change is not None
    ]

    kept: frozenset[str] = frozenset()
    head = assemble.build_head(prepared.recipe, prepared.target)
    align_lengths(prepared.checked["train"], prepared.samples["train"], head)
    keras.config.set_dtype_policy("float32" if settings.precision == "auto" else settings.precision)
    model, head = build()
    if not model.reads_unlabelled:
        prepared = prepared.labelled()
    fed, kept = keep_outputs(prepared, model)
    model.take_tokens(kept)
    align_lengths(fed.checked["train"], fed.samples["train"], head)
    places = sum(
        math.prod(encoder.grid) for encoder in model.encoders.values() if encoder.grid is not None
    )
    loader = fed.train_loader(settings, places)
    decision = decide(model, lambda: build()[0], head, loader, settings, folder if writes else None)
    if decision.precision != model.dtype_policy.name:
        keras.config.set_dtype_policy(decision.precision)
        model, head = build()
    predictor = Predictor(
        prepared.recipe,
        prepared.inputs,
        prepared.target,
        model,
        head,
        trained_on=prepared.trained_on,
    )
    val, judge = _validation(fed, predictor)
    session = begin(
        model,
        head,
        loader,
        val,
        settings,
        folder,
        score=judge and judge.score,
        row_errors=judge and judge.row_errors,
        jit=decision.jit,
        scales=scales(prepared.recipe, model),
        fingerprint={
            "recipe": {**prepared.recipe.to_dict(), "training": {}},
            "kept": sorted(kept),
            "rows": loader.fingerprint(),
            "validation": None if val is None else val.fingerprint(),
        },
        **how,
    )
    return Job(folder, predictor, session, prepared)


def _instead(own: Callable[[], Any], loss: Callable[[Any], Any]) -> Callable[[], Any]:
    """Returns what makes the loss that is trained, from what makes the task's own."""
    return lambda: loss(own())


def _validation(prepared: Prepared, predictor: Predictor) -> tuple[Any, Judge | None]:
    """Returns a loader of the rows held out and what judges them; nothing where none are."""
    samples = prepared.samples.get("val")
    if samples is None:
        return None, None
    return predictor.loader(samples, prepared.checked["val"], 256), Judge(predictor, samples)
