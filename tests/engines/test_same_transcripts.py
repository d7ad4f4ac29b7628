"""The same weights give the same transcripts on every engine.

Each other engine runs in its own process, with the bundle and the recording that this one wrote.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import soundfile

import whistled
from polymodal.core.engine import installed
from small_recogniser import write_bundle

PATHS = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])


def heard(folder):
    """Returns the words of the recording, as [text, start, confidence]."""
    from polymodal.inference.predictor import load
    from polymodal.speech.recognition.transcribe import transcribe

    (found,) = transcribe(load(folder / "run"), [folder / "a.flac"])
    return [[word.text, word.start_seconds, word.confidence] for word in found.words]


def answer(folder):
    """What the other process does."""
    print(json.dumps(heard(Path(folder))))


def test_every_engine_hears_the_same(tmp_path):
    others = [engine for engine in installed() if engine != keras.backend.backend()]
    if not others:
        pytest.skip("only one engine is installed")
    write_bundle(tmp_path / "run")
    samples, _ = whistled.recording(["one two three", "four five", "six seven eight nine"])
    soundfile.write(tmp_path / "a.flac", samples, whistled.RATE)
    words = heard(tmp_path)
    assert len({text for text, _, _ in words}) > 3
    for engine in others:
        done = subprocess.run(
            [sys.executable, __file__, str(tmp_path)],
            text=True,
            capture_output=True,
            check=False,
            env={**os.environ, "KERAS_BACKEND": engine, "PYTHONPATH": PATHS},
        )
        assert done.returncode == 0, done.stderr[-2000:]
        other = json.loads(done.stdout.splitlines()[-1])
        assert [word[:2] for word in other] == [word[:2] for word in words]
        assert np.allclose([w[2] for w in other], [w[2] for w in words], atol=1e-3)


if __name__ == "__main__":
    answer(sys.argv[1])
