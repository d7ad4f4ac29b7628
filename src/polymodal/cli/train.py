"""The command train."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polymodal.cli import output
from polymodal.cli.options import Data, Engine, Json, MaxBadShare, MediaRoot, Quiet, SkipBad, use
from polymodal.core.advice import column_named
from polymodal.core.files import check_writable, file_name
from polymodal.core.lock import locked

_COLUMNS = ("target", "group", "order")


def train(
    data: Data,
    target: Annotated[str | None, typer.Option(help="The column to predict.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the run. Default: "
                                                  "runs/<table>-<target>.")] = None,
    val: Annotated[Path | None, typer.Option(help="Validation table. Default: a part of --data "
                                                  "is held out.")] = None,
    test: Annotated[Path | None, typer.Option(help="Test table, used once, at the end.")] = None,
    task: Annotated[str | None, typer.Option(
        help="classification, multilabel, regression, sequence_labelling, seq2seq, caption or "
             "transcribe. Default: judged from the target and the inputs.")] = None,
    ignore: Annotated[list[str] | None, typer.Option(
        help="A column that is no input. May be repeated.")] = None,
    recipe: Annotated[Path | None, typer.Option(help="A YAML recipe.")] = None,
    set_: Annotated[list[str] | None, typer.Option(
        "--set", help="One setting of the recipe: training.epochs=5. May be repeated.")] = None,
    split: Annotated[str | None, typer.Option(
        help="How to hold out rows without --val: stratified, random, or grouped; the name of a "
             "column that holds train, val and test; or none, to learn from all rows and be "
             "scored on --test alone. Default: such a column where there is one, else "
             "stratified.")] = None,
    split_group: Annotated[str | None, typer.Option(
        help="Column whose equal values never stand on both sides. Default: pictures, sounds or "
             "films that stand in several rows, where a text is to be written about them. "
             "Intervals are drawn from its values.")] = None,
    slice_: Annotated[list[str] | None, typer.Option(
        "--slice", help="Also score by the values of this column. May be repeated. Default: "
                   "of transcripts, columns that say who speaks, such as speaker.")] = None,
    group: Annotated[str | None, typer.Option(
        help="Column whose equal values make one sequence of rows.")] = None,
    order: Annotated[str | None, typer.Option(help="Column that orders a sequence's rows.")] = None,
    baselines: Annotated[bool, typer.Option(help="Also train each input alone.")] = True,
    media_root: MediaRoot = None,
    engine: Engine = None,
    skip_bad: SkipBad = False,
    max_bad_share: MaxBadShare = 0.05,
    dry_run: Annotated[bool, typer.Option(
        "--dry-run", help="Print the recipe and the expected time, and stop. Nothing is written "
                          "into --out.")] = False,
    json: Json = False,
    quiet: Quiet = False,
):
    """Train a model on a table, check it, and leave a folder that holds everything."""
    from polymodal.core.arguments import build, convert
    from polymodal.recipe.given import check_given, load, need_target, override
    from polymodal.training.settings import Training

    given = load(recipe) if recipe else {}
    named = {"target": target, "task": task, "group": group, "order": order}
    given |= {k: v for k, v in named.items() if v is not None}
    given = override(given, set_ or [])
    engine = engine or convert(given.pop("engine", None), str | None, "recipe.engine")
    check_given(given)
    need_target(given)
    build(Training, given.get("training") or {}, "training")
    out = out or Path("runs") / file_name(f"{Path(data).stem}-{given['target']}")
    with locked(check_writable(out, folder=True)):  # before the engine, which takes seconds
        use(engine)
        from polymodal.data.table import read
        from polymodal.training import run as runs

        tables = {name: read(path, media_root=media_root)
                  for name, path in (("train", data), ("val", val), ("test", test)) if path}
        known = tables["train"].column_names
        given |= {k: _column(given[k], known) for k in _COLUMNS if k in given}
        start = runs.dry_run if dry_run else runs.train
        found = start(tables, given, out,
                      ignore=[column_named(name, known) for name in ignore or []],
                      split=_column(split, known), split_group=_column(split_group, known),
                      slice_columns=[column_named(name, known) for name in slice_ or []],
                      baselines=baselines, skip_bad=skip_bad, max_bad_share=max_bad_share)
    if dry_run:
        output.dry_run(found, json)
    else:
        output.finish(found, json)


def _column(text: str | None, known: list[str]) -> str | None:
    return None if text is None else column_named(text, known)
