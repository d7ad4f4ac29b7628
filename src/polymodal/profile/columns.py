"""From the columns of a table to its inputs: a guess for each, with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from polymodal.core.advice import option, set_option
from polymodal.core.errors import RecipeError
from polymodal.core.lookup import unknown
from polymodal.profile.column_rules import (
    Verdict,
    beside_media,
    is_called_who,
    judge,
    says_who,
)
from polymodal.profile.observed import Observed
from polymodal.profile.task_guess import TaskGuess, infer_task
from polymodal.tables.kinds import MEDIA
from polymodal.tables.reading.reading import Reading
from polymodal.tables.table import Table

__all__ = ["InputGuess", "Judgement", "LeftOut", "TaskGuess", "infer_inputs", "infer_task",
           "judge_columns", "who_columns"]

_MOST_WHO = 50
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
    """The inputs of a table and the columns left out, each with its reason."""

    inputs: list[InputGuess]
    left_out: list[LeftOut]


def infer_inputs(table: Table, target: str | None = None,
                 ignore: Iterable[str] = ()) -> list[InputGuess]:
    """Returns the inputs that the columns of a table make, but for `target` and `ignore`.

    Args:
        table: Table.
        target: str, the column to predict, or None.
        ignore: names of columns to leave out.

    Raises:
        RecipeError: a column that the table lacks.

    Example:

    >>> from polymodal.tables.table import read
    >>> table = read({"note": ["the cat sat down", "a dog ran away"], "age": [3, 5], "y": [0, 1]})
    >>> [(guess.name, guess.modality) for guess in infer_inputs(table, "y")]
    [('note', 'text'), ('tabular', 'tabular')]
    """
    return judge_columns(table, target, ignore).inputs


def judge_columns(table: Table, target: str | None = None, ignore: Iterable[str] = (),
                  alone: Iterable[str] = (),
                  readings: Mapping[str, Reading] | None = None) -> Judgement:
    """Returns what `infer_inputs` does, together with the columns that it leaves out and why.

    Columns in `alone` join no others in one tabular input; `readings` say how columns are read.
    """
    skipped = set([ignore] if isinstance(ignore, str) else ignore)
    if target is not None:
        skipped.add(target)
    for column in sorted(skipped - set(table.column_names)):
        raise RecipeError(f"{table.name}: {unknown('column', column, table.column_names)}")
    inputs, left_out, fields, alone = [], [], {}, set(alone)
    judged = _verdicts(table, [n for n in table.column_names if n not in skipped], readings or {})
    for name, verdict in judged:
        if verdict.modality is None:
            fix = verdict.fix or _use(name)
            reason = f"Left out because {verdict.because}; {fix}."
            left_out.append(LeftOut(name, reason, verdict.because if verdict.lost else ""))
        elif verdict.modality == "tabular" and name not in alone:
            fields[name] = verdict
        else:
            reason = (f"Read as {verdict.modality} because {verdict.because}; "
                      f"{_change(name)}.")
            fields_alone = {name: verdict} if verdict.modality in _FIELDS else {}
            inputs.append(InputGuess(name, verdict.modality, [name], reason, fields_alone))
    if fields:
        inputs.append(_tabular(fields, taken={guess.name for guess in inputs}))
    return Judgement(inputs, left_out)


def who_columns(table: Table) -> list[str]:
    """Returns the columns that say who or where, such as the speaker, by 2 to 50 values.

    Example:

    >>> from polymodal.tables.table import read
    >>> who_columns(read({"speaker": ["Ann", "Bo", "Bo", "Ann"], "said": ["a", "b", "c", "d"]}))
    ['speaker']
    """
    found = []
    for name in filter(is_called_who, table.column_names):
        column = Observed(table, name)
        many = len({str(value) for value in table.values(name) if value is not None})
        if 2 <= many <= _MOST_WHO and says_who(column, judge(column)):
            found.append(name)
    return found


def _verdicts(table: Table, names: list[str],
              readings: Mapping[str, Reading]) -> list[tuple[str, Verdict]]:
    alone, beside = [], []
    for name in names:
        # one at a time, for tables of many columns
        column = Observed(table, name, readings.get(name))
        alone.append(judge(column))
        beside.append(beside_media(column, alone[-1]))
    has_media = any(verdict.modality in MEDIA for verdict in alone)
    return list(zip(names, beside if has_media else alone, strict=True))


def _change(name: str) -> str:
    return (f"change with {set_option('inputs', name, 'modality')} or "
            f"{option('--ignore', name)}")


def _use(name: str) -> str:
    return f"to use it anyway: {set_option('inputs', name, 'modality')}"


def _tabular(fields: dict[str, Verdict], taken: set[str]) -> InputGuess:
    name = "tabular"
    while name in taken:
        name += "_fields"
    because = "; ".join(f'"{column}" {verdict.because}' for column, verdict in fields.items())
    return InputGuess(
        name, "tabular", list(fields),
        f"Read as one tabular input because {because}; ignore a column, or give it an input of "
        "its own, to change it.", dict(fields))
