"""Curves are continued with honest intervals, or not at all."""

import numpy as np
import pytest

from polymodal.questions.needs.extrapolate import Curve, Extrapolation

SIZES = np.array([25, 50, 100, 200, 400, 800])


def measured(truth, rng, noise=0.008, num_seeds=5, blind=None):
    """A curve as it is measured: the scored rows differ from all rows, and each training from
    others."""
    common = rng.normal(0, noise)
    errors = truth(SIZES) + common + rng.normal(0, noise, (num_seeds, len(SIZES)))
    rows = rng.normal(0, noise, (1, 1, 200)) + rng.normal(0, noise / 2, (*errors.shape, 200))
    return Curve(SIZES, errors, errors[..., None] + rows, blind)


def power(floor, amount, exponent):
    return lambda n: floor + amount * (np.asarray(n) / 25) ** -exponent


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    rng, held, widths = np.random.default_rng(1), 0, []
    for _ in range(40):
        truth = power(rng.uniform(0, 0.1), rng.uniform(0.2, 0.6), rng.uniform(0.2, 0.8))
        found = Extrapolation(measured(truth, rng))
        low, high = found.interval(3200)
        held += low <= truth(3200) <= high
        widths.append((high - low) / 2)
    assert held >= 28
    assert np.median(widths) < 0.05


def test_a_curve_that_gets_worse_by_more_than_chance_has_no_answer():
    rng = np.random.default_rng(2)
    peak = lambda n: 0.1 + 0.3 * (n / 25) ** -0.4 + 0.2 * np.exp(-(np.log2(n / 200) ** 2))
    found = Extrapolation(measured(peak, rng))
    assert "gets worse" in found.no_answer


def test_noise_alone_is_no_reason_to_refuse():
    rng = np.random.default_rng(3)
    refused = [
        bool(Extrapolation(measured(power(0.05, 0.4, 0.5), rng)).no_answer) for _ in range(30)
    ]
    assert sum(refused) <= 3


def test_a_model_that_has_not_learned_has_no_answer():
    rng = np.random.default_rng(4)
    found = Extrapolation(measured(power(0.5, 0.0, 1.0), rng, blind=0.5))
    assert "sees no input" in found.no_answer


def test_a_short_curve_has_no_answer():
    curve = Curve(SIZES[:3], np.ones((2, 3)), np.ones((2, 3, 50)))
    assert "Too few rows" in Extrapolation(curve).no_answer


def test_intervals_widen_with_the_rows_that_are_added():
    found = Extrapolation(measured(power(0.05, 0.4, 0.5), np.random.default_rng(5)))
    widths = [np.diff(found.interval(rows))[0] for rows in (800, 1600, 8000)]
    assert widths[0] < widths[1] < widths[2]


def test_more_rows_are_never_promised_to_hurt():
    found = Extrapolation(measured(power(0.05, 0.4, 0.5), np.random.default_rng(6)))
    now = found.draws(800)
    assert (found.draws(8000) <= now + 1e-9).all()


def test_rows_for_a_goal():
    found = Extrapolation(measured(power(0.1, 0.4, 0.7), np.random.default_rng(7), noise=0.002))
    even, sure = found.rows_for(0.13, 0.5), found.rows_for(0.13, 0.8)
    assert even == pytest.approx(25 * (0.4 / 0.03) ** (1 / 0.7), rel=0.3)
    assert even <= sure
    assert found.rows_for(0.02, 0.8) is None
    assert found.chance(0.13, even) >= 0.5


def test_the_same_curve_gives_the_same_answer():
    curve = measured(power(0.05, 0.4, 0.5), np.random.default_rng(8))
    assert Extrapolation(curve).interval(3200) == Extrapolation(curve).interval(3200)
