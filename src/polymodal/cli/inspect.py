"""The command inspect."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from polymodal.cli import output
from polymodal.cli.options import Json, MediaRoot, Quiet
from polymodal.core.errors import RecipeError
from polymodal.core.printed.counting import counted
from polymodal.core.printed.progress import show


def inspect(
    table: Annotated[Path, typer.Argument(help="Table, as for polymodal train --data.")],
    target: Annotated[
        str | None, typer.Option(help="Column to predict. Without it nothing is said about labels.")
    ] = None,
    val: Annotated[Path | None, typer.Option(help="Validation table.")] = None,
    test: Annotated[Path | None, typer.Option(help="Test table.")] = None,
    deep: Annotated[
        bool,
        typer.Option(
            "--deep", help="Also train small models that look for wrong labels and wrong pairs."
        ),
    ] = False,
    pretrained: Annotated[
        list[str] | None,
        typer.Option(
            help="COLUMN=FOLDER: look for wrong pairs of images of this column and texts with an "
            "imported model that compares them, such as CLIP. May be repeated."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Write a page with the rows of each finding, such as inspect.html."),
    ] = None,
    rows_out: Annotated[
        Path | None,
        typer.Option(help="Write one CSV file of rows for each finding into this folder."),
    ] = None,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict", help="Exit with status 1 if there is a fault, for automatic checks."
        ),
    ] = False,
    media_root: MediaRoot = None,
    json: Json = False,
    quiet: Quiet = False,
):
    """Look for faults in a table before a model is trained on it."""
    from polymodal.questions.inspection.run import inspect as look

    found = look(
        table,
        target,
        val=val,
        test=test,
        deep=deep,
        pretrained=_pairs(pretrained or []),
        out=out,
        rows_out=rows_out,
        media_root=media_root,
    )
    if json:
        output.emit(found.to_json())
    else:
        _print(found, out, rows_out)
    if strict and found.faults:
        raise typer.Exit(1)


def _pairs(given: list[str]) -> dict[str, str]:
    """Returns {column: folder} of "column=folder"."""
    found = {}
    for one in given:
        column, _, folder = one.partition("=")
        if not column or not folder:
            raise RecipeError(
                "--pretrained needs COLUMN=FOLDER, such as photo=models/clip. Got "
                f'"{one}". Name a column of images and the folder of an imported '
                "model."
            )
        found[column] = folder
    return found


def _print(found: Any, out: Path | None, rows_out: Path | None) -> None:
    """Prints what is known of the columns, and one paragraph for each finding."""
    show(
        output.columns(
            (name, one["modality"], one["reason"]) for name, one in found.columns.items()
        )
    )
    for finding in found.findings:
        where = ", ".join(f'"{name}"' for name in finding.columns)
        part = f" of {finding.part}" if len(found.looks) > 1 else ""
        level = "" if finding.level == "fault" else " (note)"
        show(f"\n{finding.kind}{level}: {where}{part}")
        show(f"  {finding.what}{_rows(finding, found.looks[finding.part])}")
        show(f"  {finding.why}")
        show(f"  {finding.fix}")
    show(f"\n{counted(len(found.faults), 'fault')} found in {found.seconds:.1f} s.")
    if found.left_for_deep:
        show(found.left_for_deep)
    if rows_out is not None:
        show(f"The rows of each finding are in {rows_out}.")
    if out is not None:
        show(f"Open {out}.")


def _rows(finding: Any, look: Any) -> str:
    """Returns the first rows of a finding in words."""
    if not finding.rows:
        return ""
    more = " ..." if len(finding.rows) > 5 else ""
    places = [look.place_of(row) for row in finding.rows[:5]]
    if None not in places:
        return f" They are {'; '.join(places)}{more}."
    shown = ", ".join(f"{row:,}" for row in finding.rows[:5])
    word = "Row" if len(finding.rows) == 1 else "Rows"
    return f" {word} {shown}{more}."
