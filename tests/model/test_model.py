"""The model: from a batch to logits, with inputs missing and hidden."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from polymodal.bundle.names import weight_names
from polymodal.core.errors import PolymodalError, RecipeError
from polymodal.core.lookup import find
from polymodal.core.lookup import names as offered
from polymodal.layers.parts import Encoder
from polymodal.model.heads.captions import CaptionHead
from polymodal.model.heads.classes import ClassHead
from polymodal.model.heads.step_classes import StepClassHead
from polymodal.model.model import Model
from polymodal.model.objective import ObjectiveLayer
from polymodal.model.objectives.grounding import Grounding
from polymodal.model.objectives.single_modality import SingleModality
from polymodal.model.objectives.word_spotting import WordSpotting

DIM = 16
JIT = keras.backend.backend() == "jax"  # compiling costs more than these few steps


class Bend(Encoder):
    """An encoder of vectors per step that tells the test what it was given."""

    def __init__(self, dim, **kwargs):
        super().__init__(**kwargs)
        self.dense = keras.layers.Dense(dim, activation="gelu", dtype=self.dtype_policy)

    def build(self, inputs_shape):
        self.dense.build(inputs_shape)
        self.built = True

    def call(self, inputs, mask, training=None):
        return self.dense(inputs), mask


def make(fusion="concat", task=None, names=("image", "text"), fusion_args=None, **given):
    keys = {name: f"input_{i}" for i, name in enumerate(names)}
    return Model(
        {name: Bend(DIM) for name in names},
        keys,
        find("fusion", fusion)(DIM, **(fusion_args or {})),
        task or ClassHead(3),
        **given,
    )


def batch(rows=6, time=4, names=2, seed=0):
    rng = np.random.default_rng(seed)
    inputs = {}
    for index in range(names):
        mask = np.arange(time) < rng.integers(1, time + 1, (rows, 1))
        mask[index + 1] = False
        inputs[f"input_{index}"] = rng.normal(size=(rows, time, 5)).astype("float32")
        inputs[f"input_{index}"] *= mask[..., None]
        inputs[f"input_{index}_mask"] = mask
    return inputs


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def test_a_batch_becomes_logits():
    logits = make()(batch())
    assert tuple(logits.shape) == (6, 3)
    assert np.isfinite(numpy(logits)).all()


def test_a_symbolic_batch_builds_the_model():
    model = make()
    spec = {
        k: keras.KerasTensor((None, None, *v.shape[2:]), dtype=str(v.dtype))
        for k, v in batch().items()
    }
    assert tuple(model(spec).shape) == (None, 3)
    names = {v.path for v in model.variables}
    model(batch())
    assert {v.path for v in model.variables} == names


def test_rows_that_share_an_item_answer_as_if_each_had_its_own():
    model, inputs = make(), batch()
    item = np.array([3, 0, 3, 5, 0, 3], "int32")
    own = {
        **inputs,
        "input_0": inputs["input_0"][item],
        "input_0_mask": inputs["input_0_mask"][item],
    }
    shared = {**inputs, "input_0_item": item}
    np.testing.assert_allclose(numpy(model(shared)), numpy(model(own)), atol=1e-6)
    model.modality_dropout.rate = 0.5
    logits = numpy(
        model(
            {key: array[[1] * 6] for key, array in shared.items() if not key.startswith("input_0")}
            | {
                "input_0": inputs["input_0"],
                "input_0_mask": inputs["input_0_mask"],
                "input_0_item": item[[1] * 6],
            },
            training=True,
        )
    )
    assert len({tuple(np.round(row, 5)) for row in logits}) > 1  # hidden row by row


def test_keys_that_are_not_the_models_own_change_nothing():
    model, inputs = make(), batch()
    expected = numpy(model(inputs))
    extra = {"another": np.ones((6, 2), "float32"), **inputs, "z": np.zeros(6, "float32")}
    np.testing.assert_allclose(numpy(model(extra)), expected, atol=1e-6)


def test_a_missing_key_is_named():
    model, inputs = make(), batch()
    model(inputs)
    inputs.pop("input_1_mask")
    with pytest.raises(PolymodalError, match=r"Add \['input_1_mask'\]"):
        model(inputs)


def test_encoders_and_keys_must_name_the_same_inputs():
    with pytest.raises(RecipeError, match=r"Model needs one key for each encoder. Got encoders"):
        Model(
            {"image": Bend(DIM)}, {"text": "input_0"}, find("fusion", "concat")(DIM), ClassHead(3)
        )


def test_logits_are_float32_in_bfloat16():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        logits = make()(batch())
    finally:
        keras.config.set_dtype_policy(before)
    assert keras.backend.standardize_dtype(logits.dtype) == "float32"


@pytest.mark.parametrize("fusion", ["gated", "stepwise_concat"])
def test_a_task_per_step_gives_logits_per_step(fusion):
    arguments = {"stepwise": True} if fusion == "gated" else {}
    model = make(fusion, StepClassHead(3), fusion_args=arguments)
    assert tuple(model(batch()).shape) == (6, 4, 3)


def test_modality_dropout_hides_whole_inputs_in_training_only():
    model, inputs = make(modality_dropout=0.5), batch(rows=200)
    shown = {}
    model.fusion.call, original = (
        (
            lambda streams, training=None: (
                shown.update(streams) or original(streams, training=training)
            )
        ),
        model.fusion.call,
    )
    model(inputs, training=False)
    masks = [numpy(shown[name][1]) for name in ("image", "text")]
    assert all((m == inputs[f"input_{i}_mask"]).all() for i, m in enumerate(masks))
    model(inputs, training=True)
    kept = np.stack([numpy(shown[name][1]).any(1) for name in ("image", "text")], 1)
    there = np.stack([inputs[f"input_{i}_mask"].any(1) for i in range(2)], 1)
    assert not (kept & ~there).any()
    assert (kept.any(1) == there.any(1)).all(), "a row lost everything it had"
    both = there.all(1)
    assert 0.25 < (kept[both].sum(1) == 1).mean() < 0.95


@pytest.mark.parametrize("fusion", ["gated", "attention"])
def test_with_a_single_loss_each_input_also_answers_as_if_alone(fusion):
    alone = {"single_modality": SingleModality(weight=0.8)}
    model, inputs, loss = make(fusion, objectives=alone), batch(), ClassHead(3).loss()
    model(inputs)
    model.compile(optimizer="sgd", loss=loss)
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = 0.0
    targets, weights = np.arange(6) % 3, np.full(6, 1 / 6, "float32")
    whole = model.compute_loss(inputs, targets, model(inputs, training=True), weights)
    expected = numpy(loss(targets, model(inputs), weights))
    for index, other in ((0, 1), (1, 0)):
        alone = dict(inputs)
        alone[f"input_{other}"] = np.zeros_like(inputs[f"input_{other}"])
        alone[f"input_{other}_mask"] = np.zeros_like(inputs[f"input_{other}_mask"])
        there = weights * inputs[f"input_{index}_mask"].any(axis=1)
        assert (there == 0).any()  # a row without this input has no answer from it
        expected += 0.4 * numpy(loss(targets, model(alone), there))
    assert float(numpy(whole)) == pytest.approx(expected, rel=1e-4)


def test_a_loss_of_single_inputs_changes_nothing_for_one_input_or_tasks_per_step():
    alone = {"single_modality": SingleModality()}
    assert not make(names=("image",), objectives=alone).objectives
    model = make("stepwise_concat", StepClassHead(3), objectives=alone)
    assert tuple(model(batch(), training=True).shape) == (6, 4, 3)


OTHERS = {"interleaved", "mean", "single", "tiled"}  # for conversations, one input, averages
SLOW = {"attention", "cross_attention", "crossmodal", "tensor", "stepwise_concat"}


@pytest.mark.parametrize(
    "fusion",
    [
        pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW))
        for name in offered("fusion")
        if name not in OTHERS
    ],
)
def test_each_fusion_learns_what_only_both_inputs_say(fusion):
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, 2, (2, 128))
    inputs = batch(128, 2)
    for index, bits in enumerate((first, second)):
        inputs[f"input_{index}"][:] = 2 * bits[:, None, None] - 1
        inputs[f"input_{index}_mask"][:] = True
    task = ClassHead(2)
    # joined steps are only projected: what bends stands behind them, whatever the task
    behind = find("sequence", "recurrent")(DIM) if fusion == "stepwise_concat" else None
    model = make(fusion, task, sequence=behind)
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss=task.loss(), jit_compile=JIT)
    weights = np.full(128, 1 / 32, "float32")
    model.fit(inputs, first ^ second, sample_weight=weights, batch_size=32, epochs=20, verbose=0)
    found = task.activate(model.predict(inputs, verbose=0)).argmax(1)
    assert (found == (first ^ second)).all()


SPOTS = [{"id": 1, "share": 0.3}, {"id": 0, "share": 0.1}]


def captioning(seed=0):
    """Returns inputs, three captions of each of six rows behind each other, and their weights."""
    rng = np.random.default_rng(seed)
    targets = rng.integers(0, 4, (6, 3, 4)).astype("int32")
    targets[..., -1] = 4  # the end
    previous = np.roll(targets, 1, axis=-1)
    previous[..., 0] = 5  # the start
    weights = rng.integers(1, 5, (6, 12)).astype("float32") / 40
    return {**batch(), "previous": previous.reshape(6, 12)}, targets.reshape(6, 12), weights


@pytest.mark.parametrize("decoder", ["transformer", "recurrent_attention"])
def test_several_texts_of_a_row_are_read_as_if_alone(decoder):
    model = make("attention", CaptionHead(5, dim=DIM, end_id=4, decoder=decoder))
    inputs, _, _ = captioning()
    together = numpy(model(inputs))
    for part in (slice(0, 4), slice(4, 8), slice(8, 12)):
        alone = numpy(model({**inputs, "previous": inputs["previous"][:, part]}))
        np.testing.assert_allclose(together[:, part], alone, atol=1e-5)


def test_training_also_asks_which_words_the_texts_have():
    task = CaptionHead(5, dim=DIM, end_id=4, dropout=0.0)
    model = make(
        "attention",
        task,
        fusion_args={"dropout": 0.0},
        objectives={"word_spotting": WordSpotting(SPOTS, weight=0.5)},
    )
    inputs, targets, weights = captioning()
    used = model(inputs)  # logits alone, and builds the model
    model.compile(loss=task.loss(), jit_compile=JIT)
    logits, found = model(inputs, training=True)
    np.testing.assert_allclose(numpy(logits), numpy(used), atol=1e-5)
    spotted = found["word_spotting"][0]
    assert (spotted.shape[0], spotted.shape[-1]) == (6, 2)
    given = (inputs, keras.ops.convert_to_tensor(targets))
    weights = keras.ops.convert_to_tensor(weights)
    plain = float(model.compute_loss(*given, logits, weights, training=False))
    more = float(model.objectives["word_spotting"].loss(given[1], found["word_spotting"], weights))
    both = float(model.compute_loss(*given, (logits, found), weights, training=True))
    assert both == pytest.approx(plain + 0.5 * more, rel=1e-5)
    apart = {name: float(metric.result()) for name, metric in model.losses_apart.items()}
    assert apart == {"own_loss": pytest.approx(plain), "word_spotting": pytest.approx(more)}


class Places(Bend):
    """An encoder whose steps are places of a picture."""

    grid, num_tokens = (2, 2), 4


def grounded(encoders, fusion="attention", spotting=0.5, grounding=1.0):
    """Returns a model of two inputs that writes."""
    task = CaptionHead(5, dim=DIM, end_id=4, dropout=0.0)
    fusion = find("fusion", fusion)(DIM, dropout=0.0)
    objectives = {"word_spotting": WordSpotting(SPOTS, spotting), "grounding": Grounding(grounding)}
    model = Model(
        encoders, {"image": "input_0", "text": "input_1"}, fusion, task, objectives=objectives
    )
    model(captioning()[0])
    model.compile(loss=task.loss(), jit_compile=JIT)
    return model


def test_a_decoder_is_grounded_in_the_picture_and_asked_for_the_next_word_there():
    model = grounded({"image": Places(DIM), "text": Bend(DIM)}, grounding=2.0)
    spotting, grounding = model.objectives.values()
    assert model.head.grounding.first == 0
    inputs, targets, weights = captioning()
    logits, found = model(inputs, training=True)
    np.testing.assert_allclose(numpy(logits), numpy(model(inputs)), atol=1e-5)
    given = (inputs, keras.ops.convert_to_tensor(targets))
    weights = keras.ops.convert_to_tensor(weights)
    plain = float(model.compute_loss(*given, logits, weights, training=False))
    more = float(spotting.loss(given[1], found["word_spotting"], weights))
    following = float(grounding.loss(given[1], found["grounding"], weights))
    likely = model.head.grounding.likely(found["grounding"])
    chances = numpy(keras.ops.log_softmax(likely, axis=-1))
    picked = np.take_along_axis(chances, (1 - targets[..., None]).clip(0, 1), axis=-1)[..., 0]
    counted = numpy(weights) * (targets < 2)  # words 0 and 1, the second and the first of SPOTS
    assert following == pytest.approx(-(picked * counted).sum(), rel=1e-4)
    both = float(model.compute_loss(*given, (logits, found), weights, training=True))
    assert both == pytest.approx(plain + 0.5 * more + 2 * following, rel=1e-5)


def test_a_picture_behind_what_has_any_length_is_found_from_the_end():
    model = grounded({"image": Bend(DIM), "text": Places(DIM)})
    assert model.head.grounding.first == -4


@pytest.mark.parametrize(
    ("encoders", "settings"),
    [
        ({"image": Places, "text": Places}, {}),  # which of two pictures?
        ({"image": Bend, "text": Bend}, {}),
        ({"image": Places, "text": Bend}, {"fusion": "stepwise_concat"}),  # places of both in one
        ({"image": Places, "text": Bend}, {"grounding": 0.0}),
        ({"image": Places, "text": Bend}, {"spotting": 0.0}),
    ],
)
def test_a_decoder_that_cannot_be_grounded_stays_as_it_is(encoders, settings):
    model = grounded({name: kind(DIM) for name, kind in encoders.items()}, **settings)
    assert not hasattr(model.head, "grounding")
    inputs, targets, weights = captioning()
    found = model(inputs, training=True)
    loss = model.compute_loss(
        inputs, keras.ops.convert_to_tensor(targets), found, keras.ops.convert_to_tensor(weights)
    )
    assert np.isfinite(float(loss))


@pytest.mark.parametrize("objective", [Grounding, SingleModality, WordSpotting])
def test_a_weight_below_zero_is_refused(objective):
    with pytest.raises(RecipeError, match="needs weight >= 0"):
        objective(weight=-1.0)


class Guess(ObjectiveLayer):
    """An objective that reads its own key of a batch, sees the tokens and hides an input."""

    batch_keys = ("extra",)

    def __init__(self):
        super().__init__(weight=0.5)
        self.dense = keras.layers.Dense(1)
        self.seen = []

    def views(self, streams, batch):
        self.seen = sorted(batch)
        tokens, mask = streams["text"]
        return {**streams, "text": (keras.ops.zeros_like(tokens), keras.ops.zeros_like(mask))}

    def read(self, tokens, mask):
        found = self.dense(tokens)
        self.built = True
        return found

    def loss(self, targets, found, weights, loss):
        return keras.ops.mean(found) ** 2


def test_an_objective_of_ones_own_has_layers_a_loss_and_keys_of_a_batch():
    guess, task = Guess(), ClassHead(3)
    model, inputs = make("concat", task, objectives={"guess": guess}), batch()
    used = numpy(model(inputs))
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss=task.loss(), jit_compile=False)
    logits, _ = model({**inputs, "extra": np.zeros((6, 1), "float32")}, training=True)
    assert guess.seen == ["extra"]
    assert np.abs(numpy(logits) - used).max() > 0.01  # the text is hidden
    before = numpy(guess.dense.kernel).copy()
    model.fit(inputs, np.arange(6) % 3, verbose=0)
    assert np.abs(numpy(guess.dense.kernel) - before).max() > 0
    assert "objectives.guess.dense.kernel" in weight_names(model)
