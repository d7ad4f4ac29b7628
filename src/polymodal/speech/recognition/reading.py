"""Decoding of a recogniser's frames: greedy, or beam search with scorers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from polymodal.core import arguments
from polymodal.core.disk.files import check_name, check_writable
from polymodal.core.errors import DataError, RecipeError
from polymodal.core.printed.progress import say
from polymodal.profile.profile import profile
from polymodal.speech.decoding.align import align
from polymodal.speech.decoding.ctc_search import Hypothesis, Scorer, beam_search, greedy
from polymodal.speech.decoding.hot_words import HotWords
from polymodal.speech.decoding.language_scorer import LanguageScorer
from polymodal.speech.language.arpa import read_arpa, write_arpa
from polymodal.speech.language.kneser_ney import train_ngram
from polymodal.speech.language.ngram import END, SPACE, START, UNKNOWN, NGram
from polymodal.speech.transcripts.transcript import TokenSpan, is_unspaced
from polymodal.splits.split import parts
from polymodal.tables.table import Table, read
from polymodal.text.cleaning import clean_text

__all__ = ["Reading", "check_choice", "train_language_model", "unit_of_texts"]

_BEAM = 16  # beam width with a scorer, by default
_WEIGHT, _BONUS = 0.5, 0.5  # of a language model, by default
_ARPA_ENDINGS = (".arpa", ".arpa.gz", ".lm", ".lm.gz")
_MARKS = {START, END, UNKNOWN}


class Reading:
    """Decodes frames greedily, or by beam search with a language model and hot words.

    Args:
        labels: sequence of str, the characters of the model without blank, which is the last id.
        beam: int, beam width; 0 = greedy, or 16 with a language model or hot words.
        language_model: NGram, or path of an ARPA file, of words or of characters.
        hot_words: sequence of str, words and phrases to expect; or a str, which has commas between
            them.
        language_weight: float, weight of the language model's log-probability; None = 0.5.
        word_bonus: float, log-probability added per word, or per character with a character
            language model; None = 0.5.
        ctc_weight: float, 0..1, share of CTC in the score of a hypothesis, if the run also has an
            attention decoder.

    Raises:
        RecipeError: a number below 0 or that is none, a weight or bonus without a language model,
            or a hot word with a character that the model lacks.
        DataError: the language model cannot be read.

    Example:

    >>> reading = Reading(["a", "b"])
    >>> [span.id for span in reading(np.log([[0.1, 0.8, 0.1], [0.1, 0.1, 0.8]]))]
    [1]
    """

    def __init__(
        self,
        labels: Sequence[str],
        beam: int = 0,
        language_model: NGram | str | Path | None = None,
        hot_words: Sequence[str] | str = (),
        language_weight: float | None = None,
        word_bonus: float | None = None,
        ctc_weight: float = 1.0,
    ):
        weight, bonus = _weights(beam, language_model, language_weight, word_bonus)
        self.symbols, self.blank = [*labels, ""], len(labels)
        if isinstance(hot_words, str):
            hot_words = hot_words.split(",")
        else:
            hot_words = hot_words
        self.hot_words = [word for word in map(str.strip, hot_words) if word]
        self.scorers: list[Scorer] = []
        self.language_model: dict[str, Any] | None = None
        if language_model is not None:
            model, name = _model(language_model)
            self.scorers.append(LanguageScorer(model, self.symbols, weight, bonus))
            self.language_model = {
                "file": name,
                "order": model.order,
                "unit": model.unit,
                "weight": weight,
                "word_bonus": bonus,
            }
        if self.hot_words:
            self.scorers.append(self._hot(self.hot_words))
        self.beam = beam or (_BEAM if self.scorers else 0)
        self.ctc_weight = ctc_weight

    def __call__(self, log_probs: np.ndarray, score: Any = None) -> list[TokenSpan]:
        """Returns the tokens with their frames and confidence.

        Args:
            log_probs: (frames, symbols and blank).
            score: function from spellings, ids without blank, to the natural logarithms that an
                attention decoder gives them; None where there is no such decoder.
        """
        if not self.beam:
            return greedy(log_probs, self.blank)
        found = beam_search(
            log_probs,
            self.blank,
            self.beam,
            scorers=self.scorers,
            num_best=self.beam if score else 1,
        )
        if len(found) == 1:
            best = found[0]
        else:
            best = found[self._best(found, score)]
        return align(log_probs, best.ids, self.blank)

    def _best(self, found: list[Hypothesis], score: Any) -> int:
        """Returns the best hypothesis when the decoder's score replaces part of CTC's."""
        acoustic = np.array([one.parts["acoustic"] for one in found])
        others = np.array([one.score for one in found]) - acoustic
        written = np.asarray(score([one.ids for one in found]))
        return int(np.argmax(self.ctc_weight * acoustic + (1 - self.ctc_weight) * written + others))

    def described(self) -> dict[str, Any]:
        """Returns what was chosen, as JSON values."""
        return {
            "beam": self.beam,
            "language_model": self.language_model,
            "hot_words": self.hot_words,
        }

    def _hot(self, words: list[str]) -> HotWords:
        try:
            return HotWords(words, self.symbols, whole_words=" " in self.symbols)
        except ValueError as error:
            raise RecipeError(str(error)) from None


def check_choice(names: Iterable[str], *others: str) -> None:
    """Raises RecipeError where a name is not a choice of `Reading`, nor one of `others`."""
    known = arguments.parameters(Reading, skip=("labels", "ctc_weight"))
    arguments.check_names(names, [*known, *others], "transcribe")


def train_language_model(
    table: Table | str | Path,
    target: str,
    out: str | Path,
    order: int = 3,
    unit: str | None = None,
    lowercase: bool = True,
) -> NGram:
    """Trains a language model on the texts of a column and writes it as an ARPA file.

    If another column names the part of each row, only the texts of train are used: test transcripts
    must not leak into the language model.

    Args:
        table: Table, or path of one.
        target: str, the column; empty cells are skipped.
        out: path of the file; a name that ends in .gz is compressed.
        order: int, order of the n-grams.
        unit: str, "word" or "character"; None takes characters where most are of scripts without
            spaces. Among words, each character of such a script is one.
        lowercase: bool, whether to lowercase, as in transcripts.

    Raises:
        DataError: there is no such column, or no text in it.
        RecipeError: the order is below 1, there is no such unit, or `out` is named otherwise.
        PolymodalError: `out` cannot be written.
    """
    out = check_writable(check_name("--out", out, _ARPA_ENDINGS))
    if not isinstance(table, Table):
        table = read(table)
    if target not in table.column_names:
        raise DataError(
            f"is not there. Columns: {', '.join(table.column_names)}.",
            "Name another with --target.",
            table=table.name,
            column=target,
            reason="no_target",
        )
    table = _learnable(table, target)
    texts = [
        text
        for value in table.values(target)
        if value is not None and (text := clean_text(str(value), lowercase))
    ]
    if not texts:
        raise DataError(
            "has no text.",
            "Name another with --target.",
            table=table.name,
            column=target,
            reason="empty_text",
        )
    try:
        model = train_ngram(texts, order, unit or unit_of_texts(texts))
    except ValueError as error:
        raise RecipeError(str(error)) from None
    out.parent.mkdir(parents=True, exist_ok=True)
    write_arpa(model, out)
    return model


def _learnable(table: Table, target: str) -> Table:
    facts = profile(table)
    column = facts.split_column(target)
    if column is None:
        return table
    train = parts(facts, "column", column=column)["train"].table
    say(
        f'Using the split in column "{column}": {len(train):,} of {len(table):,} texts '
        "are of train and are used. Without that column, all texts are used."
    )
    return train


def _weights(
    beam: int, language_model: Any, weight: float | None, bonus: float | None
) -> tuple[float, float]:
    """Returns the weight and the bonus to use, after checking that they can be."""
    given = [
        name
        for name, value in (("language_weight", weight), ("word_bonus", bonus))
        if value is not None
    ]
    if given and language_model is None:
        raise RecipeError(
            f"Decoding needs a language_model for {' and '.join(given)}. Got none. "
            "Pass an ARPA file, or leave it out."
        )
    if weight is None:
        weight = _WEIGHT
    if bonus is None:
        bonus = _BONUS
    if beam < 0 or not 0 <= weight < math.inf:
        raise RecipeError(
            f"Decoding needs beam and language_weight of at least 0. Got {beam} and "
            f"{weight}. Leave them out for the defaults."
        )
    if not math.isfinite(bonus):
        raise RecipeError(f"Decoding needs a finite word_bonus. Got {bonus}. Try {_BONUS}.")
    return weight, bonus


def unit_of_texts(texts: Sequence[str]) -> str:
    """Returns "character" where most of the texts is in scripts without spaces, else "word"."""
    letters = [letter for text in texts for letter in text if letter != " "]
    if 2 * sum(map(is_unspaced, letters)) > len(letters):
        return "character"
    return "word"


def _model(source: NGram | str | Path) -> tuple[NGram, str | None]:
    """Returns the model and the file it comes from; the file says by itself what its unit is."""
    if isinstance(source, NGram):
        return source, None
    model = read_arpa(source)
    units = {gram[0] for gram in model.table if len(gram) == 1} - _MARKS
    if all(len(unit) == 1 or unit == SPACE for unit in units):
        model = NGram(model.table, "character")
    return model, str(source)
