"""How many planted faults an inspection finds, and how often it is wrong.

    python benchmarks/inspect_faults.py [--only faults labels clean] [--data FOLDER]

"faults": tables with one kind of fault each, in 5 % of the rows: the share of planted rows that any
finding names, and the named rows among clean ones. HARD kinds, which a person could hardly find
either, are printed but not counted. "labels": labels replaced by another one in 10 and 20 % of the
rows of two tables: F1 of the rows named as wrong labels. "clean": the named rows of every shared
table as it is. Finished lines are kept in --out and not measured again.
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
from PIL import Image, ImageDraw, ImageFilter

from polymodal.core.printed.progress import quiet, show
from polymodal.media.audio import read_audio
from polymodal.questions.inspection.run import inspect
from polymodal.tables.table import Table, read

SHARE = 0.05
Rows = list[dict[str, Any]]


class Base:
    """Clean rows of a shared table, with absolute paths of copies that have plain names."""

    def __init__(
        self,
        data: Path,
        folder: Path,
        table: str,
        target: str | None,
        media: list[str],
        num_rows: int,
        keep_names: bool = False,
    ):
        source = drawn(folder, num_rows) if table == DRAWN else read(data / table)
        self.folder, self.target, self.table = folder, target, table
        pick = np.random.default_rng(1).permutation(len(source))[: round(1.2 * num_rows)]
        self.rows: Rows = []
        self.twins: set[int] = set()  # rows that planted ones are copies of
        copies: dict[Path, Path] = {}
        for number, row in enumerate(pick):
            cells = source.row(int(row))
            for column in media:
                path = Path(source.root) / cells[column]
                copy = copies.setdefault(
                    path,
                    folder / (f"{column}_{number}{path.suffix}" if not keep_names else path.name),
                )
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
        others = [
            one
            for one in base.others
            if one[column] != rows[row][column]
            and one[differs or column] != rows[row][differs or column]
        ]
        rows[row][column] = others[int(rng.integers(len(others)))][column]

    return plant


def copied(column: str, reencode: bool = False) -> Callable:
    """Returns a fault that copies the media of a row with another label under a new name."""

    def plant(base: Base, rows: Rows, row: int, rng: np.random.Generator) -> None:
        others = [
            place
            for place, one in enumerate(base.rows)
            if one[base.target] != rows[row][base.target]
        ]
        other = others[int(rng.integers(len(others)))]
        base.twins.add(other)
        source = Path(base.rows[other][column])
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


def drawn(folder: Path, num_rows: int) -> Table:
    """Returns a table of drawings with captions."""
    rng = np.random.default_rng(4)
    captions = (
        "a {size} {colour} {form} on the {side}",
        "{size} {form} in {colour}, {side}",
        "there is one {colour} {form} at the {side}, a {size} one",
    )
    rows = []
    for row in range(round(1.2 * num_rows)):
        said = {
            "colour": str(rng.choice(list(COLOURS))),
            "form": str(rng.choice(FORMS)),
            "size": str(rng.choice(["small", "large"])),
            "side": str(rng.choice(["left", "right"])),
        }
        path = folder / f"drawing_{row}.png"
        drawing(said, rng).save(path)
        rows.append({"picture": str(path), "caption": str(rng.choice(captions)).format(**said)})
    return read(rows)


def drawing(said: dict[str, str], rng: np.random.Generator) -> Image.Image:
    image = Image.new("RGB", (64, 64), tuple(rng.integers(200, 256, 3).tolist()))
    radius = {"small": 6, "large": 13}[said["size"]]
    x = {"left": 18, "right": 46}[said["side"]] + int(rng.integers(-4, 5))
    y = 32 + int(rng.integers(-8, 9))
    box = (x - radius, y - radius, x + radius, y + radius)
    colour = tuple((np.array(COLOURS[said["colour"]]) + rng.integers(-20, 20, 3)).tolist())
    pen = ImageDraw.Draw(image)
    if said["form"] == "circle":
        pen.ellipse(box, fill=colour)
    elif said["form"] == "square":
        pen.rectangle(box, fill=colour)
    else:
        pen.polygon([(x, box[1]), (box[0], box[3]), (box[2], box[3])], fill=colour)
    return image


def misspelt(text: str, rng: np.random.Generator) -> str:
    return rng.choice([text.upper(), f" {text}", f"{text}.", text.capitalize()])


def gibberish(text: str, rng: np.random.Generator) -> str:
    return "".join(rng.choice(list("qxzjkvwpfhg "), len(text)))


def reworded(base: Base, rows: Rows, row: int, rng: np.random.Generator) -> None:
    """Copies a caption of another row with one more word."""
    other = rows[int(rng.integers(len(rows)))]
    rows[row] = {**rows[row], "caption": f"{other['caption']} indeed, as said in row {row % 7}"}
    other["caption"] = f"{other['caption']} indeed, as said in row {row % 7}."


def repeated(base: Base, rows: Rows, row: int, _: Any) -> None:
    path = base.folder / "not_available.png"
    Image.fromarray(np.random.default_rng(9).integers(0, 255, (100, 100, 3), np.uint8)).save(path)
    rows[row]["image"] = str(path)


COLOURS = {
    "red": (210, 40, 40),
    "green": (40, 180, 60),
    "blue": (50, 60, 210),
    "yellow": (220, 210, 50),
    "purple": (150, 50, 180),
    "orange": (230, 140, 30),
}
FORMS = ("circle", "square", "triangle")
DRAWN = "drawn"
BETWEEN, WITHIN, HARD = "between", "within", "hard"
# kind: (base, between columns or within one, fault)
FAULTS: dict[str, tuple[str, str, Callable]] = {
    "truncated image": ("signs", WITHIN, media(cut, "image", ".jpg")),
    "constant image": (
        "signs",
        WITHIN,
        media(picture(lambda one: Image.new("RGB", one.size, (120, 130, 90))), "image"),
    ),
    "blurred image": (
        "signs",
        WITHIN,
        media(picture(lambda one: one.filter(ImageFilter.GaussianBlur(3))), "image"),
    ),
    "dark image": (
        "signs",
        WITHIN,
        media(picture(lambda one: one.point(lambda value: value * 0.08)), "image"),
    ),
    "odd size": (
        "signs",
        WITHIN,
        media(picture(lambda one: one.resize((one.width // 3, one.height))), "image"),
    ),
    "silent sound": ("digits", WITHIN, media(sound(np.zeros_like), "audio", ".wav")),
    "clipped sound": (
        "spoken",
        WITHIN,
        media(
            sound(lambda one: np.clip(one * 8 / max(abs(one).max(), 1e-6), -1, 1)), "audio", ".wav"
        ),
    ),
    "placeholder text": ("questions", WITHIN, cell("question", lambda *_: "N/A")),
    "wrong script": ("spoken", WITHIN, cell("transcript", lambda *_: "раз два три четыре")),
    "far number": ("spoken", WITHIN, cell("seconds", lambda one, _: str(float(one) * 1000))),
    "speech rate": ("spoken", BETWEEN, cell("transcript", longer)),
    "cut sound": (
        "spoken",
        BETWEEN,
        media(sound(lambda one: one[: len(one) // 3]), "audio", ".wav"),
    ),
    "stated length": (
        "spoken",
        BETWEEN,
        cell("seconds", lambda one, rng: f"{float(one) * rng.uniform(1.3, 2.0):.2f}"),
    ),
    "copied image, other label": ("signs", BETWEEN, copied("image")),
    "re-encoded image, other label": ("signs", BETWEEN, copied("image", True)),
    "wrong label": ("digits", BETWEEN, from_another("digit")),
    "wrong answer": ("questions", BETWEEN, from_another("answer")),
    "wrong transcript": ("spoken", BETWEEN, from_another("transcript")),
    "wrong caption": (DRAWN, BETWEEN, from_another("caption")),
    "swapped files": ("named digits", BETWEEN, from_another("image", "digit")),
    "empty file": ("signs", WITHIN, media(lambda _, path: path.write_bytes(b""), "image")),
    "one image repeated": ("signs", WITHIN, repeated),
    "noise": (
        "signs",
        WITHIN,
        media(
            picture(
                lambda one: Image.fromarray(
                    np.random.default_rng(one.getpixel((9, 9))[0]).integers(
                        0, 255, (one.height, one.width, 3), np.uint8
                    )
                )
            ),
            "image",
        ),
    ),
    "odd rate": (
        "spoken",
        WITHIN,
        media(
            lambda source, path: soundfile.write(
                path, np.repeat(read_audio(source, None, 8000), 2), 16000
            ),
            "audio",
            ".wav",
        ),
    ),
    "gibberish": (DRAWN, WITHIN, cell("caption", gibberish)),
    "wrong encoding": (DRAWN, WITHIN, cell("caption", lambda one, _: one.replace("e", "Ã©"))),
    "spelling": ("digits", WITHIN, cell("digit", misspelt)),
    "wrong image": ("digits", HARD, from_another("image", "digit")),
    "wrong sound": ("digits", HARD, from_another("audio", "digit")),
}
# name: (table, target, media columns, rows)
BASES = {
    "signs": ("sign_digits/train.csv", "sign", ["image"], 400),
    "digits": ("av_digits/train.csv", "digit", ["image", "audio"], 1200),
    "named digits": ("av_digits/train.csv", "digit", ["image", "audio"], 400),
    "spoken": ("connected_digits/train.csv", "transcript", ["audio"], 400),
    "questions": ("easy_vqa/train.csv", "answer", ["image"], 1600),
    DRAWN: (DRAWN, None, ["picture"], 400),
}
TABLES = {
    "av_digits/train.csv": "digit",
    "av_digits/test.csv": "digit",
    "av_digits/test_missing.csv": "digit",
    "connected_digits/train.csv": "transcript",
    "easy_vqa/val.csv": "answer",
    "nlvr/train.jsonl": "label",
    "esc10/train.csv": "sound",
    "sign_digits/train.csv": "sign",
    "sign_digits/val.csv": "sign",
    "speech/speech.csv": "transcript",
    "photos/captions.jsonl": "captions",
    "grid_av/clips.csv": "transcript",
    "mosi/train.parquet": "sentiment",
}


def named(rows: Rows, target: str | None, deep: bool = True) -> dict[int, set[str]]:
    """Returns {row from 0: kinds of findings} of an inspection."""
    found: dict[int, set[str]] = {}
    for one in inspect(rows, target, deep=deep).findings:
        for row in one.rows:
            found.setdefault(row - 1, set()).add(one.kind)
    return found


def faults(args: argparse.Namespace, kept: Kept) -> None:
    for name, (table, target, columns, num_rows) in BASES.items():
        with tempfile.TemporaryDirectory() as folder:
            base = Base(
                Path(args.data),
                Path(folder),
                table,
                target,
                columns,
                num_rows,
                keep_names=name == "named digits",
            )
            if kept.new("clean", name):
                found = named(base.rows, target)
                kept.add(
                    "clean",
                    name,
                    named=len(found),
                    rows=len(base.rows),
                    kinds=sorted(set().union(*found.values())),
                )
            for kind, (where, sort, plant) in FAULTS.items():
                if where == name and kept.new("fault", kind):
                    kept.add("fault", kind, sort=sort, **measure(base, plant, sort != WITHIN))


def measure(base: Base, plant: Callable, deep: bool) -> dict[str, Any]:
    rng = np.random.default_rng(2)
    rows = [dict(row) for row in base.rows]
    planted = set(rng.choice(len(rows), round(SHARE * len(rows)), replace=False).tolist())
    start = time.monotonic()
    base.twins.clear()
    for row in sorted(planted):
        plant(base, rows, row, rng)
    found = named(rows, base.target, deep)
    kinds = sorted({kind for row in planted & found.keys() for kind in found[row]})
    return {
        "found": round(len(planted & found.keys()) / len(planted), 3),
        "false": len(found.keys() - planted - base.twins),
        "rows": len(rows),
        "kinds": kinds,
        "seconds": round(time.monotonic() - start, 1),
    }


def labels(args: argparse.Namespace, kept: Kept) -> None:
    for table, target, num_rows in (
        ("av_digits/train.csv", "digit", 1600),
        ("easy_vqa/train.csv", "answer", 3000),
    ):
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
            marked = {
                places[row]
                for one in found.findings
                if one.kind == "wrong label"
                for row in one.rows
            }
            right = len(marked & set(wrong.tolist()))
            f1 = 2 * right / max(len(marked) + len(wrong), 1)
            kept.add(
                "labels",
                f"{table} {share}",
                f1=round(f1, 3),
                marked=len(marked),
                precision=round(right / max(len(marked), 1), 3),
                recall=round(right / len(wrong), 3),
                rows=len(given),
                seconds=round(time.monotonic() - start, 1),
            )


def clean(args: argparse.Namespace, kept: Kept) -> None:
    for table, target in TABLES.items():
        if kept.new("shared table", table):
            found = inspect(Path(args.data) / table, target, deep=True)
            rows: dict[str, set[int]] = {}
            for one in found.faults:
                rows.setdefault(one.kind, set()).update(one.rows)
            kept.add(
                "shared table",
                table,
                rows=len(found.looks["train"]),
                named=len(set().union(*rows.values())),
                kinds={kind: len(which) for kind, which in rows.items()},
                seconds=round(found.seconds, 1),
            )


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
        planted = [one for one in self.lines if one["what"] == "fault" and one["sort"] != HARD]
        clean = [one for one in self.lines if one["what"] == "clean"]
        if not planted or not clean:
            return ""
        found = [one["found"] for one in planted]
        wrong = 200 * sum(one["named"] for one in clean) / sum(one["rows"] for one in clean)
        return (
            f"{len(planted)} kinds: {np.mean(found):.3f} of planted rows found, at least "
            f"{min(found):.2f}; {wrong:.2f} of 200 clean rows named."
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--only",
        nargs="*",
        choices=["faults", "labels", "clean"],
        default=["faults", "labels", "clean"],
    )
    parser.add_argument("--data", type=Path, default=os.environ.get("POLYMODAL_DATA", "."))
    parser.add_argument("--out", type=Path, default=Path("inspect_faults.jsonl"))
    args = parser.parse_args()
    kept = Kept(args.out)
    start = time.monotonic()
    with quiet():
        for name in args.only:
            {"faults": faults, "labels": labels, "clean": clean}[name](args, kept)
    show(f"{kept.summary()} {time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main()
