"""Captions of the scenes: trained from scratch, held against what the scenes are.

    python benchmarks/captioning.py [--rows 32000] [--seeds 3] [--set training.epochs=12]

Each run is `polymodal train` as a person would type it, timed from start to exit. For val, whose
scenes are of the kinds that train has, and test, whose shapes have colours and patterns that train
never shows together, it prints of all claims that the captions make how many are true, by kind:
once for the likeliest caption, and, as those are mostly of a single kind, for five that are drawn
by chance: as likely as the model holds them, at a temperature of 0.5, where it keeps to what it is
surer of, and from the likeliest words that have a probability of 0.6 together. CIDEr-D is that of
the likeliest caption, or of the likeliest that was drawn so, and of the first reference, each
against the other references.
"""

from __future__ import annotations

from collections import Counter

from bench import benched, parser

import polymodal as pm
from polymodal import scenes
from polymodal.core.seeds import generator
from polymodal.evaluation.captions.scores import score_captions
from polymodal.scenes import world
from polymodal.scenes.claims import judge
from polymodal.scenes.parts import PARTS

SIZES = {"val": 300, "test": 600}
WAYS = {
    "likeliest": {},
    "drawn": {"temperature": 1.0, "num": 5},
    "at 0.5": {"temperature": 0.5, "num": 5},
    "top_p 0.6": {"temperature": 1.0, "top_p": 0.6, "num": 5},
}
LEFT_OUT = ("caption", "caption_chinese", "captions_chinese")


def main() -> None:
    takes = parser(__doc__, seeds=1)
    takes.add_argument("--rows", type=int, default=32_000, help="training rows")
    options = takes.parse_args()
    with benched(options) as bench:
        tables = scenes.write(bench.folder / "data", "captions", options.rows, *SIZES.values())
        for seed in range(options.seeds):
            run, seconds = bench.train(
                tables["train"],
                "captions",
                seed,
                "--val",
                tables["val"],
                *[f"--ignore={column}" for column in LEFT_OUT],
            )
            print(f"seed {seed}: {seconds:.0f} s")
            for part, rows in SIZES.items():
                _judge(pm.load(run), part, pm.read(tables[part]), rows)


def _judge(model, part: str, table, rows: int) -> None:
    """Prints what share of the claims about one part's scenes is true, and CIDEr-D."""
    shown = [
        world.scene(generator(0, PARTS.index(part), row), part == "test") for row in range(rows)
    ]  # as `scenes.write` drew them
    for how, choice in WAYS.items():
        said = [
            [result["text"] for result in found["results"]]
            for found in model.generate(table, **choice)
        ]
        made, true = Counter(), Counter()
        for scene, texts in zip(shown, said, strict=True):
            for text in texts:
                for kind, holds in judge(scene, text):
                    made[kind] += 1
                    true[kind] += holds
        parts = ", ".join(
            f"{kind} {100 * true[kind] / made[kind]:.0f} % of {made[kind]}" for kind in sorted(made)
        )
        print(f"  {part:4}  {how:9}  {parts}", flush=True)
        if how in ("likeliest", "top_p 0.6"):
            references = list(table.values("captions"))
            others = [texts[1:] for texts in references]
            ours, first = (
                score_captions(others, [each[0] for each in texts]).metrics["cider_d"]
                for texts in (said, references)
            )
            print(
                f"  {part:4}  CIDEr-D    {ours:.2f}, the first reference {first:.2f}: "
                f"{100 * ours / first:.0f} %",
                flush=True,
            )


if __name__ == "__main__":
    main()
