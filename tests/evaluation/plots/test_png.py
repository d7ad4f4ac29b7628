import warnings

import numpy as np
import pytest
from PIL import Image

from polymodal.evaluation.plots.build import (
    confusion,
    learning_curves,
    performance,
    regression_charts,
    reliability_chart,
)
from polymodal.evaluation.plots.png import readable_text, write_png
from polymodal.evaluation.slices import PRESENT, slices


def charts(make):
    one = make.classes(labels=["红色", "зелёный", "$x$", "<b>\n"])
    history = [{"loss": 2.0, "val_loss": 1.0}, {"loss": 1.0, "val_loss": float("nan")}]
    yield confusion(one)
    yield reliability_chart(one)
    yield from learning_curves(history, 1)
    yield from regression_charts(make.regression(), "价格")
    yield performance("missing", "By inputs", "", "accuracy", slices(one)[PRESENT])


def test_every_chart_becomes_a_picture_without_a_warning(make, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a missing glyph is a box, and matplotlib warns of it
        for chart in charts(make):
            path = write_png(tmp_path, chart)
            with Image.open(path) as image:
                assert min(image.size) > 150
                assert np.asarray(image.convert("L")).std() > 3
    assert path.name == "missing.png"


def test_characters_without_a_font_get_a_substitute_and_never_a_box():
    private = "\U0010fffd"
    assert readable_text(private, "class 3") == "class 3"
    assert readable_text(f"a{private}") == "a?"
    assert readable_text("plain") == "plain"


def test_settings_of_the_callers_figures_stay(make, tmp_path):
    matplotlib = pytest.importorskip("matplotlib")
    before = dict(matplotlib.rcParams)
    write_png(tmp_path, reliability_chart(make.classes()))
    assert dict(matplotlib.rcParams) == before
