import keras
import numpy as np
import pytest

from polymodal.training.steps.feed import Feed, batch_spec, has_buckets
from small_run import ArrayLoader, make_data


def steps_of(feed, epoch, start):
    found = feed.epoch(epoch, start)
    return [keras.tree.map_structure(np.asarray, batch) for batch in found]


def test_every_epoch_and_start_gives_the_batches_of_the_loader():
    loader = ArrayLoader(*make_data(30), 8)
    feed = Feed(loader)
    for epoch, start in [(0, 0), (1, 2), (0, 1)]:
        found = steps_of(feed, epoch, start)
        wanted = list(loader.epoch(epoch, start))
        assert len(found) == len(wanted) == 4 - start
        for one, other in zip(found, wanted, strict=True):
            keras.tree.map_structure(np.testing.assert_array_equal, one, other)


def test_batches_may_differ_in_length():
    feed = Feed(ArrayLoader(*make_data(32, time=8), 8, varies=True))
    assert [inputs["input_0"].shape[1] for inputs, *_ in steps_of(feed, 0, 0)] == [4, 8, 4, 8]


def test_only_time_axes_are_left_open():
    inputs = {
        "input_0": np.zeros((2, 5), "int32"),
        "input_0_mask": np.ones((2, 5), bool),
        "input_1": np.zeros((2, 4), "float32"),
        "input_1_mask": np.ones((2, 4), bool),
        "input_2": np.zeros((2, 5, 3), "float32"),
        "input_2_mask": np.ones((2, 5), bool),
        "input_3": np.zeros((2, 8, 8, 3), "float32"),
        "input_3_mask": np.ones(2, bool),
        "previous": np.zeros((2, 5), "int32"),
    }
    batch = (inputs, np.zeros((2, 5), "int32"), np.ones((2, 5), "float32"))
    spec, targets, weights = batch_spec(batch, varies=True)
    assert {key: s.shape for key, s in spec.items()} == {
        "input_0": (2, None),
        "input_0_mask": (2, None),
        "input_1": (2, 4),
        "input_1_mask": (2, 4),
        "input_2": (2, None, 3),
        "input_2_mask": (2, None),
        "input_3": (2, 8, 8, 3),
        "input_3_mask": (2,),
        "previous": (2, None),
    }
    assert targets.shape == weights.shape == (2, None)
    assert batch_spec(batch, varies=False)[0]["input_0"].shape == (2, 5)


def test_a_plan_with_one_length_has_no_buckets():
    assert not has_buckets(ArrayLoader(*make_data(), 8))
    assert has_buckets(ArrayLoader(*make_data(), 8, varies=True))
    assert has_buckets(object())


def test_an_error_of_the_loader_is_kept():
    loader = ArrayLoader(*make_data(), 8)
    feed = Feed(loader)
    loader.epoch = lambda *_: (_ for _ in ()).throw(ValueError("row 3 is gone"))
    with pytest.raises(Exception, match="row 3 is gone"):
        steps_of(feed, 0, 0)
    assert isinstance(feed.error, ValueError)
