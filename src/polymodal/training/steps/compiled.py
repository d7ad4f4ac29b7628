"""A model that is built and compiled for its training."""

from __future__ import annotations

import math
from typing import Any

from polymodal.bundle import names
from polymodal.core.errors import RecipeError
from polymodal.training.steps.feed import first_batch
from polymodal.training.steps.optimizer import make_optimizer
from polymodal.training.steps.settings import Training
from polymodal.training.steps.state import State
from polymodal.training.steps.stopping import Best


def compiled(model: Any, loss: Any, train: Any, settings: Training, jit: bool) -> State:
    """Returns the state of a model that is built and compiled, all its variables made."""
    if not model.built:
        model(first_batch(train)[0])
    variables = names.variable_names(model)
    steps = sum(train.steps(e) for e in range(settings.planned_epochs))
    if hasattr(model, "plan_training"):
        model.plan_training(steps)
    optimizer = make_optimizer(variables, settings, steps // settings.accumulate)
    optimizer.build(model.trainable_variables)
    model.compile(optimizer=optimizer, loss=loss, jit_compile=jit)
    return State(model, optimizer, Best("val_loss", "min", None))


def check(settings: Training, train: Any) -> None:
    """Raises RecipeError where settings lack what training needs, or do not fit the loader."""
    for name in ("epochs", "learning_rate"):
        if getattr(settings, name) is None:
            raise RecipeError(
                f"fit needs training.{name}. Got null. Set it, or let the recipe "
                "choose it from the data."
            )
    steps = train.steps(0)
    if steps % settings.accumulate:
        raise RecipeError(
            f"training.accumulate needs to divide the {steps} steps of an epoch. "
            f"Got {settings.accumulate}. Make the loader's plan with the same "
            f"accumulate ({math.ceil(steps / settings.accumulate)} updates)."
        )
