"""The command predict."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polymodal.cli import output
from polymodal.cli.options import (
    Beam,
    Columns,
    Engine,
    HotWords,
    Json,
    Labels,
    LanguageModel,
    LanguageWeight,
    MediaRoot,
    Prompts,
    Quiet,
    Run,
    Sets,
    SetsBy,
    WordBonus,
    loaded,
    sets_choice,
    use,
    writing_choice,
)


def predict(
    run: Run,
    data: Annotated[Path | None, typer.Option(help="Table of new rows.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="File for the predictions: .csv, .tsv, .jsonl or .parquet.")
    ] = None,
    input_: Annotated[
        list[str] | None,
        typer.Option("--input", help="One input of a single row: image=a.png. May be repeated."),
    ] = None,
    labels: Labels = None,
    prompt: Prompts = None,
    column: Columns = None,
    media_root: MediaRoot = None,
    beam: Beam = None,
    language_model: LanguageModel = None,
    language_weight: LanguageWeight = None,
    word_bonus: WordBonus = None,
    hot_words: HotWords = None,
    sets: Sets = None,
    sets_by: SetsBy = None,
    engine: Engine = None,
    json: Json = False,
    quiet: Quiet = False,
):
    """Predict the rows of a table, or one row given by --input.

    The table's own columns are kept. In .csv and .tsv, a generated text that a spreadsheet would
    run as a formula gets a leading apostrophe.
    """
    from polymodal.core.errors import RecipeError

    if bool(data) == bool(input_):
        raise RecipeError(
            "predict needs either --data with a table, or --input name=value for "
            f"one row. Got {'both' if data else 'neither'}."
        )
    if out is not None:
        from polymodal.inference.table_file import check_table_file

        out = check_table_file(out)
    choice = writing_choice(beam, language_model, language_weight, word_bonus, hot_words)
    made = sets_choice(sets, sets_by)
    use(engine, run, (data,))
    predictor = loaded(run, column, labels, prompt)
    if data:
        output.table(predictor, data, out, media_root, json, made, **choice)
    else:
        output.row(predictor, input_ or [], json, **made, **choice)
