"""From logits to predictions: the same code in training, evaluation and prediction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from polymodal.core import faults
from polymodal.core.contracts.batch import item_key, mask_key, masks_of
from polymodal.core.contracts.target import Target
from polymodal.core.contracts.task import Predictions, Task
from polymodal.core.printed.progress import track
from polymodal.core.probabilities import log_softmax
from polymodal.speech.decoding.ctc_search import greedy
from polymodal.speech.transcripts.transcript import TokenSpan
from polymodal.speech.transcripts.words import words_from_spans
from polymodal.splits.groups import group_codes
from polymodal.tables.table import Table


class Output(NamedTuple):
    """A model's outputs for one batch, with the targets.

    Args:
        rows: (batch,) int, rows of the table, -1 where a row only fills the batch.
        logits: (batch, ...) float32.
        targets: what the loss sees, (batch, ...), or None.
        weights: (batch,) or (batch, time) float32, 0 where nothing is to be scored.
        present: (batch, inputs) bool, False where an input is missing.
        lengths: (batch,) int, steps of each row for tasks per step.
        ids: sequence (batch,) of int (steps,), generated symbols, for tasks that generate; else
            None.
        spans: sequence (batch,) of lists of TokenSpan, symbols that a reader decoded; else None.
    """

    rows: np.ndarray
    logits: np.ndarray
    targets: np.ndarray | None
    weights: np.ndarray
    present: np.ndarray
    lengths: np.ndarray
    ids: Any = None
    spans: Any = None


def outputs(
    model: Any,
    loader: Any,
    head: Any = None,
    reader: Any = None,
    what: str = "Predicting",
    alone: bool = False,
    **choice: Any,
) -> Iterator[Output]:
    """Yields the model's outputs for each batch of a loader, in the loader's first epoch.

    Args:
        model: keras.Model whose outputs are logits.
        loader: Loader in the order of rows, with targets or without.
        head: Head. With it a sequence-to-sequence model generates from its own previous
            outputs; without it, teacher forcing as in training.
        reader: `recording.hearing.Reader` of a run that transcribes, or None.
        what: str, label of the progress bar.
        alone: bool, whether texts per step are encoded apart from the rest of the model, without
            padding: a third of the time. Not while it is trained.
        choice: decoding options of `model.generation.Choice`: beam=5.
    """
    batches = track(loader.epoch(0, 0), what, loader.steps(0))
    for step, (inputs, targets, weights) in enumerate(batches):
        masks = masks_of(inputs)
        present = np.stack([m.reshape(len(m), -1).any(axis=1) for m in masks], axis=-1)
        lengths = np.ones(len(present), int)
        if head is not None and head.per_step and getattr(head, "end_id", None) is None:
            lengths = loader.steps_of(0, step)
        ids = spans = None
        if head is not None and head.autoregressive:
            found = head.generate(model, inputs, batch_size=len(present), **choice)
            logits, ids = found.logits, found.ids
            if head.end_id is not None:  # a sequence is as long as it was generated
                ended = found.ids == head.end_id
                lengths = np.where(ended.any(1), ended.argmax(1) + 1, found.ids.shape[1])
        elif reader:
            logits, scores = reader.frames_of(inputs)
            spans = reader.spelled(logits, scores)
        else:
            if alone:
                inputs = _with_tokens(model, inputs)
            logits = model.predict_on_batch(inputs)
        faults.point("validation_step")
        logits = np.asarray(as_numpy(logits), "float32")
        yield Output(
            loader.rows_of(0, step), logits, targets, weights, present, lengths, ids, spans
        )


def _with_tokens(model: Any, inputs: dict[str, Any]) -> dict[str, Any]:
    """Returns a batch with the tokens of texts per step, in place of their ids."""
    from polymodal.model.by_step import by_step, can_read_by_step
    from polymodal.pretrained.part import no_gradient

    found = dict(inputs)
    for name, encoder in model.encoders.items():
        ids, mask = inputs[model.keys[name]], inputs[mask_key(model.keys[name])]
        whole = item_key(model.keys[name]) not in inputs
        if whole and can_read_by_step(encoder, ids) and mask.any():
            with no_gradient():
                found[model.keys[name]] = by_step(encoder, ids, mask)
    return found


def as_numpy(array: Any) -> np.ndarray:
    """Returns an engine's array as one of numpy; loads no engine where it is one."""
    if isinstance(array, np.ndarray):
        return array
    import keras

    return np.asarray(keras.ops.convert_to_numpy(array))


def collect(
    found: Iterable[Output],
    head: Any,
    target: Target,
    task: Task,
    modalities: list[str],
    num_rows: int,
    references: Callable[[int], list[str] | None] | None = None,
    with_words: bool = False,
) -> Predictions:
    """Returns the predictions of all batches, in the order of the table's rows.

    Args:
        found: outputs of all batches.
        head: Head, which knows what its logits mean.
        target: Target.
        task: Task.
        modalities: list of str, names of the inputs in the order of their keys.
        num_rows: int, rows of the table.
        references: function from a row to its reference texts, or None, for tasks that generate.
        with_words: bool, also give the words of transcripts with their confidence.
    """
    if task.is_text:
        return _texts(found, head, target, task, modalities, num_rows, references, with_words)
    if head.per_step or head.autoregressive:
        flatten = _flat_steps
    else:
        flatten = _flat_rows
    parts = [flatten(o, head) for o in found]
    rows, values, scored, present = (np.concatenate([p[i] for p in parts]) for i in (0, 1, 3, 4))
    targets, steps = (_joined([p[i] for p in parts]) for i in (2, 5))
    order, groups = np.argsort(rows, kind="stable"), None
    if steps is not None:
        order = np.lexsort((steps, rows))
        groups, steps = rows[order], steps[order]
    values, targets = task.to_predictions(values, targets, target)
    if targets is not None:
        targets = targets[order]
    return Predictions(
        task,
        list(target.labels),
        rows[order],
        values[order],
        targets,
        scored[order],
        list(modalities),
        present[order],
        groups=groups,
        steps=steps,
        num_rows=num_rows,
    )


