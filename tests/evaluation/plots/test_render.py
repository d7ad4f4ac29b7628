import io
import warnings
import xml.etree.ElementTree as xml

import matplotlib
import numpy as np
import pytest
from PIL import Image

from polymodal.evaluation.plots.build import (
    confusion,
    learning_curves,
    performance,
    position,
    regression_charts,
    reliability_chart,
)
from polymodal.evaluation.plots.chart import Lines, Series
from polymodal.evaluation.plots.render import render
from polymodal.evaluation.slices import PRESENT, slices


@pytest.fixture(scope="module")
def drawn(make):
    """Returns charts of every kind with their pictures, drawn where a warning is an error."""
    one = make.classes(labels=["红色", "зелёный", "$x$", "<b>\n"])
    history = [{"loss": 2.0, "val_loss": 1.0}, {"loss": 1.0, "val_loss": float("nan")}]
    charts = [
        confusion(one),
        reliability_chart(one),
        *learning_curves(history, 1),
        position(make.seq2seq()),
        *regression_charts(make.regression(), "价格 <script>"),
        performance("missing", "By inputs", "", "accuracy", slices(one)[PRESENT]),
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a missing glyph is a box, and matplotlib warns of it
        return [(chart, render(chart)) for chart in charts]


def parsed(svg):
    return xml.fromstring(str(svg).replace("xlink:href", "href"))


def test_every_chart_is_one_element_of_a_page_and_a_file(drawn):
    for chart, picture in drawn:
        tree = parsed(picture.svg)
        assert (tree.tag, tree.get("class")) == ("svg", "chart")
        assert tree.get("aria-label") == chart.title
        with Image.open(io.BytesIO(picture.png)) as image:
            assert min(image.size) > 150
            assert np.asarray(image.convert("L")).std() > 3


def test_page_gets_no_style_address_or_identifier_that_is_not_used(drawn):
    for _, picture in drawn:
        assert all(part not in picture.svg for part in ("<style", "http", "url(", "nan"))
        nodes = list(parsed(picture.svg).iter())
        used = {node.get("href", "#")[1:] for node in nodes}
        assert {node.get("id") for node in nodes if node.get("id")} <= used


def test_text_of_the_user_stays_text_in_every_script(drawn):
    text = "".join(picture.svg for _, picture in drawn)
    assert "红色" in text
    assert "actual 价格 &lt;script&gt;" in text
    assert "<script>" not in text
    assert "<b>" not in text


def test_same_chart_is_the_same_bytes(make):
    chart = regression_charts(make.regression(), "price")[0]
    assert render(chart) == render(chart)


def test_gap_in_a_line_is_not_bridged():
    line = Lines("k", "t", "", "epoch", [Series("a", [1, 2, 3, 4], [1, np.nan, 2, 3])])
    paths = [
        node.get("d", "")
        for node in parsed(render(line).svg).iter("path")
        if "#0072b2" in node.get("style", "")
    ]
    assert max(path.count("M") for path in paths) == 2


def test_settings_of_the_callers_figures_stay(make):
    before = dict(matplotlib.rcParams)
    render(reliability_chart(make.classes()))
    assert dict(matplotlib.rcParams) == before
