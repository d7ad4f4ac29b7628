"""The command evaluate."""

from __future__ import annotations

from typing import Annotated

import typer

from polymodal.cli import output
from polymodal.cli.options import (
    Beam,
    Columns,
    Data,
    Engine,
    HotWords,
    Json,
    Labels,
    LanguageModel,
    LanguageWeight,
    MaxBadShare,
    MediaRoot,
    Prompts,
    Quiet,
    Run,
    Sets,
    SetsBy,
    SkipBad,
    WordBonus,
    loaded,
    sets_choice,
    use,
    writing_choice,
)


def evaluate(
    run: Run,
    data: Data,
    slice_: Annotated[
        list[str] | None,
        typer.Option(
            "--slice",
            help="Also report scores for each value of this column. May be repeated. "
            "Default: columns that say train, val or test and, for transcription, "
            "columns such as speaker.",
        ),
    ] = None,
    labels: Labels = None,
    prompt: Prompts = None,
    target: Annotated[
        str,
        typer.Option(
            help="With --labels: column with the true label. Of an imported recogniser: column "
            "with the right texts."
        ),
    ] = "",
    column: Columns = None,
    media_root: MediaRoot = None,
    beam: Beam = None,
    language_model: LanguageModel = None,
    language_weight: LanguageWeight = None,
    word_bonus: WordBonus = None,
    hot_words: HotWords = None,
    normalisation: Annotated[
        str,
        typer.Option(
            help="Normalisation of transcripts before scoring: none, basic (ignores case and "
            "punctuation) or english (also spelling variants and numbers)."
        ),
    ] = "basic",
    sets: Sets = None,
    sets_by: SetsBy = None,
    conditions: Annotated[
        bool,
        typer.Option(
            help="Also score rows whose inputs disagree, noisy and short inputs, and hidden inputs."
        ),
    ] = True,
    engine: Engine = None,
    skip_bad: SkipBad = False,
    max_bad_share: MaxBadShare = 0.05,
    json: Json = False,
    quiet: Quiet = False,
):
    """Score a trained model on a table, with 95 % intervals."""
    from polymodal.core.errors import RecipeError

    choice = writing_choice(beam, language_model, language_weight, word_bonus, hot_words)
    if target and not labels:
        choice["target"] = target
    if not conditions:
        choice["conditions"] = False
    sets_choice(sets, sets_by)
    if labels and not target:
        raise RecipeError(
            "evaluate with --labels needs --target with the column of the true "
            "label. Got none. Write --target label."
        )
    use(engine, run, (data,))
    predictor = loaded(run, column, labels, prompt, target)
    result = predictor.evaluate(
        data,
        slice_columns=slice_ or [],
        media_root=media_root,
        skip_bad=skip_bad,
        max_bad_share=max_bad_share,
        normalisation=normalisation,
        sets=sets,
        sets_by=sets_by,
        **choice,
    )
    output.evaluation(result, json)
