"""The language model of the training transcripts, and whether decoding uses it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from polymodal.bundle.write import LANGUAGE, add_part
from polymodal.core.contracts.task import Predictions
from polymodal.core.printed.progress import say
from polymodal.evaluation.comparing.compare import compare
from polymodal.inference.answers import Answers
from polymodal.media.cache import Cache
from polymodal.media.kept import KeptMedia
from polymodal.speech.language.kneser_ney import train_ngram
from polymodal.speech.language.ngram import NGram, split_units
from polymodal.speech.recognition.reading import unit_of_texts
from polymodal.tables.table import Table

__all__ = ["choose_language"]

_MOST_UNITS = 300_000  # words that are counted; more texts are subsampled evenly
_MOST_GRAMS = 200_000  # of a model; a larger one looks at fewer words together


def choose_language(
    predictor: Answers,
    texts: Iterable[str],
    table: Table,
    folder: Path,
    cache: Cache | KeptMedia | None = None,
) -> tuple[Predictions, str]:
    """Makes a run decode with a language model of train's transcripts, unless val gets worse by
    more than chance: few wrong words decide nothing, and voices that val lacks need it most.

    Args:
        predictor: Answers of a run that transcribes; its `language` is set.
        texts: the texts of train.
        table: Table of validation rows.
        folder: the run's folder, where the model is kept.
        cache: Cache that may hold the table's media decoded, or None.

    Returns:
        The predictions of the validation rows with the chosen decoding, and a sentence on the
        choice and its reason; "" if there was no choice.
    """
    (folder / LANGUAGE).unlink(missing_ok=True)
    plain = predictor.predict(table, scored=True, cache=cache)
    model = _learned(texts, predictor)
    if model is None or not plain.scored.any():
        return plain, ""
    predictor.language = model
    found = predictor.predict(table, scored=True, cache=cache)
    compared = compare(found, plain, predictor.head.monitor[0])
    values = f"{compared.first:.4f} with it and {compared.second:.4f} without"
    numbers = f"{compared.metric} of val is {values}"
    about = f"an n-gram language model of the training texts (order {model.order}, {model.unit}s)"
    if compared.better == "second":
        predictor.language = None
        sentence = f"Decoding is greedy, without {about}: {numbers}."
        found = plain
    else:
        sentence = f"Decoding uses {about}: {numbers}."
        add_part(folder, LANGUAGE, model.to_json())
    say(sentence)
    return found, sentence


def _learned(texts: Iterable[str], predictor: Answers) -> NGram | None:
    order = predictor.head.language_order
    clean = [text for value in texts if (text := predictor.target.clean(value))]
    if not (order and clean):
        return None
    unit = unit_of_texts(clean)
    count = sum(len(split_units(text, unit)) for text in clean)
    clean = clean[:: -(-count // _MOST_UNITS)]
    for length in range(order, 0, -1):
        model = train_ngram(clean, length, unit)
        if len(model.table) <= _MOST_GRAMS:
            return model
    return None
