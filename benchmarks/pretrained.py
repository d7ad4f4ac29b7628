"""Words of spoken reviews with frozen MiniLM, under logistic regression, and from scratch.

    scripts/models
    POLYMODAL_DATA=... python benchmarks/pretrained.py [--seeds 5]

Prints our runs, from scratch too, and a page of scikit-learn on the same frozen vectors.
Photographs with captions, numbers and categories are in `photographs.py`.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from bench import Bench, benched, parser

from polymodal.pretrained.importing import import_model
from polymodal.pretrained.part import Part, load_part
from polymodal.tables.table import read

DATA = Path(os.environ.get("POLYMODAL_DATA", "shared/data"))
PUBLISHED = Path(
    os.environ.get("POLYMODAL_PUBLISHED", Path.home() / ".cache" / "polymodal" / "published")
)


def mosi(bench: Bench, models: dict[str, Part]) -> None:
    """Sentiment of an utterance from its words, as a step of its video."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import accuracy_score, f1_score

    folder = DATA / "mosi"
    tables = {name: read(folder / f"{name}.parquet") for name in ("train", "val")}
    vectors = {
        name: models["minilm"].encode([str(cell) for cell in table.values("transcript")])
        for name, table in tables.items()
    }
    labels = {
        name: np.array([str(cell) for cell in table.values("sentiment")])
        for name, table in tables.items()
    }
    page = LogisticRegression(C=10, max_iter=2000).fit(vectors["train"], labels["train"])
    said = page.predict(vectors["val"])
    print(
        f"page: accuracy {accuracy_score(labels['val'], said):.3f}, "
        f"macro F1 {f1_score(labels['val'], said, average='macro'):.3f}",
        flush=True,
    )
    steps = [
        "--group=video",
        "--order=position",
        "--split=none",
        f"--test={folder / 'val.parquet'}",
        *(f"--ignore={kind}_features" for kind in ("text", "audio", "video")),
    ]
    for kind, flags in (
        (
            "frozen MiniLM",
            [
                f"--pretrained=transcript={bench.folder / 'minilm'}",
                "--set=inputs.transcript.max_pieces=64",
            ],
        ),
        ("from scratch", []),
    ):
        scores = []
        for seed in range(bench.options.seeds):
            run, seconds = bench.train(folder / "train.parquet", "sentiment", seed, *steps, *flags)
            scores.append(bench.evaluate(run, folder / "val.parquet")["metrics"])
            print(f"  {kind}, seed {seed}: {_shown(scores[-1])}, {seconds:.0f} s", flush=True)
        print(f"{kind}: {_shown(_means(scores))}", flush=True)


def _shown(scores: dict) -> str:
    names = ("accuracy", "f1_macro", "log_loss")
    return ", ".join(f"{name} {scores[name]:.3f}" for name in names if name in scores)


def _means(scores: list[dict]) -> dict:
    return {
        name: float(np.mean([one[name] for one in scores]))
        for name, value in scores[0].items()
        if isinstance(value, float)
    }


def main() -> None:
    """Imports the model once and runs the benchmark."""
    options = parser(__doc__ or "", seeds=5).parse_args()
    with benched(options) as bench:
        model = bench.folder / "minilm"
        if not model.exists():
            import_model(PUBLISHED / "minilm", model)
        mosi(bench, {"minilm": load_part(model)})


if __name__ == "__main__":
    main()
