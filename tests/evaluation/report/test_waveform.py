from polymodal.evaluation.report.waveform import waveform


def test_waveform_has_one_bar_for_each_peak():
    assert waveform([0.0, 0.5, 1.0]).count("<rect") == 3
