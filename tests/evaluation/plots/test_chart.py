from polymodal.evaluation.plots.chart import Bar, Bars


def test_axis_of_shares_ends_at_one_and_holds_zero():
    bars = Bars("k", "t", "c", "accuracy", [Bar("a", 0.9, 0.8, 0.95)])
    assert bars.limits(percent=True) == (0.0, 1.0)
    assert Bars("k", "t", "c", "r2", [Bar("a", -0.5)]).limits(percent=False) == (-0.5, 1.0)
