from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from polymodal.core.errors import DataError
from polymodal.evaluation.report import ReportContent, write_report

VOID = {"meta", "link", "img", "br", "hr"}


class Page(HTMLParser):
    """Collects tags, addresses and handlers, and checks that every tag is closed in order."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.addresses, self.handlers, self.text, self.open = [], [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "action", "data", "poster"):
                self.addresses.append(value)
            if name.startswith("on"):
                self.handlers.append(name)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def read(path):
    return Page(path.read_text(encoding="utf-8"))


def test_page_holds_every_part(written):
    page = read(written)
    text = " ".join(" ".join(page.text).split())
    for part in (
        "Fusion helped",
        "Confusion matrix",
        "Per class",
        "Calibration",
        "By inputs that were present",
        "Examples",
        "Training",
        "Data",
        "keras",
        "always the majority class of train",
        "all inputs together",
        "image alone",
        "2 skipped",
    ):
        assert part in text
    assert page.open == []
    assert page.tags.count("audio") == 2
    names = {path.name for path in written.with_name("plots").iterdir()}
    assert {
        "confusion.png",
        "calibration.png",
        "curve_loss.png",
        "fusion.png",
        "missing.png",
        "slice_1.png",
    } <= names


def test_text_of_the_user_never_becomes_markup(written):
    page = read(written)
    assert "script" not in page.tags
    assert page.handlers == []
    assert page.tags.count("img") == 2
    assert "<script>alert('x')</script>" in "".join(page.text)


def test_page_needs_nothing_from_outside(written):
    assert all(address.startswith(("data:", "#")) for address in read(written).addresses)
    text = written.read_text(encoding="utf-8")
    assert "default-src 'none'" in text
    assert "@import" not in text
    assert "url(" not in text


def test_links_of_the_page_lead_somewhere(written):
    text = written.read_text(encoding="utf-8")
    for address in read(written).addresses:
        if address.startswith("#"):
            assert f'id="{address[1:]}"' in text


def test_report_of_the_same_content_is_the_same_bytes(content, written, tmp_path):
    assert write_report(tmp_path, content).read_bytes() == written.read_bytes()


@pytest.mark.parametrize("kind", ["classes", "multilabel", "regression", "seq2seq"])
def test_bare_predictions_of_every_task_are_enough(make, kind, tmp_path):
    one = getattr(make, kind)()
    page = read(write_report(tmp_path, ReportContent("Bare", {"val": one}, "thing")))
    assert page.open == []
    text = " ".join(page.text)
    assert "they are optimistic" in text
    assert "Recipe" not in text
    assert "not measured" in text or "nothing to fuse" in text


def test_page_says_what_scores_of_captions_are_compared_with(make, tmp_path):
    page = read(write_report(tmp_path, ReportContent("X", {"test": make.captions(8)}, "y")))
    assert "0 to 10; document frequencies of these 8 rows' references" in " ".join(page.text)


def test_many_classes_show_the_worst_confusions_instead_of_a_wall(make, tmp_path):
    many = make.classes(n=900, num_classes=45)
    page = read(write_report(tmp_path, ReportContent("Many", {"test": many}, "kind")))
    assert "Most frequent mistakes" in " ".join(page.text)
    assert not (tmp_path / "plots" / "confusion.png").exists()


def test_sequences_show_accuracy_by_position_and_count_steps(make, tmp_path):
    page = read(write_report(tmp_path, ReportContent("S", {"test": make.seq2seq()}, "answer")))
    text = " ".join(page.text)
    assert "Accuracy by position" in text
    assert "steps" in text


def test_faultless_result_is_not_oversold(make, tmp_path):
    one = make.classes(n=40)
    one.outputs = np.eye(4)[one.targets]
    text = " ".join(read(write_report(tmp_path, ReportContent("P", {"test": one}, "kind"))).text)
    assert "could still be as low as" in text


def test_unsure_fusion_is_said_to_be_unsure(make, content, tmp_path):
    unsure = replace(
        content, singles={"image": make.classes(seed=9, sharpness=2.5, labels=content.shown.labels)}
    )
    assert "Cannot tell whether fusion helped" in " ".join(
        read(write_report(tmp_path, unsure)).text
    )


def test_stale_plots_of_an_earlier_report_do_not_stay(make, tmp_path):
    (tmp_path / "plots").mkdir()
    (tmp_path / "plots" / "confusion.png").write_bytes(b"old")
    write_report(tmp_path, ReportContent("R", {"test": make.regression()}, "price"))
    assert {path.name for path in (tmp_path / "plots").iterdir()} == {
        "predicted_true.png",
        "residuals.png",
        "fusion.png",
    }


def test_example_shows_its_three_likeliest_labels(make, tmp_path):
    chances = {"low": 0.05, "top": 0.6, "mid": 0.2, "next": 0.1, "least": 0.01}
    example = {
        "inputs": {"words": {"modality": "text", "value": "hello"}},
        "target": "top",
        "predicted": "top",
        "right": True,
        "probabilities": chances,
    }
    text = " ".join(
        read(
            write_report(
                tmp_path, ReportContent("E", {"test": make.classes()}, "kind", examples=[example])
            )
        ).text
    )
    assert text.index("mid") < text.index("next")
    assert "least" not in text
    assert "low" not in text.split("next", 1)[1]


def test_report_without_predictions_is_refused():
    with pytest.raises(DataError, match="needs predictions of at least one split"):
        ReportContent("Nothing", {}, "kind")
