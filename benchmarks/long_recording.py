"""An hour of speech in one file: word errors, memory and speed beside those of its pieces.

    python benchmarks/long_recording.py runs/digits [--seconds 3600]

The run is one that was trained on `connected_digits`. Its recordings (test, val, then train) are
joined with pauses of 0.3 to 1.2 s. The long file, its first minute and the pieces alone are
transcribed in a process each. Prints word error rates, the share of words that differ between the
long file and the pieces, resident memory at its highest, and the real-time factor with everything
from loading the model on. Finds the recordings through POLYMODAL_DATA.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

RATE, MINUTE = 8000, 60


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.run, options.measure)
        return
    data = Path(os.environ["POLYMODAL_DATA"]) / "connected_digits"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        texts, clips = join(data, folder / "long.flac", options.seconds)
        join(data, folder / "minute.flac", MINUTE)
        (folder / "pieces.txt").write_text("\n".join(map(str, clips)))
        (folder / "long.txt").write_text(str(folder / "long.flac"))
        (folder / "minute.txt").write_text(str(folder / "minute.flac"))
        found = {
            name: child(options.run, folder / f"{name}.txt")
            for name in ("minute", "long", "pieces")
        }
    report(texts, found)


def join(data: Path, path: Path, seconds: float) -> tuple[list[str], list[Path]]:
    """Writes clips with pauses between them; returns their texts and paths."""
    import soundfile

    from polymodal.media.audio import read_audio

    random, texts, clips, count = np.random.default_rng(0), [], [], 0
    with soundfile.SoundFile(path, "w", RATE, 1) as file:
        for split in ("test", "val", "train"):
            for row in csv.DictReader((data / f"{split}.csv").read_text().splitlines()):
                if count >= seconds * RATE:
                    return texts, clips
                clip = read_audio(row["audio"], data, RATE)
                pause = random.standard_normal(int(random.uniform(0.3, 1.2) * RATE), dtype="f4")
                file.write(np.concatenate([clip, 0.0005 * pause]))
                count += len(clip) + len(pause)
                texts.append(row["transcript"])
                clips.append(data / row["audio"])
    return texts, clips


def child(run: Path, files: Path) -> dict:
    done = subprocess.run(
        [sys.executable, __file__, run, "--measure", files],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def measure(run: Path, files: Path) -> None:
    from polymodal.core.engine import start

    begin = time.perf_counter()
    start()
    from polymodal.inference.predictor import load
    from polymodal.speech.recognition.transcribe import transcribe

    found = list(transcribe(load(run), files.read_text().splitlines()))
    took = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        json.dumps(
            {
                "text": " ".join(one.text for one in found),
                "took": took,
                "peak": peak,
                "seconds": sum(one.seconds for one in found),
            }
        )
    )


def report(texts: list[str], found: dict[str, dict]) -> None:
    import jiwer

    truth, long, pieces = " ".join(texts), found["long"], found["pieces"]
    print(
        f"{long['seconds']:,.0f} s, {len(truth.split()):,} words: WER "
        f"{100 * jiwer.wer(truth, long['text']):.2f} %, of the pieces alone "
        f"{100 * jiwer.wer(truth, pieces['text']):.2f} %; "
        f"{100 * jiwer.wer(pieces['text'], long['text']):.2f} % of words differ"
    )
    for name, one in found.items():
        print(
            f"{name}: {one['seconds']:,.0f} s of sound in {one['took']:.1f} s, real-time factor "
            f"{one['took'] / one['seconds']:.4f}, {one['peak']:,.0f} MiB at most"
        )


if __name__ == "__main__":
    main()
