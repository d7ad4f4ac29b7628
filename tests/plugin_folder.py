"""A folder of parts from outside the package, one file each, as a person would write them."""

from __future__ import annotations

ENCODER = '''
import keras

from polymodal.layers.parts import Encoder

__all__ = ["Lines"]


class Lines(Encoder):
    """A token for each line of a picture."""

    def __init__(self, dim=64, activation: str = "tanh", **kwargs):
        super().__init__(**kwargs)
        self.project = keras.layers.Dense(dim, activation=activation, dtype=self.dtype_policy)

    def build(self, inputs_shape):
        _, self.num_tokens, width, channels = inputs_shape
        self.project.build((None, None, width * channels))
        self.built = True

    def call(self, inputs, mask, training=None):
        _, lines, width, channels = inputs.shape
        tokens = self.project(keras.ops.reshape(inputs, (-1, lines, width * channels)))
        return tokens, keras.ops.repeat(mask[:, None], lines, axis=1)
'''

FUSION = '''
from keras import ops

from polymodal.layers.parts import Fusion

__all__ = ["Stacked"]


class Stacked(Fusion):
    """The tokens of all inputs, concatenated."""

    in_one_sequence = True

    def __init__(self, dim: int, **kwargs):
        super().__init__(**kwargs)

    def build(self, streams_shape):
        self.built = True

    def call(self, streams, training=None):
        tokens, masks = zip(*(streams[name] for name in sorted(streams)))
        return ops.concatenate(tokens, axis=1), ops.concatenate(masks, axis=1)
'''

FORMAT = '''
import pyarrow as pa

__all__ = ["read_semicolons"]


def matches(path):
    return path.suffix == ".semi"


def read_semicolons(path):
    """Lines of cells with a semicolon between them, after the names of the columns."""
    names, *lines = [line.split(";") for line in path.read_text().splitlines()]
    return pa.table({name: list(cells) for name, cells in zip(names, zip(*lines))})
'''


def write(folder):
    """Writes the parts and returns the folder."""
    for place, text in (
        ("encoders/lines.py", ENCODER),
        ("fusion/stacked.py", FUSION),
        ("formats/semicolons.py", FORMAT),
    ):
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder
