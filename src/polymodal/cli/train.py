"""The command train."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from polymodal.cli import output
from polymodal.cli.options import (
    Data,
    Engine,
    Ignore,
    Json,
    KeepCheckpoints,
    MaxBadShare,
    MediaRoot,
    Quiet,
    SkipBad,
    Target,
    use,
)
from polymodal.core import lookup
from polymodal.core.advice import column_named
from polymodal.core.disk.files import check_writable, file_name
from polymodal.core.disk.lock import locked
from polymodal.core.errors import RecipeError
from polymodal.core.lookup import unknown

_COLUMNS = ("target", "group", "order")


def train(
    data: Data,
    target: Target = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder to write the run into. Default: runs/<table>-<target>."),
    ] = None,
    val: Annotated[
        Path | None, typer.Option(help="Validation table. Default: rows held out of --data.")
    ] = None,
    test: Annotated[Path | None, typer.Option(help="Test table, scored once at the end.")] = None,
    unlabelled: Annotated[
        list[Path] | None,
        typer.Option(
            help="Table of rows without the target, which join those of --data where an objective "
            "or training.pseudo_labels learns from them. May be repeated."
        ),
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(
            help="What to predict. One of: " + ", ".join(lookup.names("tasks")) + ". Default: "
            "inferred from the target and the inputs."
        ),
    ] = None,
    ignore: Ignore = None,
    recipe: Annotated[
        Path | None, typer.Option(help="Recipe (YAML), such as recipe.yaml of another run.")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="One setting of the recipe, such as training.epochs=5. May be repeated."
        ),
    ] = None,
    pretrained: Annotated[
        list[str] | None,
        typer.Option(
            help="INPUT=FOLDER: use an imported model (see polymodal import) as the frozen encoder "
            "of this input. May be repeated."
        ),
    ] = None,
    base: Annotated[
        Path | None,
        typer.Option(
            help="Assistant to start from, of polymodal assemble or of training: its encoders and "
            "decoder stay frozen, its projectors are trained."
        ),
    ] = None,
    lora: Annotated[
        int | None,
        typer.Option(
            min=1, help="With --base: rank of adapters that are trained next to the decoder."
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            help="How to hold out validation rows without --val: stratified, random, grouped, the "
            "name of a column that says train, val or test, or 'none': train on every row and "
            "evaluate on --test only. Default: a split column if the table has one, otherwise "
            "stratified."
        ),
    ] = None,
    split_group: Annotated[
        str | None,
        typer.Option(
            help="Keep rows that share a value of this column (e.g. speaker) on the same side of "
            "the split, and resample these groups for intervals. Default for captioning and "
            "transcription: the media file."
        ),
    ] = None,
    slice_: Annotated[
        list[str] | None,
        typer.Option(
            "--slice",
            help="Also report scores for each value of this column. May be repeated. "
            "Default for transcription: columns such as speaker.",
        ),
    ] = None,
    group: Annotated[
        str | None, typer.Option(help="Column that says which sequence a row belongs to.")
    ] = None,
    order: Annotated[
        str | None, typer.Option(help="Column that orders the rows of a sequence.")
    ] = None,
    baselines: Annotated[
        bool,
        typer.Option(
            help="Also train, for comparison, a model on each input alone, and with --pretrained "
            "one from scratch."
        ),
    ] = True,
    keep: Annotated[
        str,
        typer.Option(
            help="Model to keep in the folder: 'joint' (all inputs), or 'better': that of one "
            "input if it is better by more than chance, or a linear model on simple features if "
            "that is as good, both on validation rows."
        ),
    ] = "joint",
    max_minutes: Annotated[
        float | None,
        typer.Option(
            help="Time limit for the whole command: end training after the last whole epoch that "
            "leaves time for scores and report, and skip baselines that would not fit."
        ),
    ] = None,
    keep_checkpoints: KeepCheckpoints = False,
    media_root: MediaRoot = None,
    engine: Engine = None,
    skip_bad: SkipBad = False,
    max_bad_share: MaxBadShare = 0.05,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Print the recipe and the expected time, then stop without writing to --out.",
        ),
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
):
    """Train a model on a table, evaluate it, and write model, scores and report to a folder."""
    options = dict(locals())
    if dry_run:
        limit = {"max_minutes": max_minutes}
        output.dry_run(with_tables(options, lambda runs: partial(runs.dry_run, **limit)), json)
        return
    ways = {"max_minutes": max_minutes, "keep_checkpoints": keep_checkpoints}
    output.finish(with_tables(options, lambda runs: partial(runs.train, **ways)), json)


def with_tables(options: Mapping[str, Any], start: Callable[[Any], Callable[..., Any]]) -> Any:
    """Checks what was asked, reads the tables, loads the engine and starts.

    Args:
        options: {name: value}, the arguments of `train`.
        start: from the module that runs to what takes tables, recipe, folder and options.

    Returns:
        What that returns.
    """
    from polymodal.core.arguments import build, convert
    from polymodal.recipe.written.given import (
        check_given,
        load,
        need_target,
        override,
        with_pretrained,
        with_target,
    )
    from polymodal.training.steps.settings import Training

    settings = list(options["set_"] or [])
    if options["lora"] is not None:
        settings.append(f"task.lora={options['lora']}")
    given = load(options["recipe"]) if options["recipe"] else {}
    named = {name: options[name] for name in ("target", "task", "group", "order")}
    given |= {k: v for k, v in named.items() if v is not None}
    given = with_target(override(with_pretrained(given, options["pretrained"] or []), settings))
    engine = options["engine"] or convert(given.pop("engine", None), str | None, "recipe.engine")
    check_given(given)
    need_target(given)
    build(Training, given.get("training") or {}, "training")
    asked = given.get("target") or given["task"]["name"]
    out = options["out"] or Path("runs") / file_name(f"{Path(options['data']).stem}-{asked}")
    with locked(check_writable(out, folder=True)):
        tables = _tables(options)  # before the engine, which takes seconds
        known = tables["train"].column_names
        given |= {k: _column(given[k], known) for k in _COLUMNS if k in given}
        for column in (given[k] for k in _COLUMNS if given.get(k)):
            if column not in known:
                raise RecipeError(f"{tables['train'].name}: {unknown('column', column, known)}")
        use(engine)
        if options["base"] is not None:
            from polymodal.training.assembled import with_base

            given = with_base(given, options["base"])
        from polymodal.training import run as runs

        alike = {name: options[name] for name in ("baselines", "keep", "skip_bad", "max_bad_share")}
        return start(runs)(
            tables,
            given,
            out,
            **alike,
            ignore=[column_named(name, known) for name in options["ignore"] or []],
            split=_column(options["split"], known),
            split_group=_column(options["split_group"], known),
            slice_columns=[column_named(name, known) for name in options["slice_"] or []],
        )


def _tables(options: Mapping[str, Any]) -> dict[str, Any]:
    """Returns {split: Table} of the tables that the options name."""
    from polymodal.tables.table import read
    from polymodal.training.preparing.added import read_unlabelled

    paths = {"train": options["data"], "val": options["val"], "test": options["test"]}
    found = {
        name: read(path, media_root=options["media_root"]) for name, path in paths.items() if path
    }
    return found | read_unlabelled(options["unlabelled"] or None, options["media_root"])


def _column(text: str | None, known: list[str]) -> str | None:
    if text is None:
        return None
    return column_named(text, known)
