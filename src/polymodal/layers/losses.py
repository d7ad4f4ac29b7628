"""Losses that are summed, because the loader's sample weights already hold the normalisation."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.layers.engines.ctc import ctc_of_rows

__all__ = ["BinaryCrossEntropy", "CTCAttentionLoss", "CTCLoss", "CrossEntropy", "NumberLoss"]


class CrossEntropy(keras.losses.Loss):
    """Cross-entropy of class numbers against logits, per row or per step.

    The sum is returned, not the mean: the loader's weights add up to one over the effective batch.

    Args:
        label_smoothing: float, share of the target that is spread evenly over all classes, 0..1.

    Call arguments:
        y_true: whole numbers (batch,) or (batch, time); negative ones need weight 0.
        y_pred: logits (batch, classes) or (batch, time, classes).

    Source: label smoothing, Szegedy et al. 2016, https://arxiv.org/abs/1512.00567, section 7.
    """

    def __init__(self, label_smoothing=0.0, reduction="sum", name="cross_entropy", **kwargs):
        super().__init__(name=name, reduction=reduction, **kwargs)
        self.label_smoothing = label_smoothing

    def call(self, y_true, y_pred):
        y_pred = ops.cast(y_pred, "float32")
        y_true = ops.maximum(ops.cast(_like_rows(y_true, y_pred), "int32"), 0)
        chosen = ops.take_along_axis(y_pred, y_true[..., None], axis=-1)[..., 0]
        if self.label_smoothing:
            evenly = ops.mean(y_pred, axis=-1)
            chosen = chosen + self.label_smoothing * (evenly - chosen)
        return ops.logsumexp(y_pred, axis=-1) - chosen  # (batch,) or (batch, time)

    def get_config(self):
        return {**super().get_config(), "label_smoothing": self.label_smoothing}


class BinaryCrossEntropy(keras.losses.Loss):
    """Binary cross-entropy of several independent labels, averaged over the labels.

    Args:
        label_smoothing: float, how far the targets 0 and 1 are drawn towards one half, 0..1.

    Call arguments:
        y_true: 0 or 1, (batch, labels).
        y_pred: logits (batch, labels).
    """

    def __init__(self, label_smoothing=0.0, reduction="sum", name="binary_cross_entropy", **kwargs):
        super().__init__(name=name, reduction=reduction, **kwargs)
        self.label_smoothing = label_smoothing

    def call(self, y_true, y_pred):
        y_pred = ops.cast(y_pred, "float32")
        y_true = ops.cast(y_true, "float32")
        y_true = y_true + self.label_smoothing * (0.5 - y_true)
        # log(1 + exp(-|x|)) never overflows, unlike log(sigmoid(x))
        losses = ops.maximum(y_pred, 0) - y_pred * y_true + ops.log1p(ops.exp(-ops.abs(y_pred)))
        return ops.mean(losses, axis=-1)  # (batch,)

    def get_config(self):
        return {**super().get_config(), "label_smoothing": self.label_smoothing}


class CTCLoss(keras.losses.Loss):
    """Connectionist temporal classification: minus the log probability of all paths that spell.

    The loss of a row is spread evenly over its symbols, so that weights per symbol that add up to
    one over an effective batch give the loss per symbol. A row with more symbols than frames can
    hold counts nothing.

    Call arguments:
        y_true: whole numbers (batch, symbols), negative behind the last one.
        y_pred: logits (batch, frames, symbols and, as the last, blank).

    Returns:
        (batch, symbols).

    Source: Graves et al. 2006, "Connectionist temporal classification", equations 3 to 8.
    """

    def __init__(self, reduction="sum", name="ctc_loss", **kwargs):
        super().__init__(name=name, reduction=reduction, **kwargs)

    def call(self, y_true, y_pred):
        y_true, y_pred = ops.cast(y_true, "int32"), ops.cast(y_pred, "float32")
        is_symbol = y_true >= 0
        count = ops.sum(ops.cast(is_symbol, "int32"), axis=1)  # (batch,)
        repeated = ops.logical_and(y_true[:, 1:] == y_true[:, :-1], is_symbol[:, 1:])
        needed = count + ops.sum(ops.cast(repeated, "int32"), axis=1)
        fits = needed <= ops.shape(y_pred)[1]
        labels = ops.maximum(ops.where(fits[:, None], y_true, 0), 0)
        # TensorFlow's kernel refuses rows without a symbol: they get one that nothing counts
        losses = ctc_of_rows(labels, ops.maximum(ops.where(fits, count, 1), 1), y_pred)
        share = ops.where(fits, losses, 0.0) / ops.cast(ops.maximum(count, 1), "float32")
        return ops.where(is_symbol, share[:, None], 0.0)


class CTCAttentionLoss(keras.losses.Loss):
    """The sum of CTC's loss and of an attention decoder's cross-entropy, in shares.

    Args:
        ctc_weight: float, share of CTC, 0 <= w < 1.
        label_smoothing: float, of the decoder's targets, 0..1.

    Call arguments:
        y_true: whole numbers (batch, symbols), negative behind the last one.
        y_pred: logits (batch, frames + symbols + 1, outputs): CTC's, then the decoder's, whose
            last step is the end. The last output is blank and the end.

    Returns:
        (batch, symbols); what the end costs counts to the last symbol.

    Source: Watanabe et al. 2017, "Hybrid CTC/attention architecture", equation 9.
    """

    def __init__(
        self, ctc_weight, label_smoothing=0.0, reduction="sum", name="ctc_attention_loss", **kwargs
    ):
        super().__init__(name=name, reduction=reduction, **kwargs)
        self.ctc_weight = ctc_weight
        self.ctc = CTCLoss(reduction=None)
        self.cross_entropy = CrossEntropy(label_smoothing, reduction=None)

    def call(self, y_true, y_pred):
        y_true = ops.cast(y_true, "int32")
        frames = ops.shape(y_pred)[1] - ops.shape(y_true)[1] - 1
        ctc = self.ctc(y_true, y_pred[:, :frames])
        is_symbol = y_true >= 0
        behind = ops.zeros_like(is_symbol[:, :1])
        is_known = ops.concatenate([is_symbol, behind], axis=1)  # (batch, symbols + 1)
        targets = ops.concatenate([y_true, ops.full_like(y_true[:, :1], -1)], axis=1)
        targets = ops.where(is_known, targets, y_pred.shape[-1] - 1)
        losses = self.cross_entropy(targets, y_pred[:, frames:])
        is_last = ops.logical_and(is_known[:, :-1], ops.logical_not(is_known[:, 1:]))
        written = ops.where(is_symbol, losses[:, :-1], 0.0)
        written = written + ops.where(is_last, losses[:, 1:], 0.0)
        return self.ctc_weight * ctc + (1 - self.ctc_weight) * written

    def get_config(self):
        return {
            **super().get_config(),
            "ctc_weight": self.ctc_weight,
            "label_smoothing": self.cross_entropy.label_smoothing,
        }


class NumberLoss(keras.losses.Loss):
    """Squared or Huber error of standardised numbers, averaged over the numbers of a row.

    Args:
        delta: float, error from which the loss grows linearly, in standard deviations;
            None for the squared error.

    Call arguments:
        y_true: (batch,) or (batch, numbers).
        y_pred: (batch, numbers).

    Source: Huber 1964, https://doi.org/10.1214/aoms/1177703732.
    """

    def __init__(self, delta=None, reduction="sum", name="number_loss", **kwargs):
        super().__init__(name=name, reduction=reduction, **kwargs)
        self.delta = delta

    def call(self, y_true, y_pred):
        y_pred = ops.cast(y_pred, "float32")
        y_true = ops.cast(y_true, "float32")
        if len(y_true.shape) < len(y_pred.shape):
            y_true = y_true[..., None]
        error = ops.abs(y_true - y_pred)
        loss = ops.square(error)
        if self.delta is not None:
            loss = ops.where(
                error <= self.delta, 0.5 * loss, self.delta * (error - 0.5 * self.delta)
            )
        return ops.mean(loss, axis=-1)  # (batch,)

    def get_config(self):
        return {**super().get_config(), "delta": self.delta}


def _like_rows(y_true, y_pred):
    """Drops the last axis of length one that Keras may have added to the class numbers."""
    if len(y_true.shape) == len(y_pred.shape):
        return y_true[..., 0]
    return y_true
