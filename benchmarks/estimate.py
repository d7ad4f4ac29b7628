"""How right `polymodal estimate` is: time, memory and disk of whole commands.

    python benchmarks/estimate.py [--only digits vqa ...] [--epochs 3] [--times 1] [--data FOLDER]

Each recipe is estimated in a process of its own, then trained in others. Printed are the ratio of
the time taken to the time estimated, whether the interval held it, the ratio of the peak resident
memory, and, with --times above 1, the machine's own spread. Nothing else should run. Finished lines
are kept in --out and not measured again.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from polymodal.core.printed.progress import show

# name: options of train, with {data} for the shared folder and {epochs} for --epochs
RECIPES = {
    "digits": "--data {data}/av_digits/train.csv --test {data}/av_digits/test.csv --target digit "
    "--ignore speaker --set training.epochs={epochs}",
    "questions": "--data {data}/easy_vqa/val.csv --target answer --set training.epochs={epochs}",
    "spoken": "--data {data}/connected_digits/train.csv --val {data}/connected_digits/val.csv "
    "--target transcript --ignore seconds --set training.epochs={epochs}",
    "signs": "--data {data}/sign_digits/train.csv --val {data}/sign_digits/val.csv --target sign "
    "--set training.epochs={epochs}",
    "sentences": "--data {data}/nlvr/train.jsonl --target label --no-baselines "
    "--set training.epochs={epochs}",
    "sounds": "--data {data}/esc10/train.csv --target sound --set training.epochs={epochs}",
    "moods": "--data {data}/mosi/train.parquet --val {data}/mosi/val.parquet --target sentiment "
    "--task sentiment --group video --order position --ignore transcript "
    "--set training.epochs={epochs}",
    "transformers": "--data {data}/av_digits/train.csv --val {data}/av_digits/val.csv "
    "--target digit --ignore speaker --set inputs.image.encoder=vit "
    "--set inputs.audio.encoder=conformer --set training.epochs={epochs}",
    "many_questions": "--data {data}/easy_vqa/train.csv --val {data}/easy_vqa/val.csv "
    "--target answer --no-baselines --set training.epochs={epochs}",
    "written": "--data {data}/connected_digits/train.csv --val {data}/connected_digits/val.csv "
    "--target transcript --ignore seconds --set task.ctc_weight=0.7 "
    "--set training.epochs={epochs}",
}


def run(arguments: list[str]) -> tuple[str, float, int]:
    """Returns what a command prints, its wall seconds and its peak resident bytes."""
    with tempfile.TemporaryFile("w+") as out:
        start = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "polymodal", *arguments], stdout=out, stderr=subprocess.DEVNULL
        )
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        if process.returncode:
            raise SystemExit(f"polymodal {' '.join(arguments)} ended with {process.returncode}")
        return out.read(), seconds, used.ru_maxrss << 10


def measure(name: str, data: Path, epochs: int, times: int) -> dict:
    options = RECIPES[name].format(data=data, epochs=epochs).split()
    with tempfile.TemporaryDirectory() as folder:
        said, probed, _ = run(["estimate", *options, "--out", f"{folder}/run", "--json"])
        expected = json.loads(said)
        took, peaks, disks = [], [], []
        for number in range(times):
            out = Path(folder) / f"run{number}"
            _, seconds, peak = run(["train", *options, "--out", str(out), "--json", "--quiet"])
            took.append(seconds)
            peaks.append(peak)
            disks.append(sum(one.stat().st_size for one in out.rglob("*") if one.is_file()))
    low, high = expected["seconds_interval"]
    middle = statistics.median(took)
    return {
        "recipe": name,
        "epochs": epochs,
        "seconds": [round(one, 1) for one in took],
        "expected": expected["seconds"],
        "ratio": round(middle / expected["seconds"], 3),
        "held": low <= middle <= high,
        "interval": [low, high],
        "spread": round((max(took) - min(took)) / middle, 3),
        "probe_seconds": round(probed, 1),
        "parts": expected["parts"],
        "memory_ratio": round(max(peaks) / expected["peak_rss_bytes"], 3),
        "peak_rss_bytes": max(peaks),
        "run_bytes": disks[-1],
        "disk_expected": expected["disk"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", choices=list(RECIPES), default=list(RECIPES))
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--data", type=Path, default=os.environ.get("POLYMODAL_DATA", "."))
    parser.add_argument("--out", type=Path, default=Path("estimate.jsonl"))
    args = parser.parse_args()
    start, lines = time.monotonic(), []
    if args.out.exists():
        lines = [json.loads(line) for line in args.out.read_text().splitlines()]
    for name in args.only:
        if any(one["recipe"] == name and one["epochs"] == args.epochs for one in lines):
            continue
        lines.append(measure(name, Path(args.data), args.epochs, args.times))
        show(json.dumps(lines[-1]))
        with args.out.open("a") as file:
            file.write(json.dumps(lines[-1]) + "\n")
    show(f"{time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main()