def _joined(parts: list[np.ndarray | None]) -> np.ndarray | None:
    """Returns the arrays of all batches as one; None where batches have none."""
    there = [part for part in parts if part is not None]
    if there:
        return np.concatenate(there)
    return None


def _texts(found, head, target, task, modalities, num_rows, references, with_words) -> Predictions:
    rows, said, present, words = [], [], [], []
    for output in found:
        real = np.flatnonzero(output.rows >= 0)
        spans, ids = output.spans, output.ids
        if spans is not None:
            ids = [[span.id for span in row] for row in spans]
        elif ids is None:
            frames = head.frames(output.logits, output.targets)
            ids = head.best_path(frames)
            if with_words:
                spans = {row: greedy(log_softmax(frames[row]), len(target.labels)) for row in real}
        rows += output.rows[real].tolist()
        said += [target.decode(ids[row]) for row in real]
        if with_words and spans is not None:
            words += [_words(spans[row], target.labels) for row in real]
        present.append(output.present[real])
    order = np.argsort(rows, kind="stable")
    known = [references(row) if references else None for row in rows]
    right = _objects([texts or [] for texts in known])
    return Predictions(
        task,
        [],
        np.array(rows, int)[order],
        np.array(said, object)[order],
        right[order] if references else None,
        np.array([bool(t) for t in known], bool)[order],
        list(modalities),
        np.concatenate(present)[order],
        num_rows=num_rows,
        words=_objects(words)[order] if words else None,
    )


def _words(spans: list[TokenSpan], labels: list[str]) -> list[tuple[str, float]]:
    """Returns the words that symbols spell, with their confidence."""
    return [(word.text, word.confidence) for word in words_from_spans(spans, [*labels, ""], 1.0)]


def _objects(values: list) -> np.ndarray:
    found = np.empty(len(values), object)
    for place, value in enumerate(values):
        found[place] = value
    return found


def nothing(task: Task, target: Target, modalities: list[str], num_rows: int) -> Predictions:
    """Returns the predictions of a table of which no row can be used."""
    text = task.is_text
    shape = (0, len(target.labels)) if task.has_classes else (0,)
    return Predictions(
        task,
        [] if text else list(target.labels),
        np.zeros(0, int),
        np.zeros(shape, object if text else "float32"),
        None,
        np.zeros(0, bool),
        list(modalities),
        np.zeros((0, len(modalities)), bool),
        num_rows=num_rows,
    )


def _flat_rows(output: Output, head: Any) -> tuple[Any, ...]:
    real = output.rows >= 0
    targets = None if output.targets is None else output.targets[real]
    return (
        output.rows[real],
        head.activate(output.logits[real]),
        targets,
        output.weights[real] > 0,
        output.present[real],
        None,
    )


def _flat_steps(output: Output, head: Any) -> tuple[Any, ...]:
    """One entry per existing step: of the target if it is known, else of the inputs."""
    steps = np.arange(output.logits.shape[1])
    real = (steps[None] < output.lengths[:, None]) & (output.rows >= 0)[:, None]
    scored = np.zeros(real.shape, bool)
    targets = None
    if output.targets is not None:
        width = min(real.shape[1], output.targets.shape[1])
        scored[:, :width] = output.weights[:, :width] > 0
        real |= scored
        targets = np.zeros(real.shape, output.targets.dtype)
        targets[:, :width] = output.targets[:, :width]
    row, step = np.nonzero(real)
    return (
        output.rows[row],
        head.activate(output.logits[row, step]),
        None if targets is None else targets[row, step],
        scored[row, step],
        output.present[row],
        step,
    )


def enter_groups(found: Predictions, samples: Table, table: Table, column: str) -> None:
    """Sets the group of each output; a sequence of rows has its first row's group."""
    codes, members = group_codes(table, column), getattr(samples, "members", None)
    if members is None:
        first = found.rows
    else:
        first = [members[int(row)][0] for row in found.rows]
    found.groups, found.group_column = codes[np.asarray(first, int)], column


def by_row(found: Predictions, table: Table, num_rows: int) -> Predictions:
    """Returns predictions whose rows are those of the table as read, also after grouping."""
    members: Mapping | None = getattr(table, "members", None)
    if members is None:
        return found
    errors = {
        int(row): message for group, message in found.errors.items() for row in members[group]
    }
    if found.steps is not None:
        steps = found.steps
    else:
        steps = np.zeros(len(found), int)
    found.rows = np.array(
        [members[int(g)][int(s)] for g, s in zip(found.rows, steps, strict=True)], int
    )
    found.errors, found.num_rows = errors, num_rows
    return found
