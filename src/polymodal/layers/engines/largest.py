"""The place of the largest number."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

__all__ = ["largest"]


def largest(scores: Any) -> Any:
    """Returns int32 (rows,): where the largest of scores (rows, outputs) is, the first of several.

    On TensorFlow Keras looks for negative zeros first, which takes 1 ms for 49,152 outputs.
    """
    if keras.backend.backend() != "tensorflow":
        return ops.cast(ops.argmax(scores, axis=-1), "int32")
    import tensorflow

    return tensorflow.argmax(scores, axis=-1, output_type="int32")
