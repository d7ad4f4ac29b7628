"""The state of a run in training, as named arrays and JSON values."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from polymodal.bundle import names, weights
from polymodal.core.errors import ResumeError
from polymodal.recipe.adapting import is_adapter
from polymodal.training.steps.optimizer import Optimizer, averaged
from polymodal.training.steps.stopping import Best

_PARTS = ("model", "optimizer", "metrics", "best", "last", "rows")


class State:
    """A model in training: its variables, the optimizer's, the best weights, and the position.

    Args:
        model: keras.Model, built and compiled with `optimizer`.
        optimizer: Optimizer, built.
        best: Best.
    """

    def __init__(self, model: Any, optimizer: Optimizer, best: Best):
        self.model, self.optimizer, self.best = model, optimizer, best
        self.variables = names.variable_names(model)
        self.weights = names.weight_names(model)
        self.slots = names.optimizer_names(optimizer, self.variables)
        self.epoch = self.step = 0
        self.seconds = 0.0  # spent in this epoch so far
        self.history: list[dict[str, Any]] = []
        self._last: dict[str, np.ndarray] | None = None  # weights at the end of the last epoch
        self._dropped = False

    @property
    def metrics(self) -> dict[str, Any]:
        return {str(i): v for i, v in enumerate(self.model.metrics_variables)}

    def arrays(self) -> dict[str, np.ndarray]:
        """Returns copies of every array under names that say which part it belongs to."""
        if keras.backend.backend() == "jax":
            self.model.jax_state_sync()  # while `fit` runs, the variables hold nothing
        parts = {
            "model": weights.values(self.variables),
            "optimizer": weights.values(self.slots),
            "metrics": weights.values(self.metrics),
            "best": self.best.weights or {},
            "last": (self._last if self.step else None) or {},
            "rows": self.best.arrays(),
        }
        return {
            f"{part}/{name}": array
            for part, named in parts.items()
            for name, array in named.items()
        }

    def values(self) -> dict[str, Any]:
        """Returns the JSON part."""
        return {
            "epoch": self.epoch,
            "step": self.step,
            "seconds": self.seconds,
            "best": self.best.state(),
            "history": self.history,
        }

    def restore(self, values: dict[str, Any], arrays: dict[str, np.ndarray]) -> dict:
        """Restores a checkpoint, and returns the metrics' arrays, which `fit` would reset.

        At the start of an epoch there are none: what the checkpoint holds are then the sums of the
        epoch before.

        Raises:
            ResumeError: its arrays do not fit this model.
        """
        parts = split(arrays)
        for part, variables in (("model", self.variables), ("optimizer", self.slots)):
            _check(part, parts[part], variables)
            weights.assign(variables, parts[part])
        self._restore_position(values, parts["best"] or None, parts["rows"])
        self._last = parts["last"] or self.current_weights()
        if self.step:
            return parts["metrics"]
        return {}

    def restore_end(self, values: dict[str, Any], best: dict[str, np.ndarray]) -> None:
        """Restores a finished run, of which only the kept weights are left.

        Raises:
            ResumeError: they do not fit this model.
        """
        best = self._whole(best)
        _check("model", best, self.weights)
        self._restore_position(values, best)

    def _whole(self, best: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Returns kept weights with what a bundle leaves out: adapters that were merged, which are
        zero, and weights that are not trained, which the model has since it was made."""
        absent = {name: v for name, v in self.weights.items() if name not in best}
        adapters = {
            name: np.zeros(tuple(v.shape), "float32")
            for name, v in absent.items()
            if is_adapter(name)
        }
        constant = {
            name: v for name, v in absent.items() if not is_adapter(name) and not v.trainable
        }
        return {**best, **adapters, **weights.values(constant)}

    def _restore_position(
        self,
        values: dict[str, Any],
        best: dict[str, np.ndarray] | None,
        rows: dict[str, np.ndarray] | None = None,
    ) -> None:
        self.best.restore(values["best"], best, rows)
        self.epoch, self.step, self.seconds = values["epoch"], values["step"], values["seconds"]
        self.history = list(values["history"])

    def next_epoch(self) -> None:
        """Moves to the start of the next epoch, and remembers the weights of the one that ended."""
        self._last = self.current_weights()
        self.epoch, self.step, self.seconds = self.epoch + 1, 0, 0.0

    def drop_epoch(self) -> None:
        """Goes back to the end of the last whole epoch, for a run that ends there."""
        self._dropped = self.step > 0
        self.step, self.seconds = 0, 0.0

    def current_weights(self) -> dict[str, np.ndarray]:
        """Returns copies of the weights that are scored and kept: averaged ones, if enabled."""
        if self._dropped:
            return dict(self._last or {})
        with averaged(self.optimizer):
            return weights.values(self.weights)


def split(arrays: dict[str, np.ndarray]) -> dict[str, dict[str, np.ndarray]]:
    """Returns `{part: {name: array}}` for the arrays of a checkpoint."""
    parts: dict[str, dict[str, np.ndarray]] = {part: {} for part in _PARTS}
    for name, array in arrays.items():
        part, _, rest = name.partition("/")
        parts[part][rest] = array
    return parts


def _check(part: str, arrays: dict[str, np.ndarray], variables: dict[str, Any]) -> None:
    wanted = {name: tuple(v.shape) for name, v in variables.items()}
    found = {name: array.shape for name, array in arrays.items()}
    if wanted != found:
        different = sorted(n for n in wanted.keys() | found.keys() if wanted.get(n) != found.get(n))
        raise ResumeError(
            f"The checkpoint has another {part}: {', '.join(different[:3])} "
            "differ in presence or shape. Use the recipe that the run was started "
            "with, or choose another --out."
        )
