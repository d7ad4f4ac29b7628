"""AdamW as every run uses it: decay on matrices only, clipping, accumulation, averages."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from polymodal.layers.engines.adam import one_operation
from polymodal.training.steps.schedule import WarmupCosine
from polymodal.training.steps.settings import Training

# On PyTorch Keras makes AdamW one of a class that updates all weights together, but not what is
# derived from AdamW.
_AdamW: Any = type(keras.optimizers.AdamW())


@keras.saving.register_keras_serializable("polymodal")
class Optimizer(_AdamW):
    """AdamW that leaves the weights alone when a `fit` ends, in few operations.

    Keras puts the averages into the weights at the end of every `fit`. A run here is one `fit` per
    epoch, so that would change its course; `averaged` does it for the time of a validation.

    Source: Loshchilov and Hutter, "Decoupled Weight Decay Regularization" (2019).
    """

    factors: Mapping[int, float] = {}  # of the learning rate, by the place of a variable

    def finalize_variable_values(self, var_list):
        return None

    def scale_groups(self, names: Mapping[str, Any], scales: Mapping[str, float]) -> None:
        """Gives groups of variables a learning rate of their own; call it before the first step.

        Args:
            names: {attribute path: variable} of the model.
            scales: {attribute path, or the beginning of it: factor}; the longest counts.
        """
        factors: dict[int, float] = {}
        for path in sorted(scales, key=len):
            factors |= {
                self._get_variable_index(variable): scales[path]
                for name, variable in names.items()
                if variable.trainable and f"{name}.".startswith(f"{path}.")
            }
        self.factors = factors

    def _factor(self, variable: Any) -> float:
        return self.factors.get(self._get_variable_index(variable), 1.0)

    def _parallel_update_step(self, grads, variables, learning_rate):  # on PyTorch: all in one
        groups: dict[float, list[int]] = {}
        for place, variable in enumerate(variables):
            groups.setdefault(self._factor(variable), []).append(place)
        for factor, places in groups.items():
            super()._parallel_update_step(
                [grads[i] for i in places], [variables[i] for i in places], learning_rate * factor
            )

    def update_step(self, gradient, variable, learning_rate):
        if self.factors:
            learning_rate = learning_rate * self._factor(variable)
        update = one_operation()
        if update is None:
            super().update_step(gradient, variable, learning_rate)
            return
        index = self._get_variable_index(variable)
        update(
            variable,
            gradient,
            self._momentums[index].value,
            self._velocities[index].value,
            self.iterations,
            learning_rate,
            self.beta_1,
            self.beta_2,
            self.epsilon,
        )

    def _apply_weight_decay(self, variables):
        plain = one_operation() is None and not self.factors
        if plain or self.weight_decay is None:
            super()._apply_weight_decay(variables)
            return
        decay = self.weight_decay * self.learning_rate  # Keras traces it for each variable
        kept = {factor: 1 - decay * factor for factor in {1.0, *self.factors.values()}}
        for variable in variables:
            if self._use_weight_decay(variable):
                variable.assign(variable * kept[self._factor(variable)])


def make_optimizer(names: dict[str, Any], settings: Training, num_updates: int) -> Optimizer:
    """Returns the optimizer of a run, built for the trainable variables in `names`.

    Args:
        names: `{attribute path: variable}` of the model, as `bundle.names` gives it.
        settings: Training with a learning rate.
        num_updates: int, updates of the weights in the whole run.
    """
    accumulate = settings.accumulate
    optimizer = Optimizer(
        WarmupCosine(settings.learning_rate, num_updates, settings.warmup, accumulate),
        weight_decay=settings.weight_decay,
        global_clipnorm=settings.clip_norm,
        use_ema=settings.average is not None,
        # Keras averages at every step, also at those that only gather gradients.
        ema_momentum=(settings.average or 0.99) ** (1 / accumulate),
        gradient_accumulation_steps=accumulate if accumulate > 1 else None,
    )
    trainable = {name: v for name, v in names.items() if v.trainable}
    optimizer.exclude_from_weight_decay([v for name, v in trainable.items() if not decays(name, v)])
    return optimizer


def decays(name: str, variable: Any) -> bool:
    """Returns whether weight decay applies: to matrices and kernels, but not to embeddings."""
    return len(variable.shape) > 1 and "embedding" not in name and "position" not in name


@contextmanager
def averaged(optimizer: Optimizer):
    """Puts the averaged weights into the model for the time of the block, if there are any."""
    if not optimizer.use_ema:
        yield
        return
    variables = optimizer._trainable_variables
    kept = [np.array(keras.ops.convert_to_numpy(v)) for v in variables]
    averages = optimizer._model_variables_moving_average
    for variable, average in zip(variables, averages, strict=True):
        # A copy: JAX gives the buffers of a model away when it predicts.
        variable.assign(np.array(keras.ops.convert_to_numpy(average)))
    try:
        yield
    finally:
        for variable, value in zip(variables, kept, strict=True):
            variable.assign(value)
