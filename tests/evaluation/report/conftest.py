"""A report content with everything in it, user text included that tries to be markup."""

import io

import numpy as np
import pytest
from PIL import Image

from polymodal.evaluation.baseline import blind_baseline
from polymodal.evaluation.report import ReportContent, describe_run, write_report

EVIL = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>"


def pictured(colour):
    buffer = io.BytesIO()
    Image.new("RGB", (28, 28), colour).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="session")
def content(make):
    labels = ["零", EVIL, "two", "three"]
    test, val = make.classes(sharpness=2.5, labels=labels), make.classes(seed=5, labels=labels)
    test.dropped = {"missing_file": 2}
    wave = np.sin(np.arange(4000) / 9).astype(np.float32)
    examples = [
        {
            "inputs": {
                "image": {"modality": "image", "value": pictured(c)},
                "audio": {"modality": "audio", "value": wave, "sample_rate": 8000},
                EVIL: {"modality": "text", "value": EVIL},
                "facts": {"modality": "tabular", "value": {EVIL: EVIL}},
            },
            "target": EVIL,
            "predicted": "零",
            "probability": 0.8,
            "right": right,
            "row": 3,
            "probabilities": {EVIL: 0.8},
        }
        for c, right in (("red", True), ("blue", False))
    ]
    return ReportContent(
        title=EVIL,
        predictions={"test": test, "val": val},
        target=EVIL,
        summary=describe_run(test, EVIL, {"image": "", EVIL: ""}, {"train": 900}, "gated", 3, 20),
        inputs={"image": EVIL},
        singles={
            "image": make.classes(seed=1, sharpness=1, labels=labels),
            "audio": make.classes(seed=2, sharpness=0.5, labels=labels),
        },
        blind=blind_baseline(test, test.targets),
        slice_columns={EVIL: [EVIL, "b"] * 150},
        examples=examples,
        best_epoch=2,
        history=[{"epoch": i, "loss": 1 / i, "val_loss": 1.2 / i, EVIL: 1.0} for i in (1, 2, 3)],
        ledger={
            "read": {EVIL: 902},
            "dropped": {EVIL: {EVIL: 2}},
            "repaired": {},
            "truncated": {},
            "examples": {EVIL: [{"action": "dropped", "table": EVIL, "row": 4, "text": EVIL}]},
        },
        recipe=f"target: {EVIL}",
        versions={"keras": EVIL},
        seeds={"training": 0},
        command=EVIL,
    )


@pytest.fixture(scope="session")
def transcribed(make):
    """A content of transcripts, one long and one short, whose words stand in time."""
    shown, examples = make.written_down(40), []
    for right, seconds in ((False, 20.0), (True, 1.5)):
        times = np.arange(0.2, seconds - 0.3, 0.4)
        words = [
            {
                "text": "<b>one</b>" if i % 3 else "一",
                "start_seconds": float(time),
                "end_seconds": float(time) + 0.3,
                "confidence": 0.8,
                "right": bool(i % 2),
            }
            for i, time in enumerate(times)
        ]
        wave = 0.3 * np.sin(np.arange(int(8000 * seconds)) / 9).astype(np.float32)
        sound = {"modality": "audio", "value": wave, "sample_rate": 8000, "words": words}
        examples.append(
            {
                "inputs": {"audio": sound},
                "target": "one",
                "predicted": "one",
                "right": right,
                "row": 3,
            }
        )
    return ReportContent("Heard", {"test": shown}, "transcript", examples=examples)


@pytest.fixture(scope="session")
def written(content, tmp_path_factory):
    return write_report(tmp_path_factory.mktemp("report"), content)
