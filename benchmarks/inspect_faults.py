"""How many planted faults an inspection finds, and how often it is wrong.

    python benchmarks/inspect_faults.py [--only faults labels] [--rows 400] [--data FOLDER]

"faults": tables of the shared data with one kind of fault each, in 5 % of the rows: the share of
planted rows that any finding names, and the named rows among clean ones. "labels": labels replaced
by another one in 10 and 20 % of the rows of two tables: F1 of the rows named as wrong labels.
Finished lines are kept in --out and not measured again.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from PIL import Image, ImageFilter

from polymodal.core.printed.progress import quiet, show
from polymodal.media.audio import read_audio
from polymodal.questions.inspection.run import inspect
from polymodal.tables.table import read

SHARE = 0.05
Rows = list[dict[str, Any]]


class Base:
    """Clean rows of a shared table, with absolute paths of copies that have plain names."""

    def __init__(self, data: Path, folder: Path, table: str, target: str, media: list[str],
                 num_rows: int):
        source = read(data / table)
        self.folder, self.target, self.table = folder, target, table
        pick = np.random.default_rng(1).permutation(len(source))[:round(1.2 * num_rows)]
        self.rows: Rows = []
        copies: dict[Path, Path] = {}
        for number, row in enumerate(pick):
            cells = source.row(int(row))
            for column in media:
                path = source.root / cells[column]
                copy = copies.setdefault(path, folder / f"{column}_{number}{path.suffix}")
                if not copy.exists():
                    copy.write_bytes(path.read_bytes())
                cells[column] = str(copy)
            self.rows.append(cells)
        self.rows, self.others = self.rows[:num_rows], self.rows[num_rows:]

    def new(self, name: str) -> Path:
        return self.folder / f"planted_{len(list(self.folder.iterdir()))}_{name}"


def media(change: Callable, column: str, ending: str = ".png") -> Callable:
    """Returns a fault that writes a changed copy of a picture or sound."""
    def plant(base: Base, rows: Rows, row: int, _: Any) -> None:
        path = base.new(f"{column}{ending}")
        change(rows[row][column], path)
        rows[row][column] = str(path)

    return plant


def picture(change: Callable[[Image.Image], Image.Image]) -> Callable:
    return lambda source, path: change(Image.open(source).convert("RGB")).save(path)


def sound(change: Callable[[np.ndarray], np.ndarray]) -> Callable:
    def write(source: str, path: Path) -> None:
        soundfile.write(path, change(read_audio(source, None, 8000)), 8000)

    return write


def cut(source: str, path: Path) -> None:
    content = Path(source).read_bytes()
    path.write_bytes(content[: len(content) // 2])


def cell(column: str, change: Callable[[Any, np.random.Generator], Any]) -> Callable:
    def plant(base: Base, rows: Rows, row: int, rng: np.random.Generator) -> None:
        rows[row][column] = change(rows[row][column], rng)

    return plant


def from_another(column: str, differs: str = "") -> Callable:
    """Returns a fault that takes a cell from a row that the table lacks, whose `differs` is
    another."""
    def plant(base: Base, rows: Rows, row: int, rng: np.random.Generator) -> None:
        others = [one for one in base.others if one[column] != rows[row][column]
                  and one[differs or column] != rows[row][differs or column]]
        rows[row][column] = others[int(rng.integers(len(others)))][column]

    return plant


def copied(column: str, reencode: bool = False) -> Callable:
    """Returns a fault that copies the media of a row with another label under a new name."""
    def plant(base: Base, rows: Rows, row: int, rng: np.random.Generator) -> None:
        others = [one for one in base.rows if one[base.target] != rows[row][base.target]]
        source = Path(others[int(rng.integers(len(others)))][column])
        path = base.new(f"copy{source.suffix}")
        if reencode:
            Image.open(source).convert("RGB").save(path.with_suffix(".jpg"), quality=80)
            path = path.with_suffix(".jpg")
        else:
            path.write_bytes(source.read_bytes())
        rows[row][column] = str(path)

    return plant


def longer(text: str, rng: np.random.Generator) -> str:
    words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    return f"{text} " + " ".join(rng.choice(words, len(text.split()) + 4))


BETWEEN, WITHIN = "between", "within"
# kind: (base, between columns or within one, fault)
FAULTS: dict[str, tuple[str, str, Callable]] = {
    "truncated image": ("signs", WITHIN, media(cut, "image", ".jpg")),
    "constant image": ("signs", WITHIN, media(picture(
        lambda one: Image.new("RGB", one.size, (120, 130, 90))), "image")),
    "blurred image": ("signs", WITHIN, media(picture(
        lambda one: one.filter(ImageFilter.GaussianBlur(3))), "image")),
    "dark image": ("signs", WITHIN, media(picture(
        lambda one: one.point(lambda value: value * 0.08)), "image")),
    "odd size": ("signs", WITHIN, media(picture(
        lambda one: one.resize((one.width // 3, one.height))), "image")),
    "silent sound": ("digits", WITHIN, media(sound(np.zeros_like), "audio", ".wav")),
    "clipped sound": ("spoken", WITHIN, media(sound(
        lambda one: np.clip(one * 8 / max(abs(one).max(), 1e-6), -1, 1)), "audio", ".wav")),
    "placeholder text": ("questions", WITHIN, cell("question", lambda *_: "N/A")),
    "wrong script": ("spoken", WITHIN, cell("transcript", lambda *_: "раз два три четыре")),
    "far number": ("spoken", WITHIN, cell("seconds", lambda one, _: str(float(one) * 1000))),
    "speech rate": ("spoken", BETWEEN, cell("transcript", longer)),
    "cut sound": ("spoken", BETWEEN, media(sound(
        lambda one: one[: len(one) // 3]), "audio", ".wav")),
    "stated length": ("spoken", BETWEEN, cell(
        "seconds", lambda one, rng: f"{float(one) * rng.uniform(1.3, 2.0):.2f}")),
    "copied image, other label": ("signs", BETWEEN, copied("image")),
    "re-encoded image, other label": ("signs", BETWEEN, copied("image", True)),
    "wrong label": ("digits", BETWEEN, from_another("digit")),
    "wrong answer": ("questions", BETWEEN, from_another("answer")),
    "wrong image": ("digits", BETWEEN, from_another("image", "digit")),
    "wrong sound": ("digits", BETWEEN, from_another("audio", "digit")),
    "wrong transcript": ("spoken", BETWEEN, from_another("transcript")),
}
BASES = {
    "signs": ("sign_digits/train.csv", "sign", ["image"]),
    "digits": ("av_digits/train.csv", "digit", ["image", "audio"]),
    "spoken": ("connected_digits/train.csv", "transcript", ["audio"]),
    "questions": ("easy_vqa/train.csv", "answer", ["image"]),
}


def named(rows: Rows, target: str) -> dict[int, set[str]]:
    """Returns {row from 0: kinds of findings} of an inspection."""
    found: dict[int, set[str]] = {}
    for one in inspect(rows, target, deep=True).findings:
        for row in one.rows:
            found.setdefault(row - 1, set()).add(one.kind)
    return found


def faults(args: argparse.Namespace, kept: Kept) -> None:
    for name, (table, target, columns) in BASES.items():
        with tempfile.TemporaryDirectory() as folder:
            base = Base(Path(args.data), Path(folder), table, target, columns, args.rows)
            if kept.new("clean", name):
                found = named(base.rows, target)
                kept.add("clean", name, named=len(found), rows=len(base.rows),
                         kinds=sorted(set().union(*found.values())))
            for kind, (where, sort, plant) in FAULTS.items():
                if where == name and kept.new("fault", kind):
                    kept.add("fault", kind, sort=sort, **measure(base, plant))


def measure(base: Base, plant: Callable) -> dict[str, Any]:
    rng = np.random.default_rng(2)
    rows = [dict(row) for row in base.rows]
    planted = set(rng.choice(len(rows), round(SHARE * len(rows)), replace=False).tolist())
    start = time.monotonic()
    for row in sorted(planted):
        plant(base, rows, row, rng)
    found = named(rows, base.target)
    kinds = sorted({kind for row in planted & found.keys() for kind in found[row]})
    return {"found": round(len(planted & found.keys()) / len(planted), 3),
            "false": len(found.keys() - planted), "rows": len(rows), "kinds": kinds,
            "seconds": round(time.monotonic() - start, 1)}


def labels(args: argparse.Namespace, kept: Kept) -> None:
    for table, target, num_rows in (("av_digits/train.csv", "digit", 1600),
                                    ("easy_vqa/train.csv", "answer", 3000)):
        for share in (0.1, 0.2):
            if not kept.new("labels", f"{table} {share}"):
                continue
            source = read(Path(args.data) / table)
            rng = np.random.default_rng(3)
            use = source.select(rng.permutation(len(source))[:num_rows])
            given = list(use.values(target))
            wrong = rng.choice(len(given), round(share * len(given)), replace=False)
            values = sorted(set(given))
            for row in wrong:
                given[row] = rng.choice([value for value in values if value != given[row]])
            start = time.monotonic()
            found = inspect(use.with_column(target, given), target, deep=True)
            places = found.looks["train"].places
            marked = {places[row] for one in found.findings if one.kind == "wrong label"
                      for row in one.rows}
            right = len(marked & set(wrong.tolist()))
            f1 = 2 * right / max(len(marked) + len(wrong), 1)
            kept.add("labels", f"{table} {share}", f1=round(f1, 3), marked=len(marked),
                     precision=round(right / max(len(marked), 1), 3),
                     recall=round(right / len(wrong), 3), rows=len(given),
                     seconds=round(time.monotonic() - start, 1))


class Kept:
    """Finished lines, in a file of one JSON object a line."""

    def __init__(self, path: Path):
        self.path = path
        self.lines = []
        if path.exists():
            self.lines = [json.loads(line) for line in path.read_text().splitlines()]

    def new(self, what: str, name: str) -> bool:
        return not any(one["what"] == what and one["name"] == name for one in self.lines)

    def add(self, what: str, name: str, **found: Any) -> None:
        self.lines.append({"what": what, "name": name, **found})
        show(json.dumps(self.lines[-1]))
        with self.path.open("a") as file:
            file.write(json.dumps(self.lines[-1]) + "\n")

    def summary(self) -> str:
        planted = [one for one in self.lines if one["what"] == "fault"]
        clean = [one for one in self.lines if one["what"] == "clean"]
        if not planted or not clean:
            return ""
        found = [one["found"] for one in planted]
        wrong = 200 * sum(one["named"] for one in clean) / sum(one["rows"] for one in clean)
        return (f"{len(planted)} kinds: {np.mean(found):.3f} of planted rows found, at least "
                f"{min(found):.2f}; {wrong:.2f} of 200 clean rows named.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", choices=["faults", "labels"],
                        default=["faults", "labels"])
    parser.add_argument("--rows", type=int, default=400)
    parser.add_argument("--data", type=Path, default=os.environ.get("POLYMODAL_DATA", "."))
    parser.add_argument("--out", type=Path, default=Path("inspect_faults.jsonl"))
    args = parser.parse_args()
    kept = Kept(args.out)
    start = time.monotonic()
    with quiet():
        for name in args.only:
            {"faults": faults, "labels": labels}[name](args, kept)
    show(f"{kept.summary()} {time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main()
