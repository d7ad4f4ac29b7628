"""An imported recogniser for tables and files, as a Predictor is for a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from polymodal.core import arguments
from polymodal.core.contracts.task import Predictions, Task
from polymodal.core.errors import DataError, RecipeError
from polymodal.core.lookup import find, names, unknown
from polymodal.core.printed.visible import visible
from polymodal.evaluation.evaluation import evaluate
from polymodal.evaluation.texts.normalisation import describe
from polymodal.feed.samples import Source
from polymodal.inference.answers import as_table, slice_values
from polymodal.inference.trained_on import TrainedOn
from polymodal.pretrained.speech.model import SpeechModel
from polymodal.pretrained.speech.transcribing import Options, transcripts
from polymodal.profile.profile import Profile, profile
from polymodal.speech.recognition.transcript import Transcript
from polymodal.tables.table import Table

__all__ = ["ImportedRecogniser"]

_LISTENED = ("audio", "video")


@dataclass(frozen=True)
class _Recipe:
    """What a caller reads of a run's recipe."""

    target: str = "transcript"
    group: str | None = None
    order: str | None = None
    inputs: Mapping[str, Any] = field(default_factory=dict)


class ImportedRecogniser:
    """Transcribes the recordings of a table, of any length, and scores the transcripts.

    Args:
        model: SpeechModel.
    """

    def __init__(self, model: SpeechModel):
        self.model, self.recipe, self.trained_on = model, _Recipe(), TrainedOn()
        self.task = _task()
        self.target, self.metrics = self.task.target(), {}
        self.inputs: list[Any] = [
            SimpleNamespace(
                name="audio", key="input_0", columns=["audio"], modality=model.part.modality
            )
        ]

    @property
    def sources(self) -> list[Source]:
        """The input as the samples of a table take it."""
        return [Source(one.name, one.modality, one.columns) for one in self.inputs]

    def with_columns(self, columns: Mapping[str, str]) -> ImportedRecogniser:
        """Returns the same model that reads another column: {"audio": column}."""
        self.inputs[0].columns = [columns.get("audio", *self.inputs[0].columns)]
        return self

    def transcribe(
        self, files: Sequence[str | Path] | str | Path, **choice: Any
    ) -> Iterator[Transcript]:
        """Yields the transcript of each file, in order, as soon as it is there.

        Args:
            files: sound or video files of any length, or one.
            choice: arguments of `Options`: language, translate, beam, words,
                batch_size.

        Raises:
            RecipeError: a choice that there is not, or that the model does not have.
        """
        options = self._options(choice)
        files = [files] if isinstance(files, str | Path) else list(files)
        return transcripts(self.model, files, options)

    def predict(
        self,
        table: Any,
        *,
        media_root: str | Path | None = None,
        scored: bool = False,
        skip_bad: bool = True,
        max_bad_share: float = 1.0,
        target: str | None = None,
        **choice: Any,
    ) -> Predictions:
        """Returns the transcripts of every readable row of a table, by `Predictor.predict`.

        Args:
            table, media_root, scored, skip_bad, max_bad_share: as for a run.
            target: str, column with the right texts, where it is scored.
            choice: as for `transcribe`.
        """
        options = self._options({"timed": False, **choice})
        table = as_table(table, media_root)
        column = self._column(profile(table), target)
        self.inputs[0].columns = [column]
        known, errors = self._references(table, target) if scored else ({}, {})
        rows = [
            row
            for row in range(len(table))
            if row not in errors and table.cell(row, column) is not None
        ]
        said = {}
        cells = [table.cell(row, column) for row in rows]
        for row, one in zip(
            rows, transcripts(self.model, cells, options, root=table.root), strict=True
        ):
            if one.error:
                errors[row] = DataError(f"{table.name} row {table.row_number(row)}: {one.error}")
            else:
                said[row] = one.text
        _check_errors(errors, len(table), skip_bad, max_bad_share)
        return self._predictions(table, said, known if scored else None, errors)

    def evaluate(
        self,
        table: Any,
        *,
        target: str | None = None,
        slice_columns: Sequence[str] = (),
        media_root: Any = None,
        skip_bad: bool = False,
        max_bad_share: float = 0.05,
        normalisation: str = "basic",
        **choice: Any,
    ) -> dict[str, Any]:
        """Returns scores with intervals, as `polymodal evaluate --json` prints them.

        Args:
            target: str, the column with the right texts.
            table, slice_columns, media_root, skip_bad, max_bad_share, normalisation: as for a run.
            choice: as for `transcribe`.

        Raises:
            RecipeError: no target is named, or there is no such column.
        """
        describe(normalisation)
        table = as_table(table, media_root)
        if target not in table.column_names:
            raise RecipeError(
                f"An imported recogniser needs --target, the column with the right "
                f"texts. {unknown('column', target, table.column_names)}"
            )
        found = self.predict(
            table,
            scored=True,
            target=target,
            skip_bad=skip_bad,
            max_bad_share=max_bad_share,
            **choice,
        )
        found.normalisation = normalisation
        return evaluate(found, slice_values(table, slice_columns, target, True)).to_json()

    def _options(self, choice: Mapping[str, Any]) -> Options:
        arguments.check_names(choice, [*arguments.parameters(Options)], "An imported recogniser")
        options = Options(**choice)
        if options.language is not None or options.translate or not self.model.tokens.languages:
            language = options.language or next(iter(self.model.tokens.languages), None)
            self.model.tokens.prompt(language, True, options.translate)  # refused at once
        return options

    def _column(self, facts: Profile, target: str | None) -> str:
        """Returns the column with the recordings."""
        usual = self.inputs[0].columns[0]
        if usual in facts.table.column_names:
            return usual
        for name in facts.table.column_names:
            if name != target and facts.verdict(name).modality in _LISTENED:
                return name
        raise RecipeError(
            f"{facts.table.name} needs a column of sound or video files. Got "
            f"{', '.join(facts.table.column_names)}. Write --column audio=clip, or "
            "give the table's --media-root."
        )

    def _references(self, table: Table, target: str | None) -> tuple[dict, dict]:
        """Returns {row: right texts}, and {row: error} of those that cannot be read."""
        known, errors = {}, {}
        for row in range(len(table)):
            value = table.cell(row, str(target))
            if value is None:
                continue
            try:
                known[row] = self.target.references(value)
            except DataError as error:
                errors[row] = error.at(table=table.name, row=table.row_number(row), column=target)
        return known, errors

    def _predictions(
        self,
        table: Table,
        said: Mapping[int, str],
        known: Mapping[int, list[str]] | None,
        errors: Mapping[int, DataError],
    ) -> Predictions:
        rows = sorted(said)
        outputs = np.array([said[row] for row in rows], object)
        targets = None
        if known is not None:
            targets = np.empty(len(rows), object)
            targets[:] = [known.get(row, []) for row in rows]
        dropped = Counter(error.reason for error in errors.values())
        return Predictions(
            self.task,
            [],
            np.array(rows, int),
            outputs,
            targets,
            np.array([bool(known and known.get(row)) for row in rows], bool),
            ["audio"],
            np.ones((len(rows), 1), bool),
            num_rows=len(table),
            dropped=dict(dropped),
            errors={row: visible(error.left_out()) for row, error in errors.items()},
        )


def _task() -> Task:
    """Returns the task whose answers are transcripts of sound."""
    return next(task for name in names("tasks") if (task := find("tasks", name)()).hears)


def _check_errors(
    errors: Mapping[int, DataError], num_rows: int, skip_bad: bool, max_bad_share: float
) -> None:
    if not errors:
        return
    first = errors[min(errors)]
    if not skip_bad:
        raise first
    if len(errors) > max_bad_share * num_rows:
        raise DataError(
            f"{len(errors):,} of {num_rows:,} rows cannot be used. The first: {first}",
            reason="too_many_bad",
        )
