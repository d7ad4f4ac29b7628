import pytest

from polymodal.evaluation.plots.chart import Bar, Bars, ticks


@pytest.mark.parametrize(("low", "high", "expected"), [
    (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1.0]), (0.93, 0.97, [0.93, 0.94, 0.95, 0.96, 0.97]),
    (-3, 12, [-5, 0, 5, 10, 15]), (0, 43000, [0, 10000, 20000, 30000, 40000, 50000]),
])
def test_ticks_are_round_and_enclose_the_range(low, high, expected):
    assert ticks(low, high) == pytest.approx(expected)


def test_whole_ticks_never_show_half_an_epoch():
    assert ticks(1, 3, whole=True) == [1, 2, 3]


def test_constant_values_still_have_an_axis():
    assert len(ticks(5, 5)) >= 2
    assert len(ticks(0, 0)) >= 2


def test_axis_of_shares_ends_at_one_and_holds_zero():
    bars = Bars("k", "t", "c", "accuracy", [Bar("a", 0.9, 0.8, 0.95)])
    assert bars.limits(percent=True) == (0.0, 1.0)
    assert Bars("k", "t", "c", "r2", [Bar("a", -0.5)]).limits(percent=False) == (-0.5, 1.0)
