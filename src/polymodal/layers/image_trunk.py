"""The convolutional trunk for images and the frames of a video."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.core.errors import RecipeError
from polymodal.layers.masked_batch_norm import MaskedBatchNorm
from polymodal.layers.residual import PaddedConv, ResidualBlock, normed
from polymodal.layers.stochastic_depth import depth_rates

__all__ = ["ImageTrunk", "plan_stages"]


def plan_stages(height: int, width: int, smallest: int = 7) -> int:
    """Returns how many halvings bring the longer side to at most `smallest`.

    At least 3 if 4 positions are left after them, so that each position sees most of a small image;
    at least 1 in any case.

    Example:

    >>> plan_stages(8, 8), plan_stages(28, 28), plan_stages(64, 64), plan_stages(224, 224)
    (1, 3, 4, 5)
    """
    side, halvings = max(height, width), 0
    while side > smallest or halvings == 0 or (halvings < 3 and side > 6):
        side, halvings = -(-side // 2), halvings + 1
    return halvings


class ImageTrunk(keras.layers.Layer):
    """A residual network that halves an image until at most 7 positions per side are left.

    Args:
        width: int, channels of the first stage. Each further stage has twice as many, up to 16
            times the first.
        depth: int, residual blocks in each stage.
        num_stages: int, stages; None = by the size of the image.
        fine: bool, whether the first stage keeps the stem's size instead of halving it: more detail
            for about four times the work.
        stochastic_depth: float, share of the rows that skip the last block in training; fewer skip
            those before it.

    The stem has half the channels of the first stage, and halves pictures of 64 pixels and more.

    Call arguments:
        images: (batch, height, width, channels), height and width fixed.
        mask: bool (batch,).

    Returns:
        (batch, positions down, positions across, channels).

    Raises:
        RecipeError: a picture of unknown size, or no stage, block or channel.
    """

    def __init__(
        self,
        width: int = 32,
        depth: int = 1,
        num_stages: int | None = None,
        fine: bool = False,
        stochastic_depth: float = 0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.stochastic_depth = stochastic_depth
        if width < 2 or depth < 1 or (num_stages is not None and num_stages < 1):
            raise RecipeError(
                f"ImageTrunk needs width of at least 2, depth and num_stages of at least 1. Got "
                f"width={width}, depth={depth}, num_stages={num_stages}. Raise the smallest."
            )
        self.width, self.depth, self.num_stages, self.fine = width, depth, num_stages, fine

    def build(self, images_shape):
        height, width, policy = images_shape[1], images_shape[2], self.dtype_policy
        if height is None or width is None:
            raise RecipeError(
                f"ImageTrunk needs images of a fixed size. Got shape {tuple(images_shape)}. "
                "Give the image input a size."
            )
        stem_stride = 1
        if max(height, width) >= 64:
            stem_stride = 2
        self.stem = PaddedConv(self.width // 2, 3, (stem_stride, stem_stride), dtype=policy)
        self.stem_norm = MaskedBatchNorm(dtype=policy, name="stem_norm")
        halvings = max(1, plan_stages(height, width) - (stem_stride - 1))
        stages = self.num_stages or halvings + self.fine
        rates = iter(depth_rates(self.stochastic_depth, stages * self.depth))
        self.blocks = [
            ResidualBlock(
                self.width * min(2**stage, 16),
                self._strides(stage, block),
                stochastic_depth=next(rates),
                dtype=policy,
            )
            for stage in range(stages)
            for block in range(self.depth)
        ]
        shape = self._build_stem(images_shape, stem_stride)
        for block in self.blocks:
            block.build(shape)
            down = [
                -(-side // stride) for side, stride in zip(shape[1:3], block.strides, strict=True)
            ]
            shape = (None, *down, block.filters)
        self.output_size = shape[1:]
        self.built = True

    def _strides(self, stage, block):
        if block or (self.fine and stage == 0):
            return (1, 1)
        return (2, 2)

    def _build_stem(self, images_shape, stride):
        self.stem.build(images_shape)
        sides = [-(-side // stride) for side in images_shape[1:3]]
        shape = (None, *sides, self.width // 2)
        self.stem_norm.build(shape)
        return shape

    def call(self, images, mask, training=None):
        tensor = ops.relu(normed(self.stem, self.stem_norm, images, mask, training))
        for block in self.blocks:
            tensor, mask = block(tensor, mask, training=training)
        return tensor
