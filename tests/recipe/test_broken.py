"""A campaign of broken recipes: each ends in one clear line, quickly, or makes a model."""

from __future__ import annotations

import random
import time
from collections import Counter

import pytest
import yaml

from poison import NOTES, spoiled
from polymodal.core import arguments
from polymodal.core.errors import PolymodalError
from polymodal.recipe import assemble
from polymodal.recipe.infer import infer
from polymodal.recipe.recipe import from_dict
from polymodal.recipe.written.given import check_given, load, override
from polymodal.tables.table import read
from polymodal.training.preparing.prepare import prepare
from polymodal.training.steps.settings import Training

GOOD = {
    "task": "classification",
    "target": "kind",
    "fusion": "gated",
    "dim": 8,
    "dropout": 0.1,
    "inputs": {
        "note": {"modality": "text", "encoder": "rnn", "tokenizer": "word", "max_length": 5},
        "tabular": {"modality": "tabular", "columns": ["size", "town"]},
    },
    "training": {"epochs": 1, "batch_size": 4, "learning_rate": 0.001, "seed": 3},
}
VALUES = [
    "[]",
    "{}",
    "[1]",
    "{a: b}",
    ".inf",
    "-.inf",
    ".nan",
    "-1",
    "1e999",
    "99999999999999999999",
    "true",
    "'x y'",
    "!!python/none x",
    "&a [*a]",
    "2023-01-01",
]
NUMBERS = [
    "dim",
    "dropout",
    "training.epochs",
    "training.seed",
    "training.batch_size",
    "training.learning_rate",
    "training.warmup",
    "training.weight_decay",
    "inputs.note.max_length",
    "inputs.note.num_layers",
]
TEXTS = {  # YAML as a whole, or bytes
    "latin-1": "target: größe".encode("latin-1"),
    "utf-16": "target: kind".encode("utf-16"),
    "binary": bytes(range(256)),
    "empty": b"",
    "a list": b"- a",
    "a number": b"3",
    "a text": b"kind",
    "open": b"target: [kind",
    "tabs": b"a:\n\t- b",
    "colons": b"a: b: c",
    "twice": b"dim: 8\ndim: 9",
    "recursive": b"target: kind\ninputs: &a {note: *a}",
    "deep": b"a: " + b"[" * 5000,
    "deeper": b"[" * 500_000,
    "wide": b"a: [" + b"1," * 200_000 + b"1]",
    "huge": b"#" * (2 << 20),
    "merge": b"<<: 3",
    "tag": b"a: !!python/object/apply:os.system [ls]",
    "two": b"--- 1\n--- 2",
    "bomb": (
        "a: &a [x,x,x,x,x,x,x,x,x]\n"
        + "".join(
            f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n"
            for a, b in zip("abcdefg", "bcdefgh", strict=True)
        )
    ).encode(),
    "digits": b"dim: " + b"9" * 10_000,
    "no alias": b"dim: *x",
    "keys": b"? [a]\n: b",
    "nul": b"target: a\0b",
    "unknown": b"targt: kind",
    "no target": b"dim: 8",
}
SETTINGS = [  # besides wrong values of numbers
    "x",
    "=3",
    "",
    "task=3",
    "task=clasification",
    "task.name=3",
    "task.nme=x",
    "task.error=huber",
    "fusion=concatt",
    "fusion.gats=softmax",
    "fusion.gates=[1]",
    "fusion=[gated]",
    "sequence=rnn",
    "sequence.kind=gruu",
    "target=[kind]",
    "target={a: b}",
    "target=knd",
    "group=absent",
    "order=size",
    "inputs=3",
    "inputs=[note]",
    "inputs.note=3",
    "inputs.note.modality=txt",
    "inputs.note.modality=3",
    "inputs.note.modality=[a]",
    "inputs.note.encoder=rn",
    "inputs.note.encoder=[rnn]",
    "inputs.note.tokenizer=wrd",
    "inputs.note.tokenizer=3",
    "inputs.note.lowercase=5",
    "inputs.note.max_lenth=3",
    "inputs.note.column=absent",
    "inputs.note.column=kind",
    "inputs.note.kind=gruu",
    "inputs.note.bidirectional=7",
    "inputs.note.word_dropout=3",
    "inputs.nte.modality=text",
    "inputs.tabular.columns=size",
    "inputs.tabular.columns=[absent]",
    "inputs.tabular.columns=[kind]",
    "inputs.tabular.columns=[[size]]",
    "inputs.kind.modality=text",
    "inputs.tabular.max_categories=0",
    "inputs.tabular.hidden=0",
    "inputs.tabular.num_layers=5000",
    "training=3",
    "training.epoch=3",
    "training.precision=half",
    "training.jit=maybe",
    "training.augment=5",
    "training.patience=0",
    "training.clip_norm=0",
    "training.average=1",
    "training.accumulate=0",
    "training.checkpoint_minutes=0",
    "dim=0",
    "dim=65537",
    "dim=1000000000",
    "inputs.note.num_layers=1000000",
    "dropout=1",
    "fusoin=gated",
]


