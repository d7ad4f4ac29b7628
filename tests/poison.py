"""A bundle of several inputs that never learned, and ways to spoil the files of one."""

from __future__ import annotations

import io
import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

RECIPE = {
    "task": "classification",
    "target": "kind",
    "fusion": "gated",
    "dim": 8,
    "inputs": {
        "image": {"modality": "image", "encoder": "convnet", "size": 8, "channels": 1, "width": 4},
        "note": {
            "modality": "text",
            "encoder": "transformer",
            "tokenizer": "word",
            "num_layers": 1,
            "num_heads": 2,
            "max_length": 6,
            "min_count": 1,
        },
        "remark": {
            "modality": "text",
            "encoder": "bag",
            "tokenizer": "ngram",
            "buckets": 50,
            "min_count": 1,
        },
        "features": {"modality": "vector", "encoder": "mlp", "hidden": 8},
        "tabular": {
            "modality": "tabular",
            "encoder": "tabular",
            "columns": ["size", "town"],
            "hidden": 8,
        },
    },
    "training": {"epochs": 1},
}
NOTES = ["a cat sat", "the dog ran", "no bird sang", "one fish swam"]


def rows() -> list[dict[str, Any]]:
    """Returns rows that `RECIPE` can read; pictures are PNG."""
    rng = np.random.default_rng(0)
    return [
        {
            "image": _png(rng.integers(0, 255, (8, 8)).astype("uint8")),
            "note": NOTES[i % 4],
            "remark": NOTES[(i + 1) % 4],
            "features": rng.normal(size=3).tolist(),
            "size": float(i),
            "town": ["Rome", "Oslo"][i % 2],
            "kind": ["a", "b", "c"][i % 3],
        }
        for i in range(12)
    ]


def _png(pixels: np.ndarray) -> bytes:
    from PIL import Image

    held = io.BytesIO()
    Image.fromarray(pixels).save(held, "png")
    return held.getvalue()


def write_bundle(folder: Path) -> Path:
    """Writes a bundle whose preprocessing is fitted to `rows`, and returns its folder."""
    from polymodal.bundle import names, weights, write
    from polymodal.inference.predictor import Predictor
    from polymodal.recipe import assemble
    from polymodal.recipe.recipe import from_dict

    recipe = from_dict(RECIPE)
    inputs, target = assemble.build_inputs(recipe), assemble.build_target(recipe)
    for item in inputs:
        cells = [
            {c: row[c] for c in item.columns} if item.modality.whole_row else row[item.columns[0]]
            for row in rows()
        ]
        item.modality.fit([item.modality.decode(cell) for cell in cells])
    target.fit([row["kind"] for row in rows()])
    model, task = assemble.build_model(recipe, inputs, target)
    values = weights.values(names.weight_names(model))
    predictor = Predictor(recipe, inputs, target, model, task)
    write.write(folder, predictor.spec(), values, predictor.states(), {"splits": {}})
    return folder


def answers(folder: Path) -> list[Any]:
    """Returns what a bundle answers to `rows`."""
    from polymodal.inference.files import lines
    from polymodal.inference.predictor import load
    from polymodal.tables.table import read

    predictor = load(folder)
    table = read(rows())
    return list(lines(predictor, table, predictor.predict(table)))


def copy(bundle: Path, folder: Path) -> Path:
    """Returns a copy of a bundle, replacing one that is there."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(bundle, folder)
    return folder


def seal_all(folder: Path) -> None:
    """Seals a folder as an attacker would who knows of all sums."""
    from polymodal.bundle import write

    path = folder / write.MODEL
    try:
        content = json.loads(path.read_text())
        for name in content.get(write.FILES, {}):
            content[write.FILES][name] = write.sha256(folder / name)
        content[write.CONTENT] = write.content_digest(content)
        path.write_text(json.dumps(content))
    except (ValueError, TypeError, AttributeError, OSError, RecursionError):
        pass  # it is no model.json any more
    write.seal(folder)


def edit(path: Path, change: Any) -> None:
    """Rewrites a JSON file as `change(content)` leaves it."""
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


VALUES = [
    None,
    True,
    False,
    -1,
    0,
    1,
    3,
    10**6,
    10**12,
    2**63,
    1.5,
    1e308,
    -1e308,
    float("nan"),
    float("inf"),
    "",
    "x",
    "9" * 50,
    "\x1b[31m",
    "../../up",
    [],
    {},
    [None],
    ["a", 1],
    [[[]]],
    {"a": 1},
    [0.0] * 7,
    ["a"] * 3,
]


def spoiled(content: Any, chance: random.Random) -> Any:
    """Returns JSON in which one value, chosen by chance, is another, gone, or in another order."""
    content = json.loads(json.dumps(content))
    places = list(_places(content))
    parent, key = chance.choice(places)
    way = chance.random()
    value = parent[key]
    if way < 0.15:
        del parent[key]
    elif way < 0.35 and isinstance(value, list) and len(value) > 1:
        chance.shuffle(value)
    elif way < 0.45 and isinstance(value, list):
        parent[key] = value * 2
    elif way < 0.5 and isinstance(value, list):
        parent[key] = value[:-1]
    elif way < 0.55 and isinstance(parent, dict):
        parent[f"{key}x"] = parent.pop(key)
    else:
        parent[key] = chance.choice(VALUES)
    return content


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    items = (
        list(value.items())
        if isinstance(value, dict)
        else (list(enumerate(value)) if isinstance(value, list) else [])
    )
    for key, inner in items:
        yield value, key
        if isinstance(inner, dict | list) and len(items) < 50:
            yield from _places(inner)
