"""Options that several commands share, and their checks before the library is called."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from polymodal.core.disk.paths import user_path
from polymodal.core.printed.progress import set_quiet

Json = Annotated[
    bool, typer.Option("--json", help="Print the result as one JSON object on stdout.")
]
Data = Annotated[
    Path,
    typer.Option(
        help="Table: CSV, TSV, JSONL, Parquet, a folder with one "
        "subfolder per class, a WebDataset tar, a Hugging Face "
        "folder, or a public dataset in its original layout: "
        "COCO, Karpathy, Flickr, LLaVA, LibriSpeech, Common "
        "Voice, LJSpeech, Kaldi, MELD, or .csd of the "
        "CMU-MultimodalSDK."
    ),
]
Target = Annotated[str | None, typer.Option(help="Column to predict.")]
Ignore = Annotated[
    list[str] | None, typer.Option(help="Column not to use as an input. May be repeated.")
]
SplitGroup = Annotated[
    str | None, typer.Option(help="Keep rows that share a value of this column together.")
]
MediaRoot = Annotated[
    Path | None,
    typer.Option(
        help="Folder that relative media paths start from. Default: the folder of the table."
    ),
]
Engine = Annotated[
    str | None, typer.Option(help="tensorflow, jax or torch. Default: see polymodal info.")
]
SkipBad = Annotated[
    bool, typer.Option("--skip-bad", help="Skip unusable rows and report how many and why.")
]
MaxBadShare = Annotated[
    float,
    typer.Option(
        min=0,
        max=1,
        help="With --skip-bad: abort anyway if more than this share of rows is unusable (0 to 1).",
    ),
]
KeepCheckpoints = Annotated[
    bool, typer.Option("--keep-checkpoints", help="Keep the checkpoints of the finished run.")
]
Run = Annotated[Path, typer.Argument(help="The folder that training, or an import, wrote.")]
Format = Annotated[str, typer.Option("--format", help="Output format: text, json, srt or vtt.")]
Words = Annotated[bool, typer.Option("--words", help="Show when each word is said.")]
Out = Annotated[
    Path | None,
    typer.Option(help="Write one file per recording into this folder instead of printing."),
]
Beam = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Beam width (captions and transcripts). Default: greedy decoding, or 16 with a "
        "language model or hot words.",
    ),
]
LanguageModel = Annotated[
    Path | None,
    typer.Option(
        help="N-gram language model for transcripts, an ARPA file such as polymodal language-model "
        "writes; 'none' decodes without one. Default: that of the run, if it has one."
    ),
]
LanguageWeight = Annotated[
    float | None,
    typer.Option(min=0, help="Weight of the language model's log-probability. Default: 0.5."),
]
WordBonus = Annotated[
    float | None,
    typer.Option(
        help="Score added per word, to offset the language model's preference for short output. "
        "Default: 0.5."
    ),
]
HotWords = Annotated[
    str | None,
    typer.Option(
        help='Words and phrases to favour in transcripts (hot words), separated by commas: "Ada '
        'Lovelace,Babbage".'
    ),
]

Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        help="Column that an input of an imported model reads: image=photo. May be "
        "repeated. Default: the only column that holds such cells.",
    ),
]
Labels = Annotated[
    list[str] | None,
    typer.Option(
        "--labels",
        help="Labels to classify by without training, separated by commas: dog,cat. For "
        "models that compare texts with images, such as CLIP. May be repeated.",
    ),
]
Prompts = Annotated[
    list[str] | None,
    typer.Option(
        "--prompt",
        help="With --labels: text with {} where the label goes. May be repeated; the "
        "vectors are averaged. Default: 'a photo of a {}.'",
    ),
]


Sets = Annotated[
    float | None,
    typer.Option(
        "--sets",
        help="Also give sets of answers that hold the true one for this share of rows, such "
        "as 0.9 (of numbers: intervals).",
    ),
]
SetsBy = Annotated[
    str | None,
    typer.Option(
        "--sets-by",
        help="Make the sets for each value of this column on its own. The run needs its "
        "scores: speakers, groups and columns of train --slice have them.",
    ),
]


def _quiet(wanted: bool) -> bool:
    """Runs while options are parsed, so that nothing is printed before."""
    set_quiet(wanted)
    return wanted


Quiet = Annotated[
    bool,
    typer.Option("--quiet", "-q", callback=_quiet, help="Print results, warnings and errors only."),
]


def sets_choice(sets: float | None, sets_by: str | None) -> dict[str, Any]:
    """Returns the options of sets of answers that were given.

    Raises:
        RecipeError: a column without a level, or a level out of range.
    """
    from polymodal.core.errors import RecipeError
    from polymodal.evaluation.trust.conformal import check_level

    if sets is None:
        if sets_by is not None:
            raise RecipeError("--sets-by needs --sets with a level. Got none. Add --sets 0.9.")
        return {}
    return {"level": check_level(sets), "by": sets_by}


WITHOUT = "none"  # instead of a language model's file


def writing_choice(
    beam: int | None,
    language_model: Path | None,
    language_weight: float | None,
    word_bonus: float | None,
    hot_words: str | None,
) -> dict[str, Any]:
    """Returns the decoding options that were given.

    Raises:
        DataError: the file of the language model does not exist.
    """
    from polymodal.core.errors import DataError

    given = {
        "beam": beam,
        "language_model": language_model,
        "language_weight": language_weight,
        "word_bonus": word_bonus,
        "hot_words": hot_words,
    }
    chosen = {name: value for name, value in given.items() if value is not None}
    if str(language_model) == WITHOUT:
        chosen["language_model"] = None
    elif language_model is not None and not user_path(language_model).is_file():
        raise DataError(
            "does not exist.",
            f"Check the path, or write {WITHOUT}.",
            path=str(language_model),
            reason="missing_file",
        )
    return chosen


def loaded(
    run: Path,
    columns: list[str] | None = None,
    labels: list[str] | None = None,
    prompts: list[str] | None = None,
    target: str = "",
) -> Any:
    """Returns what loads a run or an imported model, for other columns or by labels.

    Args:
        run: its folder; the engine is loaded.
        columns: list of str, such as "image=photo".
        labels: list of str, labels separated by commas.
        prompts: list of str.
        target: str, column with the true label.

    Raises:
        RecipeError: options that do not belong together.
    """
    from polymodal.core.errors import RecipeError
    from polymodal.inference.answers import Answers
    from polymodal.inference.imported.own_columns import columns_from, with_columns
    from polymodal.inference.loading import load

    if prompts and not labels:
        raise RecipeError("--prompt needs --labels. Got none. Write --labels dog,cat.")
    predictor = load(run)
    chosen = columns_from(columns or [], predictor)
    if not isinstance(predictor, Answers):
        if labels:
            raise RecipeError("--labels needs an image-text pair. Got a recogniser. Leave it out.")
        return predictor.with_columns(chosen)
    predictor = with_columns(predictor, chosen)
    if not labels:
        return predictor
    from polymodal.inference.imported.zero_shot import PROMPT, ZeroShot
    from polymodal.inference.predictor import Predictor

    if not isinstance(predictor, Predictor):
        raise RecipeError("--labels needs an image-text pair. Got a linear model. Leave it out.")
    each = [label.strip() for part in labels for label in part.split(",")]
    return ZeroShot(predictor, each, prompts or [PROMPT], target)


def asked_recipe(recipe: Path | None, settings: list[str] | None) -> dict[str, Any]:
    """Returns what --recipe and --set give of a recipe, checked before an engine is loaded."""
    from polymodal.recipe.written.given import check_given, load, override

    given = override(load(recipe) if recipe else {}, settings or [])
    check_given(given)
    return given


def use(engine: str | None, run: Path | None = None, tables: Sequence[Path | None] = ()) -> Any:
    """Loads the engine, which takes seconds, after a check that `run` is a run and that tables
    exist; returns the choice, None where a linear model needs none."""
    from polymodal.core.engine import choose, start
    from polymodal.core.printed.progress import waiting
    from polymodal.inference.linear.predictor import is_linear

    if run is not None:
        from polymodal.bundle.read import manifest

        manifest(run)
    if any(tables):
        from polymodal.tables.detect import check_exists

        for table in filter(None, tables):
            check_exists(user_path(table))
    if run is not None and is_linear(run):
        return None
    with waiting(f"Loading {choose(engine).name}"):
        return start(engine)
