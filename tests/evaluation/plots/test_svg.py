import xml.etree.ElementTree as xml

import numpy as np
import pytest

from polymodal.evaluation.plots.build import (
    learning_curves,
    position,
    regression_charts,
    reliability_chart,
)
from polymodal.evaluation.plots.chart import Lines, Series
from polymodal.evaluation.plots.svg import HEIGHT, WIDTH, label, render, waveform


def charts(make):
    history = [{"epoch": i, "loss": 1 / i, "val_loss": 2 / i if i != 3 else float("nan")}
               for i in range(1, 31)]
    return [*learning_curves(history, 7), *learning_curves(history[:1]), position(make.seq2seq()),
            reliability_chart(make.classes()), *regression_charts(make.regression(), "<b>&")]


def test_every_chart_is_well_formed_and_stays_inside_its_frame(make):
    for chart in charts(make):
        tree = xml.fromstring(str(render(chart)))
        for node in tree.iter():
            for key in ("cx", "x1", "x2", "x"):
                assert -1 <= float(node.get(key, 0)) <= WIDTH + 1
            for key in ("cy", "y1", "y2", "y"):
                assert -1 <= float(node.get(key, 0)) <= HEIGHT + 1
        assert "nan" not in str(render(chart))


def test_gap_in_a_line_is_not_bridged():
    line = Lines("k", "t", "", "epoch", [Series("a", [1, 2, 3, 4], [1, np.nan, 2, 3])])
    path = next(node for node in xml.fromstring(str(render(line))).iter("path"))
    assert path.get("d").count("M") == 2


def test_label_of_the_user_is_escaped(make):
    drawn = str(render(regression_charts(make.regression(), "<script>")[0]))
    assert "actual &lt;script&gt;" in drawn
    assert "<script>" not in drawn


@pytest.mark.parametrize(("value", "percent", "text"), [
    (0.25, True, "25\u202f%"), (12000, False, "12,000"), (-2.5, False, "\u22122.5")])
def test_ticks_read_as_a_person_writes(value, percent, text):
    assert label(value, percent) == text


def test_waveform_has_one_bar_for_each_peak():
    assert waveform([0.0, 0.5, 1.0]).count("<rect") == 3
