"""An hour of speech in one file: word errors, memory and speed beside those of its pieces.

    python benchmarks/long_recording.py runs/digits [--seconds 3600] [--short 60]
    python benchmarks/long_recording.py models/whisper-tiny.en --of speech --short 300

The model is a run that was trained on `connected_digits`, or an imported one with `--of speech`.
The recordings of that table are joined, again and again, with pauses of 0.3 to 1.2 s. The long
file, its beginning and the pieces alone are transcribed in a process each. Prints word error rates,
the share of words that differ between the long file and the pieces, resident memory at its highest,
and the real-time factor with everything from loading the model on. Finds the recordings through
POLYMODAL_DATA.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

RATES = {"connected_digits": 8000, "speech": 16_000}
FILES = {"connected_digits": ("test", "val", "train"), "speech": ("speech",)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--of", choices=RATES, default="connected_digits", help="a table")
    parser.add_argument("--seconds", type=float, default=3600, help="of the long file")
    parser.add_argument("--short", type=float, default=60, help="seconds of its beginning")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.run, options.measure)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        texts, clips = join(options.of, folder / "long.flac", options.seconds)
        join(options.of, folder / "short.flac", options.short)
        (folder / "pieces.txt").write_text("\n".join(map(str, clips)))
        (folder / "long.txt").write_text(str(folder / "long.flac"))
        (folder / "short.txt").write_text(str(folder / "short.flac"))
        found = {
            name: child(options.run, folder / f"{name}.txt") for name in ("short", "long", "pieces")
        }
    report(texts, found)


def join(name: str, path: Path, seconds: float) -> tuple[list[str], list[Path]]:
    """Writes clips with pauses between them; returns their texts, and their paths, each once."""
    import soundfile

    from polymodal.media.audio import read_audio

    random, rate, data = np.random.default_rng(0), RATES[name], Path(os.environ["POLYMODAL_DATA"])
    rows = [
        row
        for split in FILES[name]
        for row in csv.DictReader((data / name / f"{split}.csv").read_text().splitlines())
    ]
    texts, count = [], 0
    with soundfile.SoundFile(path, "w", rate, 1) as file:
        for row in itertools.cycle(rows):
            if count >= seconds * rate:
                break
            clip = read_audio(row["audio"], data / name, rate)
            pause = random.standard_normal(int(random.uniform(0.3, 1.2) * rate), dtype="f4")
            file.write(np.concatenate([clip, 0.0005 * pause]))
            count += len(clip) + len(pause)
            texts.append(row["transcript"])
    return texts, [data / name / row["audio"] for row in rows[: len(texts)]]


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
    from polymodal.inference.loading import load, transcripts

    found = list(transcripts(load(run), files.read_text().splitlines()))
    took = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        json.dumps(
            {
                "texts": [one.text for one in found],
                "took": took,
                "peak": peak,
                "seconds": sum(one.seconds for one in found),
            }
        )
    )


def plain(texts: list[str]) -> str:
    """Returns the words of texts without case and punctuation."""
    return " ".join(re.findall(r"[\w']+", " ".join(texts).lower()))


def report(texts: list[str], found: dict[str, dict]) -> None:
    import jiwer

    pieces = itertools.islice(itertools.cycle(found["pieces"]["texts"]), len(texts))
    truth, alone = plain(texts), plain(list(pieces))
    together = plain(found["long"]["texts"])
    print(
        f"{found['long']['seconds']:,.0f} s, {len(truth.split()):,} words: WER "
        f"{100 * jiwer.wer(truth, together):.2f} %, of the pieces alone "
        f"{100 * jiwer.wer(truth, alone):.2f} %; "
        f"{100 * jiwer.wer(alone, together):.2f} % of words differ"
    )
    for name, one in found.items():
        print(
            f"{name}: {one['seconds']:,.0f} s of sound in {one['took']:.1f} s, real-time factor "
            f"{one['took'] / one['seconds']:.4f}, {one['peak']:,.0f} MiB at most"
        )


if __name__ == "__main__":
    main()
