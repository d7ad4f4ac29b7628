import numpy as np
import pytest

from polymodal.evaluation.row_errors import RowErrors
from polymodal.training.loop.validate import outputs, validate
from small_run import ArrayLoader, Task, accuracy, make_data, make_model


@pytest.fixture(scope="module")
def model():
    found = make_model()
    found.compile(loss=Task().loss())
    found(ArrayLoader(*make_data(), 8).batch(0, 0)[0])
    return found


def test_outputs_carry_rows_and_targets(model):
    inputs, targets = make_data(10)
    found = list(outputs(model, ArrayLoader(inputs, targets, 8, shuffle=False)))
    assert [o.rows.tolist() for o in found] == [list(range(8)), [8, 9] + [-1] * 6]
    assert found[0].logits.shape == (8, 3)
    assert found[0].logits.dtype == np.float32
    np.testing.assert_array_equal(found[0].targets, targets[:8])


def test_scores_do_not_depend_on_the_batch_size(model):
    data = make_data(10)
    found = [
        validate(model, Task(), ArrayLoader(*data, size, shuffle=False), accuracy, lambda: None)
        for size in (3, 8, 10)
    ]
    assert set(found[0].scores) == {"val_loss", "accuracy"}
    for other in found[1:]:
        assert other.scores == pytest.approx(found[0].scores, rel=1e-5)
        np.testing.assert_allclose(other.rows, found[0].rows, rtol=1e-5)


def test_the_losses_of_rows_have_the_mean_that_is_reported(model):
    found = validate(
        model, Task(), ArrayLoader(*make_data(10), 8, shuffle=False), None, lambda: None
    )
    assert found.rows.shape == (2, 10)
    assert found.rows[0].mean() == pytest.approx(found.scores["val_loss"], rel=1e-5)
    np.testing.assert_array_equal(found.rows[1], found.rows[0])


def test_errors_of_one_group_are_added_up(model):
    errors = RowErrors(np.arange(10), np.arange(10.0), np.repeat([7, 3], 5))
    loader = ArrayLoader(*make_data(10), 8, shuffle=False)
    found = validate(model, Task(), loader, accuracy, lambda: None, lambda: errors)
    assert found.rows[1].tolist() == [35.0, 10.0]
    alone = validate(model, Task(), loader, None, lambda: None).rows[0]
    np.testing.assert_allclose(found.rows[0], [alone[5:].sum(), alone[:5].sum()])


def test_a_stop_between_batches_is_let_through(model):
    def stop():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        validate(model, Task(), ArrayLoader(*make_data(), 8), accuracy, stop)
