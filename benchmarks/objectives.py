"""Whether the auxiliary losses of captions help on sentences that people wrote about pictures.

    POLYMODAL_DATA=... python benchmarks/objectives.py --seeds 2

The true sentences of `nlvr` are captions of their pictures. Captioners are trained without such
losses, with word spotting, and with word spotting and grounding; each is scored on `val`.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import numpy as np
from bench import benched, parser

DATA = Path(os.environ.get("POLYMODAL_DATA", "data")) / "nlvr"
SMALL = ["dim=64", "inputs.image.size=[32,128]"]
WAYS = {"none": {"word_spotting": 0, "grounding": 0}, "spotting": {"grounding": 0}, "both": {}}


def captions(name: str, folder: Path) -> Path:
    """Writes the true sentences of one table of `nlvr`, one row a picture; returns its path."""
    found: dict[str, list[str]] = {}
    for line in (DATA / f"{name}.jsonl").read_text().splitlines():
        row = json.loads(line)
        if row["label"] == "true":
            found.setdefault(row["image"], []).append(row["sentence"])
    out = folder / f"{name}.jsonl"
    rows = [json.dumps({"image": image, "captions": said}) for image, said in found.items()]
    out.write_text("\n".join(rows) + "\n")
    return out


def main() -> None:
    """Trains with each set of losses and prints what the validation table gives."""
    reader = parser(__doc__ or "", seeds=2)
    reader.add_argument("--epochs", type=int, default=30)
    options = reader.parse_args()
    with benched(options) as bench:
        train, val = (captions(name, bench.folder) for name in ("train", "val"))
        for way, weights in WAYS.items():
            scores, losses = [], []
            for seed in range(options.seeds):
                start = time.perf_counter()
                run, _ = bench.train(
                    train,
                    "captions",
                    seed,
                    "--val",
                    val,
                    "--media-root",
                    DATA,
                    f"--set=training.epochs={options.epochs}",
                    *[f"--set=objectives.{key}.weight={value}" for key, value in weights.items()],
                    *[f"--set={setting}" for setting in SMALL],
                )
                history = [json.loads(x) for x in (run / "history.jsonl").read_text().splitlines()]
                losses.append(min(epoch["val_loss"] for epoch in history))
                scores.append(max(epoch["cider_d"] for epoch in history))
                print(
                    f"{way:9} seed {seed}: CIDEr-D {scores[-1]:.3f}, loss {losses[-1]:.3f}, "
                    f"{time.perf_counter() - start:.0f} s",
                    flush=True,
                )
            print(f"{way:9} CIDEr-D {np.mean(scores):.3f}, loss {np.mean(losses):.3f}", flush=True)


if __name__ == "__main__":
    main()