@pytest.fixture(scope="module")
def table():
    pytest.importorskip("keras")  # loaded here, as the time of each recipe is taken
    return read(
        [
            {
                "note": NOTES[i % 4],
                "size": float(i),
                "town": ["Rome", "Oslo"][i % 2],
                "kind": ["a", "b", "c"][i % 3],
            }
            for i in range(24)
        ]
    )


def made(table, given):
    """Does what training does with a recipe, up to the model."""
    check_given(given)
    arguments.build(Training, given.get("training") or {}, "training")
    recipe = from_dict(infer(table, given).values)
    prepared = prepare(recipe, {"train": table})
    return assemble.build_model(recipe, prepared.inputs, prepared.target)


def ending(make):
    """Returns how making a model ended, and what was wrong with the ending."""
    start = time.monotonic()
    try:
        make()
    except PolymodalError as error:
        message, how = str(error), "refused"
        wrong = "message" * ("\n" in message or len(message) > 600 or not message.isprintable())
    except Exception as error:  # what the campaign looks for
        message, how, wrong = repr(error), "uncaught", "uncaught"
    else:
        message, how, wrong = "", "made", ""
    return how, message, wrong or "slow" * (time.monotonic() - start > 10)


def broken():
    """Yields (name, how to make it) of recipes that are all wrong."""
    for name, content in TEXTS.items():
        yield f"file: {name}", [content]
    for setting in [*SETTINGS, *(f"{name}={value}" for name in NUMBERS for value in VALUES)]:
        yield f"--set {setting}", [setting]


def given_of(tmp_path, case):
    if isinstance(case, bytes):
        (tmp_path / "r.yaml").write_bytes(case)
        return load(tmp_path / "r.yaml")
    return override({k: dict(v) if isinstance(v, dict) else v for k, v in GOOD.items()}, [case])


@pytest.mark.engine
def test_the_recipe_that_is_broken_below_makes_a_model(table):
    assert ending(lambda: made(table, GOOD))[0] == "made"


@pytest.mark.slow
@pytest.mark.engine
def test_every_broken_recipe_is_refused_in_one_line(table, tmp_path, capsys):
    counts, bad = Counter(), []
    for name, (case,) in broken():
        how, message, wrong = ending(lambda case=case: made(table, given_of(tmp_path, case)))
        counts[how] += 1
        if wrong or how == "made":
            bad.append((name[:80], how, message[:300], wrong))
    with capsys.disabled():
        print(
            f"\n{sum(counts.values())} broken recipes: {counts['uncaught']} uncaught, "
            f"{counts['made']} silent, {counts['refused']} refused"
        )
    assert bad == []


@pytest.mark.slow
@pytest.mark.engine
def test_a_recipe_with_one_value_spoilt_is_refused_or_makes_a_model(table, tmp_path, capsys):
    counts, bad = Counter(), []
    for case in range(160):
        values = spoiled(GOOD, random.Random(case))
        try:
            text = yaml.safe_dump(values).encode()
        except ValueError:  # a half of a surrogate pair
            continue
        how, message, wrong = ending(lambda text=text: made(table, given_of(tmp_path, text)))
        counts[how] += 1
        if wrong:
            bad.append((case, how, message[:300], wrong))
    with capsys.disabled():
        print(
            f"\n{sum(counts.values())} recipes with one value spoilt: {counts['uncaught']} "
            f"uncaught, {dict(counts)}"
        )
    assert bad == []
