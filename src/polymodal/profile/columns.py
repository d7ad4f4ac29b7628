"""From the columns of a table to its inputs: a guess for each, with its reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from polymodal.core.advice import option, set_option
from polymodal.core.errors import RecipeError
from polymodal.core.lookup import unknown
from polymodal.profile.column_rules import Verdict
from polymodal.profile.profile import Profile, profile
from polymodal.tables.kinds import MEDIA
from polymodal.tables.table import Table

__all__ = ["InputGuess", "Judgement", "LeftOut", "infer_inputs", "judge_columns"]

_FIELDS = ("tabular", "sequence")  # modalities of numbers, whose columns say how they are read


@dataclass(frozen=True)
class InputGuess:
    """An input that a model could have.

    Args:
        name: str, name of the input.
        modality: str: image, audio, video, text, texts, vector, sequence or tabular.
        columns: list of columns it is read from; several only for tabular.
        reason: str, one sentence: why, and how to change it.
        fields: {column: Verdict} of a tabular input.
    """

    name: str
    modality: str
    columns: list[str]
    reason: str
    fields: dict[str, Verdict] = field(default_factory=dict)


@dataclass(frozen=True)
class LeftOut:
    """A column that becomes no input, and one sentence that says why and what to do about it.

    Args:
        column: str.
        reason: str, the sentence.
        problem: str, what is wrong where it names media of which none can be read; else empty.
    """

    column: str
    reason: str
    problem: str = ""


@dataclass(frozen=True)
class Judgement:
    """The inputs of a table and the ignored columns, each with its reason."""

    inputs: list[InputGuess]
    left_out: list[LeftOut]


def infer_inputs(
    table: Table | Profile, target: str | None = None, ignore: Iterable[str] = ()
) -> list[InputGuess]:
    """Returns the inputs that a table's columns make, without `target` and `ignore`.

    Args:
        table: Table or Profile.
        target: str, the column to predict, or None.
        ignore: names of columns to ignore.

    Raises:
        RecipeError: a column that the table lacks.

    Example:

    >>> from polymodal.tables.table import read
    >>> table = read({"note": ["the cat sat down", "a dog ran away"], "age": [3, 5], "y": [0, 1]})
    >>> [(guess.name, guess.modality) for guess in infer_inputs(table, "y")]
    [('note', 'text'), ('tabular', 'tabular')]
    """
    return judge_columns(table, target, ignore).inputs


def judge_columns(
    table: Table | Profile,
    target: str | None = None,
    ignore: Iterable[str] = (),
    alone: Iterable[str] = (),
) -> Judgement:
    """Returns what `infer_inputs` does, with the ignored columns and the reasons.

    Columns in `alone` join no others in one tabular input.
    """
    facts = profile(table)
    names = facts.table.column_names
    skipped = set([ignore] if isinstance(ignore, str) else ignore)
    if target is not None:
        skipped.add(target)
    for column in sorted(skipped - set(names)):
        raise RecipeError(f"{facts.table.name}: {unknown('column', column, names)}")
    inputs, left_out, fields, alone = [], [], {}, set(alone)
    for name, verdict in _verdicts(facts, [n for n in names if n not in skipped]):
        if verdict.modality is None:
            fix = verdict.fix or _use(name)
            reason = _sentence(f"Ignored because {verdict.because}; {fix}")
            left_out.append(LeftOut(name, reason, verdict.because if verdict.lost else ""))
        elif verdict.modality == "tabular" and name not in alone:
            fields[name] = verdict
        else:
            reason = f"Read as {verdict.modality} because {verdict.because}; {_change(name)}."
            fields_alone = {}
            if verdict.modality in _FIELDS:
                fields_alone = {name: verdict}
            inputs.append(InputGuess(name, verdict.modality, [name], reason, fields_alone))
    if fields:
        inputs.append(_tabular(fields, taken={guess.name for guess in inputs}))
    return Judgement(inputs, left_out)


def _verdicts(facts: Profile, names: list[str]) -> list[tuple[str, Verdict]]:
    alone = [facts.verdict(name) for name in names]
    if not any(verdict.modality in MEDIA for verdict in alone):
        return list(zip(names, alone, strict=True))
    return [(name, facts.beside_media(name)) for name in names]


def _change(name: str) -> str:
    return f"change with {set_option('inputs', name, 'modality')} or {option('--ignore', name)}"


def _sentence(text: str) -> str:
    """Ends a sentence with one dot, or with none where it ends in "..." for a value to fill in."""
    if text.endswith("..."):
        return text
    return f"{text}."


def _use(name: str) -> str:
    return f"to use it anyway: {set_option('inputs', name, 'modality')}"


def _tabular(fields: dict[str, Verdict], taken: set[str]) -> InputGuess:
    name = "tabular"
    while name in taken:
        name += "_fields"
    because = "; ".join(f'"{column}" {verdict.because}' for column, verdict in fields.items())
    return InputGuess(
        name,
        "tabular",
        list(fields),
        f"Read as one tabular input because {because}; ignore a column, or give it an input of "
        "its own, to change it.",
        dict(fields),
    )
