"""Layer normalisation as all parts of a model use it."""

from __future__ import annotations

import keras

__all__ = ["LayerNorm"]


class LayerNorm(keras.layers.LayerNormalization):
    """Layer normalisation over the last axis, computed in float32 at least.

    Args:
        epsilon: float, added to the variance; smaller than that of Keras.

    Call arguments:
        inputs: (..., features).

    Returns:
        (..., features), of the layer's type.

    Source: Ba et al., "Layer normalization", 2016, equation 3.
    """

    def __init__(self, epsilon: float = 1e-5, **kwargs):
        super().__init__(epsilon=epsilon, **kwargs)
