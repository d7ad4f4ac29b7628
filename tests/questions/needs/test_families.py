"""Families of learning curves find the curves that they describe."""

import numpy as np
import pytest

from polymodal.questions.needs.families import FAMILIES

X = np.geomspace(1 / 32, 1, 7)
WEIGHTS = np.ones(7)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_a_curve_of_a_family_is_continued_exactly(family):
    settings = family.grid[[len(family.grid) // 2]]
    floor = 0.05 if family.has_floor else 0.0
    shape = family.shape(np.append(X, 2.0), settings)[0]
    errors = floor + 0.2 * shape
    fit = family.fit(X, errors[None, :-1], WEIGHTS)
    assert fit.misfit[0] < 1e-4
    assert fit.at(2.0)[0] == pytest.approx(max(errors[-1], 0), abs=0.01)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_no_fit_rises_or_is_below_zero(family):
    rng = np.random.default_rng(0)
    errors = np.abs(0.3 * X**-0.2 + rng.normal(0, 0.05, (50, 7)))
    fit = family.fit(X, errors, WEIGHTS)
    along = np.array([fit.at(x) for x in np.geomspace(0.03, 100, 20)])
    assert (np.diff(along, axis=0) <= 1e-9).all()
    assert (along >= 0).all()


def test_all_resamples_are_fitted_at_once():
    errors = np.stack([0.1 * X**-0.5, 0.1 + 0.2 * X**-0.5])
    fit = FAMILIES[0].fit(X, errors, WEIGHTS)
    assert fit.floor == pytest.approx([0, 0.1], abs=0.01)
    assert fit.amount == pytest.approx([0.1, 0.2], abs=0.02)
