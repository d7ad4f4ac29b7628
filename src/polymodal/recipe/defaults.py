"""Defaults that follow from what the data is: rows, sizes, lengths, modalities. Never from names.

The numbers were measured on the project's benchmarks; `docs/log.md` holds the runs, also those
that did not help.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from polymodal.core.contracts.task import Task
from polymodal.core.printed.counting import counted
from polymodal.recipe.recipe import encoder_name
from polymodal.text.words import split_words

_SEEN = 54_000  # rows that a model sees in total by default: epochs times rows
_SEEN_ALONE = 42_000  # with a loss per single input
_BATCHES = ((64, 1500), (32, 400), (16, 0))  # (rows of a batch, from so many rows on)
_EPOCHS = (5, 120)
_EPOCHS_SHARED = (7, 120)  # if rows share media, which makes an epoch short
_OFTEN = 2.0  # rows per media file on average, from which batches share them
_SHARED_BATCH = 64  # rows of a batch; smaller ones would have too few pictures
_TOGETHER = 4  # of them per batch: fewer cost more, more teach less per step
_UPDATES = 600  # of the weights in a run, below which batches are made smaller
_SELDOM = 10  # epochs up to which a row is seen too rarely to need augmentation
_FEW = 5_000  # rows up to which a model tends to overfit, however rarely it sees them
_FEW_PLAIN = 2_000  # rows of numbers and texts, or of frozen vectors, below which it overfits
_SEEN_PLAIN = 20_000  # of them that a model sees in total
_EPOCHS_PLAIN = (40, 60)
_AVERAGED = 2.5  # epochs that averaged weights reach back
_FEW_SEQUENCES = 500
_STEPS_SEEN = 20_000  # labels of few sequences that a model sees in total
_STEPS_SEEN_RARE = 45_000  # if all inputs are rare words, most of which are dropped
_FAMILIAR = 20  # mean occurrences of a word, above which word order can be learned too


def is_plain(task: Task, modalities: Iterable[str], num_rows: int) -> bool:
    """Returns whether few rows hold numbers, perhaps with texts, and nothing else: the usual model
    overfits such tables within a few epochs.

    Args:
        task: Task.
        modalities: of the inputs.
        num_rows: int, rows of the train table.
    """
    kinds = set(modalities)
    return (
        num_rows < _FEW_PLAIN
        and task.one_answer
        and "tabular" in kinds
        and kinds <= {"tabular", "text"}
    )


def input_for(
    task: Task, config: dict[str, Any], rare: bool, alone: bool, plain: bool = False
) -> dict[str, Any]:
    """Returns settings of an input that follow from its task.

    Args:
        task: Task.
        config: settings that a sample of its cells suggests, or the user gave.
        rare: bool, whether all inputs are texts of the steps of few sequences, with words that
            occur seldom.
        alone: bool, whether there is no other input.
        plain: bool, as `is_plain` says.
    """
    found: dict[str, Any] = {}
    config = {**config, "encoder": encoder_name(config)}
    if plain and config["encoder"] == "bag":
        found["dropout"] = 0.6  # its own, not that of the whole model
    if rare and config["encoder"] == "bag":
        found["dropout"] = 0.9  # else its words betray a step, and its neighbours teach nothing
    return found | task.input_settings(config, alone)


def objectives_for(
    task: Task, modalities: Collection[str], num_rows: int, epochs: int
) -> dict[str, dict[str, Any]]:
    """Returns the auxiliary losses that help a task, with their settings.

    A loss per single input lets a model work with missing inputs; if rows are seen too rarely it
    would only distract.

    Args:
        task: Task.
        modalities: of the inputs.
        num_rows: int, rows of the train table.
        epochs: int.
    """
    found = dict(task.objectives(modalities))
    if _can_ask_alone(task, len(modalities)) and not _seen_seldom(num_rows, epochs):
        found["single_modality"] = {"weight": 1.0}
    return found


def text_for(task: Task, texts: Iterable[str], plain: bool = False) -> tuple[dict[str, Any], str]:
    """Returns settings of a text input, and the reason; nothing if the usual encoder fits.

    Args:
        task: Task.
        texts: cleaned texts of the train table.
        plain: bool, as `is_plain` says.
    """
    if task.stepwise:
        return {}, ""
    if plain:
        return {"encoder": "bag", "tokenizer": "ngram"}, (
            "Few rows, which would overfit to word order: using a bag of words, character "
            "n-grams and word pairs."
        )
    often = seldom_by(texts)
    if often is None:
        return ({}, "")
    return (
        {"encoder": "bag", "tokenizer": "ngram"},
        (
            f"Few repeated words ({often:.0f} occurrences each on average), so word order "
            "cannot be learned: using a bag of words and character n-grams."
        ),
    )


def seldom_by(texts: Iterable[str]) -> float | None:
    """Returns how often a word of cleaned texts occurs on average; None if that is often."""
    words = Counter(word for text in texts for word in split_words(text))
    often = words.total() / max(1, len(words))
    if words and often < _FAMILIAR:
        return often
    return None


def fusion_for(task: Task, modalities: dict[str, str]) -> tuple[Any, str]:
    """Returns the fusion and the reason; no reason where there is nothing to fuse."""
    by_step = task.stepwise and not task.is_text
    if len(modalities) == 1 and not by_step:
        return "concat", ""
    if task.fusion is not None:
        return task.fusion
    if task.stepwise:
        return "stepwise_concat", (
            "The target has one label per step, so the inputs are concatenated step by step."
        )
    return (
        {"name": "gated", "pooling": "guided", "activation": "linear"},
        "Inputs attend to each other; learned gates weight each input and switch off missing ones.",
    )


def size_for(
    num_rows: int, num_steps: int, epochs: int, plain: bool = False
) -> tuple[dict[str, Any], str]:
    """Returns `dim` and `dropout` of the whole model if the defaults do not fit the data, and why.

    Args:
        num_rows: int, rows of the train table; sequences where rows were grouped.
        num_steps: int, total labels: as many as rows, or steps of all sequences.
        epochs: int.
        plain: bool, as `is_plain` says.
    """
    if plain:
        return {"dropout": 0.3}, "Less dropout would overfit so few rows of numbers."
    if few_sequences(num_rows, num_steps):
        return {"dim": 32, "dropout": 0.5}, "A larger model would overfit so few sequences."
    if _seen_seldom(num_rows, epochs):
        return {"dropout": 0.0}, "Each row is seen too rarely to be overfitted."
    return {}, ""


def training_for(
    task: Task,
    num_rows: int,
    num_steps: int,
    modalities: dict[str, str],
    epochs: int | None,
    times: float = 1.0,
    rare: bool = False,
    frozen: bool = False,
) -> dict[str, Any]:
    """Returns epochs, batch size, learning rate and the like for a number of rows.

    Rows that are seen only a few times need no augmentation: it only slows learning there, as do
    dropout, modality dropout and tight gradient clipping. Recordings to transcribe are augmented
    anyway. The learning rate is halved, since shapes are learned late or never at the usual one.
    Captions, which also have a spotting loss, learn better at the usual rate.

    Args:
        task: Task.
        num_rows, num_steps: int, as in `size_for`.
        modalities: {input: modality}.
        epochs: int, what the user asked for, or None.
        times: float, rows per media file on average.
        rare: bool, as in `input_for`.
        frozen: bool, whether all inputs are columns or vectors of frozen encoders.
    """
    shared = times >= _OFTEN and task.shares_items and not task.is_text
    low, high = _EPOCHS
    if shared:
        low, high = _EPOCHS_SHARED
    few = few_sequences(num_rows, num_steps)
    plain = is_plain(task, modalities.values(), num_rows)
    plain |= frozen and num_rows < _FEW_PLAIN and task.one_answer
    if plain:
        low, high = _EPOCHS_PLAIN
    alone = _can_ask_alone(task, len(modalities)) and num_rows <= _FEW
    seen = task.rows_seen or _SEEN
    if alone and not task.rows_seen:
        seen = _SEEN_ALONE
    if plain:
        seen = _SEEN_PLAIN
    if few:
        suited = (_STEPS_SEEN_RARE if rare else _STEPS_SEEN) / num_steps
    else:
        suited = seen / max(1, num_rows)
    epochs = epochs or min(high, max(low, round(suited)))
    seldom = _seen_seldom(num_rows, epochs)
    batch_size = next(size for size, from_rows in _BATCHES if num_rows >= from_rows)
    batch_size = min(batch_size, task.largest_batch or batch_size)
    while batch_size > 16 and epochs * num_rows < _UPDATES * batch_size:
        batch_size //= 2
    rate = 0.001 if seldom and not task.is_text else 0.002
    settings: dict[str, Any] = {"epochs": epochs, "batch_size": batch_size, "learning_rate": rate}
    if seldom and not task.always_augments:
        settings["augment"] = False
    if seldom:
        settings["clip_norm"] = 5.0
    if not seldom and task.one_answer:
        settings["average"] = _average(num_rows / batch_size)
    if shared and batch_size >= _SHARED_BATCH:
        settings["rows_per_item"] = _TOGETHER
    if len(modalities) > 1 and task.hides_inputs:
        settings |= _hiding(task, len(modalities), seldom)
    return settings


def training_reason(
    num_rows: int, settings: dict[str, Any], objectives: Mapping[str, Any], unit: str = "rows"
) -> str:
    """Returns a sentence on what `training_for` and `objectives_for` chose, with the user's own
    settings."""
    parts = [
        f"{counted(settings['epochs'], 'epoch')}, batch size {settings['batch_size']} "
        f"(chosen for {num_rows:,} {unit})"
    ]
    if settings.get("augment") is False:
        parts.append("no augmentation")
    if settings.get("rows_per_item", 1) > 1:
        parts.append(
            f"up to {settings['rows_per_item']} rows per batch that share a media file, "
            "which is encoded once"
        )
    added = [name for name, config in objectives.items() if config.get("weight") != 0]
    if added:
        parts.append(
            f"plus {counted(len(added), 'objective')} ({', '.join(added)}; turn one "
            f"off with --set objectives.{added[0]}.weight=0)"
        )
    return f"{', '.join(parts)}. Change with --set training.epochs=..."


def _average(steps: float) -> float:
    """Returns the decay of averaged weights for the steps of an epoch. They overfit later, and give
    less noisy comparisons of epochs."""
    return round(1 - 1 / max(2.0, _AVERAGED * steps), 3)


def _hiding(task: Task, num_inputs: int, seldom: bool) -> dict[str, float]:
    """Returns how often inputs are hidden. A loss per single input replaces it for two inputs."""
    if seldom:
        return {"modality_dropout": 0.05}
    if _can_ask_alone(task, num_inputs) and num_inputs == 2:
        return {}
    return {"modality_dropout": 0.15}


def _can_ask_alone(task: Task, num_inputs: int) -> bool:
    return num_inputs > 1 and task.one_answer and task.asks_alone


def _seen_seldom(num_rows: int, epochs: int) -> bool:
    return epochs <= _SELDOM and num_rows > _FEW


def few_sequences(num_rows: int, num_steps: int) -> bool:
    """Returns settings for a few long sequences, which any but a small model overfits."""
    return num_rows < _FEW_SEQUENCES and num_steps > 4 * num_rows
