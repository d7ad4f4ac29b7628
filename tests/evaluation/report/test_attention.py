"""Small pictures are bright where a word looked, and dark elsewhere."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from polymodal.core.contracts.named_task import task_named
from polymodal.evaluation.report import ReportContent, write_report
from polymodal.evaluation.report.attention import MOST_WORDS, attention_strip
from polymodal.evaluation.report.media import show

GREY = np.full((40, 60, 3), 128, np.uint8)


def look(word="ball", place=(0, 2), share=1.0):
    weights = np.zeros((2, 3))
    weights[place] = share
    return {"word": word, "weights": weights.tolist()}


def pixels(one):
    data = base64.b64decode(one["uri"].split(",", 1)[1])
    return np.asarray(Image.open(io.BytesIO(data)).convert("L"), float)


def encoded(array):
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("content", [GREY, GREY[..., :1], encoded(GREY)])
def test_the_place_that_was_looked_at_is_bright(content):
    (one,) = attention_strip(content, [look(place=(0, 2))])
    shown = pixels(one)
    assert shown.shape == (one["height"], one["width"])
    assert one["width"] / one["height"] == pytest.approx(1.5, abs=0.02)
    half, third = shown.shape[0] // 2, shown.shape[1] // 3
    assert shown[: half // 2, -third // 2 :].mean() > 2 * shown[half:, :third].mean()


def test_words_stand_in_order_with_their_share_of_attention():
    found = attention_strip(GREY, [look("a"), look("ball", share=0.25)])
    assert [one["word"] for one in found] == ["a", "ball"]
    assert found[1]["note"].startswith("25 % of its attention")
    assert len(attention_strip(GREY, [look()] * 100)) == MOST_WORDS
    assert attention_strip(GREY, []) == []


def test_a_picture_without_looks_or_with_looks_at_nothing_is_shown():
    shown = show({"modality": "image", "value": GREY})
    assert shown["looks"] == []
    (one,) = attention_strip(GREY, [look(share=0.0)])
    assert pixels(one).max() < 60


def test_the_page_shows_the_words_and_their_pictures(make, tmp_path):
    evil = "<b>x</b>"
    image = {"modality": "image", "value": GREY, "looks": [look(evil), look("ball")]}
    example = {"inputs": {"image": image}, "target": "a ball", "predicted": "a ball", "row": 0}
    shown = make.written_down(10)
    shown.task = task_named("caption")
    page = write_report(
        tmp_path,
        ReportContent(
            "Seen", {"test": shown}, "caption", examples=[example], attention_note="Bright is seen."
        ),
    )
    text = page.read_text(encoding="utf-8")
    assert text.count("data:image/jpeg") == 2
    assert "Bright is seen." in text
    assert "&lt;b&gt;x" in text
    assert evil not in text
