import numpy as np

from polymodal.training.loop.guard import not_a_number
from small_run import ArrayLoader, make_data


def test_the_rows_of_the_batch_are_named_from_one():
    loader = ArrayLoader(*make_data(12), 5, shuffle=False)
    message = str(not_a_number(loader, 2, 1, float("nan")))
    assert "Got nan in epoch 3, step 2" in message
    assert "rows of the train table are 6, 7, 8, 9, 10. " in message
    assert "lower training.learning_rate" in message


def test_rows_that_fill_the_batch_are_left_out():
    loader = ArrayLoader(*make_data(12), 5, shuffle=False)
    assert "train table are 11, 12. " in str(not_a_number(loader, 0, 2, float("inf")))


def test_many_rows_are_counted():
    loader = ArrayLoader(*make_data(40), 40, shuffle=False)
    assert "9, 10 and 30 more. " in str(not_a_number(loader, 0, 0, float("nan")))


def test_a_value_that_is_not_finite_is_named():
    inputs, targets = make_data(12)
    inputs[7, 2] = np.inf
    loader = ArrayLoader(inputs, targets, 5, shuffle=False)
    message = str(not_a_number(loader, 0, 1, float("nan")))
    assert "Input_0 is not finite in row 8. Fix those cells, or run with --skip-bad." in message


def test_the_step_before_is_looked_at_too():
    inputs, targets = make_data(12)
    inputs[3] = np.nan
    loader = ArrayLoader(inputs, targets, 5, shuffle=False)
    message = str(not_a_number(loader, 0, 1, float("nan")))
    assert "rows of the train table are 6, 7, 8, 9, 10. Input_0 is not finite in row 4." in message
