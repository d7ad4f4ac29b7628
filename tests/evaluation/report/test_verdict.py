from polymodal.evaluation.evaluation import evaluate_run
from polymodal.evaluation.report.verdict import fusion_verdict


def verdict(fused, singles):
    return fusion_verdict(evaluate_run({"test": fused}, singles=singles))


def test_clear_gain_is_said_to_help(make):
    found = verdict(
        make.classes(sharpness=4.0),
        {
            "image": make.classes(seed=1, sharpness=1.0),
            "audio": make.classes(seed=2, sharpness=0.2),
        },
    )
    assert (found.kind, found.heading) == ("helped", "Fusion helped")
    assert "image alone, the best single input" in found.sentence
    assert "points better" in found.sentence


def test_interval_that_holds_zero_cannot_tell(make):
    found = verdict(make.classes(), {"image": make.classes(seed=1)})
    assert found.kind == "cannot tell"
    assert "its interval includes 0" in found.sentence


def test_clear_loss_is_said_plainly(make):
    found = verdict(make.classes(sharpness=0.5), {"image": make.classes(seed=1, sharpness=4.0)})
    assert (found.kind, found.heading) == ("hurt", "Fusion did not help")
    assert "Use image alone" in found.sentence


def test_smaller_error_is_the_better_single_input(make):
    found = verdict(
        make.regression(noise=0.1),
        {"text": make.regression(seed=1, noise=0.5), "audio": make.regression(seed=2, noise=3.0)},
    )
    assert found.kind == "helped"
    assert "text alone" in found.sentence
    assert "better" in found.sentence


def test_without_comparison_nothing_is_claimed(make):
    assert verdict(make.classes(), {}).heading == "Whether fusion helped was not measured"
    assert verdict(make.multilabel(), {}).heading == "One input, nothing to fuse"
