"""An assistant from nothing on the scenes: questions about images, written or spoken.

    python benchmarks/assistant.py [--conversations 24000] [--form written] [--minutes 15]

Exact match on unseen images of kinds that train has, and on the test part of the scenes, whose
kinds of scene, patterns of questions and voices train lacks; by kind of question, and with the
image hidden, next to the best guess for each kind of question without looking. Many images seen
seldom teach more than few seen often (docs/log/captions.md). Progress is printed by the commands
that it runs. A run that was stopped goes on where it was; a finished one is only printed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from polymodal import scenes

QUESTIONS = {"presence", "colour", "shape", "count", "relation", "comparison", "follow_up"}
SETTINGS = [
    "dim=128",
    "task.decoder={num_layers: 3, num_heads: 4}",
    "task.dropout=0.0",
    "inputs.image.size=48",
    "training.batch_size=32",
    "training.learning_rate=0.002",
]


def kept(source: Path, form: str, described: bool = False) -> Path:
    """Returns a table of the conversations of one form, those with descriptions only if asked."""
    if form == "both":
        return source
    path = source.with_name(f"{source.stem}-{form}.jsonl")
    with open(source, encoding="utf-8") as lines, open(path, "w", encoding="utf-8") as out:
        for line in lines:
            found = json.loads(line)
            kinds = {one.get("kind") for one in found["messages"]} - {None}
            if found["form"] == form and (described or kinds <= QUESTIONS):
                out.write(line)
    return path


def guess(rows: list[dict]) -> float:
    """Returns the share of rows that the most frequent answer of each kind of question gets."""
    answers: dict[tuple, Counter] = {}
    for row in rows:
        answers.setdefault((row["kind"], row["language"]), Counter())[row["answer"]] += 1
    return sum(max(one.values()) for one in answers.values()) / len(rows)


def asked(table: Path) -> list[dict]:
    """Returns kind, language and answer of each answer of a table."""
    found = []
    for line in table.read_text(encoding="utf-8").splitlines():
        value = json.loads(line)
        found += [
            {"kind": one["kind"], "language": value["language"], "answer": one["content"]}
            for one in value["messages"]
            if one["role"] == "assistant"
        ]
    return found


def polymodal(*arguments) -> str:
    """Runs a command and returns what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "polymodal", *map(str, arguments)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout


def judged(run: Path, table: Path, name: str) -> None:
    """Evaluates a run on a table, once, and prints the scores by what cuts them."""
    scores = run / f"{name}.json"  # of a finished run
    if not scores.exists():
        scores.write_text(polymodal("evaluate", run, "--data", table, "--json"))
    found = json.loads(scores.read_text())
    print(f"{name}: exact match {found['metrics']['exact_match']:.3f} of {found['rows']['used']}")
    for column in ("kind", "language", "turn", "pattern"):
        for value, one in found["slices"].get(column, {}).items():
            print(f"  {column} {value}: {one['metrics']['exact_match']:.3f} of {one['n']}")
    for one in found["input_patterns"].values():
        print(f"  {one['sentence']}")
    print(f"  best guess for each kind and language: {guess(asked(table)):.3f}", flush=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path, default=Path("runs/assistant-scenes"))
    options.add_argument("--conversations", type=int, default=24_000)
    options.add_argument("--epochs", type=int, default=5)
    options.add_argument("--form", default="written", choices=("written", "spoken", "both"))
    options.add_argument("--minutes", type=float, default=15)
    options.add_argument("--set", action="append", default=[])
    given = options.parse_args()
    tables = scenes.write(given.out / "data", "assistant", given.conversations, 100, 400)
    unseen = scenes.write(given.out / "unseen", "assistant", 0, 400, 0, seed=1)["val"]
    heard = given.form != "written"  # written questions teach what is seen to those of few words
    train = kept(tables["train"], "both" if heard else given.form, described=True)
    val, test, unseen = (kept(one, given.form) for one in (tables["val"], tables["test"], unseen))
    run, start = given.out / f"run-{given.form}", time.monotonic()
    if not (run / "manifest.json").exists():
        chosen = [*SETTINGS, f"training.epochs={given.epochs}", *given.set]
        settings = [f"--set={one}" for one in chosen]
        data = ["--data", train, "--val", val, "--task", "chat", "--out", run]
        polymodal("train", *data, "--max-minutes", given.minutes, *settings)
    print(f"trained in {time.monotonic() - start:.0f} s", flush=True)
    judged(run, unseen, "unseen images")
    judged(run, test, "unseen kinds of scenes, patterns and voices")
    print(f"{time.monotonic() - start:.0f} s in all")


if __name__ == "__main__":
    main()
