"""The commands. Each one parses, calls the library, and prints; nothing else happens here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from polymodal.cli import output
from polymodal.core.files import check_writable

app = typer.Typer(
    name="polymodal", add_completion=False, no_args_is_help=True, rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Train, check, explain and use one model over images, text, sound, video and numbers.",
)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object, and nothing else.")]
Data = Annotated[Path, typer.Option(help="A table: CSV, TSV, JSONL, Parquet, a folder for each "
                                         "class, a WebDataset tar, a Hugging Face folder, or a "
                                         "published set: COCO, Karpathy, Flickr, LLaVA; "
                                         "LibriSpeech, Common Voice, LJSpeech, Kaldi.")]
MediaRoot = Annotated[Path | None, typer.Option(
    help="Folder that media paths start from. Default: the table's own.")]
Engine = Annotated[str | None, typer.Option(help="tensorflow, jax or torch.")]
SkipBad = Annotated[bool, typer.Option("--skip-bad", help="Leave bad rows out, counted.")]
MaxBadShare = Annotated[float, typer.Option(
    min=0, max=1, help="Share of bad rows, 0 to 1, above which the run stops all the same.")]
Run = Annotated[Path, typer.Argument(help="The folder that training wrote.")]
Format = Annotated[str, typer.Option("--format", help="text, json, srt or vtt.")]
Words = Annotated[bool, typer.Option("--words", help="Show when each word is said.")]
Out = Annotated[Path | None, typer.Option(
    help="Folder for a file each, in place of printing.")]
Beam = Annotated[int | None, typer.Option(
    min=1, help="Texts that are followed at once, of a run that writes captions or transcripts. "
                "Default: the likeliest symbol each time, or 16 texts with a language model or "
                "hot words.")]
LanguageModel = Annotated[Path | None, typer.Option(
    help="An ARPA file, as polymodal language-model writes it, for transcripts; none reads "
         "without. Default: the run's own, where it has one.")]
LanguageWeight = Annotated[float | None, typer.Option(
    min=0, help="What the language model's logarithms are multiplied by. Default: 0.5.")]
WordBonus = Annotated[float | None, typer.Option(
    help="Added to a spelling for each word of it, as a language model favours few. "
         "Default: 0.5.")]
HotWords = Annotated[str | None, typer.Option(
    help='Words and phrases to expect: "Ada Lovelace,Babbage".')]
_WITHOUT = "none"  # in place of a language model's file


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder of the run.")] = Path("demo-run"),
    engine: Engine = None,
):
    """Train on the built-in scenes, beat the single inputs, answer a few rows, write a report."""
    check_writable(out, folder=True)
    _use(engine)
    from polymodal.cli.demo import run

    run(out)


@app.command()
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
             "films that stand in several rows, where a text is to be written about them.")] = None,
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
    json: Json = False,
):
    """Train a model on a table, check it, and leave a folder that holds everything."""
    from polymodal.recipe.recipe import load, override

    given = load(recipe) if recipe else {}
    named = {"target": target, "task": task, "group": group, "order": order}
    given |= {k: v for k, v in named.items() if v is not None}
    given = override(given, set_ or [])
    out = out or Path("runs") / f"{Path(data).stem}-{given.get('target', 'run')}"
    check_writable(out, folder=True)
    _use(engine or given.pop("engine", None))
    from polymodal.data.table import read
    from polymodal.training.run import train as start

    tables = {name: read(path, media_root=media_root)
              for name, path in (("train", data), ("val", val), ("test", test)) if path}
    run = start(tables, given, out, ignore=ignore or [], split=split, split_group=split_group,
                slice_columns=slice_ or [], baselines=baselines, skip_bad=skip_bad,
                max_bad_share=max_bad_share)
    output.finish(run, json)


@app.command()
def evaluate(
    run: Run,
    data: Data,
    slice_: Annotated[list[str] | None, typer.Option(
        "--slice", help="Also score by the values of this column. May be repeated. Default: "
                   "columns that say train, val or test and, of transcripts, who speaks.")] = None,
    media_root: MediaRoot = None,
    beam: Beam = None,
    language_model: LanguageModel = None,
    language_weight: LanguageWeight = None,
    word_bonus: WordBonus = None,
    hot_words: HotWords = None,
    normalisation: Annotated[str, typer.Option(
        help="What is done to transcripts before they are compared: none, basic (no case, no "
             "marks) or english (also spellings and numbers).")] = "basic",
    engine: Engine = None,
    skip_bad: SkipBad = False,
    max_bad_share: MaxBadShare = 0.05,
    json: Json = False,
):
    """Score a trained model on a table, with intervals."""
    choice = _choice(beam, language_model, language_weight, word_bonus, hot_words)
    _use(engine, run)
    from polymodal.inference.predictor import load

    result = load(run).evaluate(data, slice_columns=slice_ or [], media_root=media_root,
                                skip_bad=skip_bad, max_bad_share=max_bad_share,
                                normalisation=normalisation, **choice)
    output.evaluation(result, json)


@app.command()
def predict(
    run: Run,
    data: Annotated[Path | None, typer.Option(help="A table of new rows.")] = None,
    out: Annotated[Path | None, typer.Option(help="CSV or JSONL for the predictions.")] = None,
    input_: Annotated[list[str] | None, typer.Option(
        "--input", help="One input of one row: image=a.png. May be repeated.")] = None,
    media_root: MediaRoot = None,
    beam: Beam = None,
    language_model: LanguageModel = None,
    language_weight: LanguageWeight = None,
    word_bonus: WordBonus = None,
    hot_words: HotWords = None,
    engine: Engine = None,
    json: Json = False,
):
    """Predict the rows of a table, or one row given by --input."""
    from polymodal.core.errors import RecipeError

    if bool(data) == bool(input_):
        raise RecipeError("predict needs either --data with a table, or --input name=value for "
                          f"one row. Got {'both' if data else 'neither'}.")
    if out is not None:
        check_writable(out)
    choice = _choice(beam, language_model, language_weight, word_bonus, hot_words)
    _use(engine, run)
    from polymodal.inference.predictor import load

    predictor = load(run)
    if data:
        output.table(predictor, data, out, media_root, json, **choice)
    else:
        output.row(predictor, input_ or [], json, **choice)


@app.command()
def caption(
    run: Run,
    files: Annotated[list[Path], typer.Argument(help="Pictures, videos or sounds.")],
    beam: Annotated[int | None, typer.Option(
        min=1, help="Texts that are followed at once; 5 where none are drawn by chance.",
        show_default=False)] = None,
    num: Annotated[int, typer.Option(min=1, help="Results for each file.")] = 1,
    temperature: Annotated[float | None, typer.Option(
        min=0, help="Above 0, words are drawn by chance in place of a beam; 0, or 1 where --top-p "
        "or --top-k is given.", show_default=False)] = None,
    top_k: Annotated[int, typer.Option(
        min=0, help="Draw only from so many words, the likeliest ones; 0 for all.")] = 0,
    top_p: Annotated[float, typer.Option(
        max=1, help="Draw only from the likeliest words that together have this share of the "
        "probability: 0.6 to 0.8 say more than a beam, and little that is wrong.")] = 1.0,
    repetition_penalty: Annotated[float, typer.Option(
        min=1, help="From 1; by how much words that were said already lose.")] = 1.0,
    input_: Annotated[list[str] | None, typer.Option(
        "--input", help='Another input, the same beside every file: prompt="Where is it?". May '
                        "be repeated.")] = None,
    engine: Engine = None,
    json: Json = False,
):
    """Write captions of files."""
    _use(engine, run)
    from polymodal.inference.predictor import load
    from polymodal.inference.writing import generate_files
    from polymodal.tasks.generation import Choice

    choice: dict[str, Any] = {"num": num, "temperature": temperature, "top_k": top_k,
                              "top_p": top_p, "repetition_penalty": repetition_penalty}
    drawn = bool(temperature or top_k or top_p < 1)
    choice["beam"] = beam or (1 if drawn else max(5, num))
    Choice(**choice)  # what cannot be is said before the run is loaded
    predictor = load(run)
    found = generate_files(predictor, files, beside=output.cells(predictor, input_ or []),
                           **choice)
    output.captions(files, found, json)


@app.command()
def transcribe(
    run: Run,
    files: Annotated[list[Path], typer.Argument(help="Sounds or videos of any length.")],
    format_: Format = "text",
    words: Words = False,
    out: Out = None,
    beam: Beam = None,
    language_model: LanguageModel = None,
    language_weight: LanguageWeight = None,
    word_bonus: WordBonus = None,
    hot_words: HotWords = None,
    engine: Engine = None,
):
    """Write down what is said in recordings, with times."""
    from polymodal.inference.recording.transcript import check_format

    check_format(format_, files, out)
    choice = _choice(beam, language_model, language_weight, word_bonus, hot_words)
    _use(engine, run)
    from polymodal.inference.predictor import load
    from polymodal.inference.recording.transcribe import transcribe

    found = transcribe(load(run), files, **choice)
    output.transcripts(found, len(files), format_, words, out)


@app.command()
def align(
    run: Run,
    file: Annotated[Path, typer.Argument(help="A sound or video of any length.")],
    text: Annotated[str | None, typer.Option(help="All that is said in it.")] = None,
    text_file: Annotated[Path | None, typer.Option(help="A file with that text.")] = None,
    format_: Format = "text",
    out: Out = None,
    engine: Engine = None,
):
    """Find when each word of a known text is said."""
    from polymodal.core.errors import RecipeError
    from polymodal.inference.recording.transcript import check_format

    check_format(format_, [file], out)
    if (text is None) == (text_file is None):
        raise RecipeError("align needs either --text or --text-file. "
                          f"Got {'neither' if text is None else 'both'}.")
    known = text if text is not None else output.text_of(text_file)
    _use(engine, run)
    from polymodal.inference.predictor import load
    from polymodal.inference.recording.known_text import align_text

    found = align_text(load(run), file, known)
    output.transcripts([found], 1, format_, format_ in ("text", "vtt"), out)


@app.command("language-model")
def language_model(
    data: Annotated[Path, typer.Argument(help="A table.")],
    target: Annotated[str, typer.Option(help="The column with the texts.")],
    out: Annotated[Path, typer.Option(help="ARPA file to write; .gz compresses it.")],
    order: Annotated[int, typer.Option(min=1, help="Words that are looked at together.")] = 3,
    unit: Annotated[str | None, typer.Option(
        help="word or character. Default: judged from the texts.")] = None,
):
    """Train a language model for transcribe on the texts of a table.

    Where one column names the part of each row, the texts of train alone are learned.
    """
    from polymodal.inference.recording.reading import train_language_model

    model = train_language_model(data, target, out, order, unit)
    print(f"{out}: {len(model.table):,} n-grams of up to {model.order} {model.unit}s")


@app.command()
def report(
    run: Run,
    browser: Annotated[bool, typer.Option(help="Open it in a browser.")] = True,
):
    """Write the report of a run again, and open it."""
    _use(None, run)
    from polymodal.training.report import rewrite

    path = rewrite(run)
    print(path)
    if browser:
        import webbrowser

        webbrowser.open(path.resolve().as_uri())


@app.command()
def recipes():
    """List the tasks, and the settings that a recipe may hold."""
    output.names("tasks")


@app.command()
def encoders():
    """List the encoders."""
    output.names("encoders")


@app.command()
def fusions():
    """List the ways to fuse."""
    output.names("fusion")


@app.command()
def info(json: Json = False):
    """Show the engine, devices and versions that would be used, and why."""
    output.info(json)


def _choice(beam: int | None, language_model: Path | None, language_weight: float | None,
            word_bonus: float | None, hot_words: str | None) -> dict[str, Any]:
    """Returns what was said about how texts are written.

    Raises:
        DataError: the file of the language model does not exist.
    """
    from polymodal.core.errors import DataError

    given = {"beam": beam, "language_model": language_model, "language_weight": language_weight,
             "word_bonus": word_bonus, "hot_words": hot_words}
    chosen = {name: value for name, value in given.items() if value is not None}
    if str(language_model) == _WITHOUT:
        chosen["language_model"] = None
    elif language_model is not None and not language_model.is_file():
        raise DataError("does not exist.", f"Check the path, or write {_WITHOUT}.",
                        path=str(language_model), reason="missing_file")
    return chosen


def _use(engine: str | None, run: Path | None = None) -> None:
    """Loads the engine, after a look whether the folder that it is for is a run."""
    from polymodal.core.engine import choose, start
    from polymodal.core.progress import waiting

    if run is not None:
        from polymodal.bundle.read import manifest

        manifest(run)
    with waiting(f"Loading {choose(engine).name}"):
        start(engine)
