"""Texts that are none: placeholders, broken characters, mark-up, another script, gibberish."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np

from polymodal.core.advice import option
from polymodal.questions.inspection.finding import Finding
from polymodal.questions.inspection.look import Look
from polymodal.questions.inspection.robust import robust_scores
from polymodal.tables.reading.reading import reading_option

_PLACEHOLDERS = re.compile(
    r"[\s\W_]*(?:n\.?\s?/?\s?a\.?|nan|null|nil|none|undefined|unknown|missing|empty|blank|tbd|tba|"
    r"todo|fixme|xxx+|test|asdf\w*|qwerty\w*|foo|bar|404|404 not found|not found|not available|"
    r"no (?:data|text|caption|description|transcript|image|audio|answer|value|title)|error|"
    r"placeholder|lorem ipsum.*|insert text here|\[?deleted\]?|\[?removed\]?|#n/a|#ref!|"
    r"#value!|-?9999?)?[\s\W_]*",
    re.I | re.S,
)
_NO_VALUE = re.compile(
    r"[\s\[(<]*(?:n\.?\s?/\s?a\.?|nan|null|nil|undefined|tbd|tba|todo|"
    r"fixme|xxx+|404|404 not found|not found|not available|#n/a|#ref!|#value!|"
    r"missing|placeholder|\?+|-?9999?)[\s\])>]*",
    re.I,
)
_BROKEN = re.compile("\ufffd|Ã[\x80-\xbf©¨¤¶¼±³¡­ª]|â€[\x80-\xbf™œ\x9d“”˜¦]|Â[\xa0-\xbf]|ï»¿")
_MARKUP = re.compile(
    r"</?[a-z][a-z0-9]*(?:\s[^<>]*)?/?>|&(?:[a-z]{2,8}|#\d{2,5});|"
    r"https?://\S+",
    re.I,
)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_REPEATED = re.compile(r"(\w)\1{5,}|\b(\w+)(?:\W+\2\b){4,}", re.I)
_FEW = 0.15  # what more cells have is how the column is
_LETTERS = 3  # letters below which no script is told
_LENGTH_SIGMAS, _LENGTH_FLOOR = 6.0, 0.35
_GIBBERISH_SIGMAS, _GIBBERISH_FLOOR = 7.0, 0.18
_FEWEST_LETTERS = 4000  # of a column, from which its usual pairs of letters are known
_CODES, _FEWEST_PAIRS, _MOST_LETTERS = 1 << 16, 8, 400  # of pairs of letters of a text
_TEXTS_AT_ONCE = 4000
_PLACEHOLDER_WHY = "A placeholder is read as if somebody had written it."


def words(look: Look) -> Iterator[Finding]:
    """Finds cells of text columns that hold no text of the kind that the others hold."""
    for column in look.of_kind("text", "texts"):
        texts = look.texts(column)
        seen = np.zeros(len(texts), bool)
        for kind, is_odd, said, why, fix in _KINDS:
            found = np.array([text is not None and is_odd(text) for text in texts], bool) & ~seen
            if found.any() and found.mean() <= _FEW:
                seen |= found
                yield look.finding(
                    kind,
                    column,
                    np.flatnonzero(found),
                    f"{{rows}} {said}.",
                    why,
                    fix.replace(
                        "MISSING", reading_option(column, "missing", _examples(texts, found))
                    ),
                )
        for check in (_scripts, _lengths, _gibberish):
            yield from check(look, column, texts, seen)


def placeholders(look: Look) -> Iterator[Finding]:
    """Finds placeholders in columns of labels and categories, which look like one more value."""
    for column in look.of_kind("category"):
        texts = look.texts(column)
        found = np.array(
            [text is not None and bool(_NO_VALUE.fullmatch(text)) for text in texts], bool
        )
        if found.any() and found.mean() <= _FEW:
            mark = reading_option(column, "missing", _examples(texts, found))
            yield look.finding(
                "placeholder",
                column,
                np.flatnonzero(found),
                "{rows} hold a placeholder instead of a value.",
                _PLACEHOLDER_WHY,
                f"{mark} reads them as missing.",
            )


def _is_placeholder(text: str) -> bool:
    return len(text) < 200 and _PLACEHOLDERS.fullmatch(text) is not None


def _matches(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: pattern.search(text) is not None


_LOOK = "Look at each such row, and correct or remove it."
_KINDS = (
    (
        "placeholder",
        _is_placeholder,
        "hold a placeholder instead of a text",
        _PLACEHOLDER_WHY,
        "MISSING reads them as missing.",
    ),
    (
        "wrong encoding",
        _matches(_BROKEN),
        "were read in a wrong encoding",
        "Each wrong character makes a word that no other row has.",
        "Write the table anew as UTF-8 from its source.",
    ),
    (
        "control characters",
        _matches(_CONTROL),
        "hold control characters",
        "They split or hide words.",
        _LOOK,
    ),
    (
        "mark-up",
        _matches(_MARKUP),
        "hold mark-up or addresses",
        "The model reads tags and addresses as words.",
        "Remove the mark-up before training.",
    ),
    (
        "repeated words",
        _matches(_REPEATED),
        "repeat one letter or word over and over",
        "Nobody writes so; a program or a stuck key did.",
        _LOOK,
    ),
)


def _examples(texts: list[str | None], found: np.ndarray) -> list[str]:
    counts = Counter(str(texts[row]).strip() for row in np.flatnonzero(found))
    return [text for text, _ in counts.most_common(3)]


def _scripts(
    look: Look, column: str, texts: list[str | None], seen: np.ndarray
) -> Iterator[Finding]:
    scripts = [None if text is None else script(text) for text in texts]
    counts = Counter(one for one in scripts if one)
    if len(counts) < 2:
        return
    usual, most = counts.most_common(1)[0]
    if most < (1 - _FEW) * counts.total():
        return
    odd = np.array([one is not None and one != usual for one in scripts], bool)
    seen |= odd
    notes = {int(row): f"is {scripts[row]}" for row in np.flatnonzero(odd)}
    yield look.finding(
        "wrong script",
        column,
        np.flatnonzero(odd),
        f"{{rows}} are not written in {usual} letters as the others.",
        "A tokenizer of one script breaks others into single characters or drops them.",
        "Remove each such row, or take an encoder and tokenizer of several scripts.",
        notes=notes,
    )


def _lengths(
    look: Look, column: str, texts: list[str | None], seen: np.ndarray
) -> Iterator[Finding]:
    lengths = np.array([np.nan if text is None else np.log(max(len(text), 1)) for text in texts])
    scores = robust_scores(lengths, _LENGTH_FLOOR)
    odd = (np.abs(scores) > _LENGTH_SIGMAS) & ~seen
    if odd.any() and odd.mean() <= _FEW:
        seen |= odd
        yield look.finding(
            "odd length",
            column,
            np.flatnonzero(odd),
            "{rows} are far shorter or longer than the others.",
            "Long texts are cut off, and short ones say little.",
            _LOOK,
            notes={int(row): f"{len(str(texts[row])):,} characters" for row in np.flatnonzero(odd)},
        )


def _gibberish(
    look: Look, column: str, texts: list[str | None], seen: np.ndarray
) -> Iterator[Finding]:
    """Finds texts whose pairs of letters are unlike those of the column."""
    counts = np.zeros(_CODES, np.int64)
    for _, codes, _ in _pairs(texts):
        counts += np.bincount(codes, minlength=_CODES)
    total = int(counts.sum())
    if total < _FEWEST_LETTERS:
        return
    costs = np.log(total / np.maximum(counts, 1))
    means = np.full(len(texts), np.nan)
    for rows, codes, owner in _pairs(texts):
        lengths = np.bincount(owner, minlength=len(rows))
        sums = np.bincount(owner, costs[codes], minlength=len(rows))
        means[rows] = np.where(lengths >= _FEWEST_PAIRS, sums / np.maximum(lengths, 1), np.nan)
    scores = robust_scores(means, _GIBBERISH_FLOOR)
    odd = (scores > _GIBBERISH_SIGMAS) & ~seen
    if odd.any() and odd.mean() <= _FEW:
        seen |= odd
        yield look.finding(
            "outlier",
            column,
            np.flatnonzero(odd),
            "{rows} are unlike the language of the others.",
            "A model has hardly read such texts, and what it says of them is a guess.",
            f"Remove each such row; {option('--ignore', column)} leaves the column out.",
        )


def _pairs(texts: list[str | None]) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yields the rows of some texts at a time, the codes of their pairs of letters, and the place
    of each code's row among these."""
    there = [row for row, text in enumerate(texts) if text is not None]
    for start in range(0, len(there), _TEXTS_AT_ONCE):
        rows = there[start : start + _TEXTS_AT_ONCE]
        found = []
        for row in rows:
            text = " ".join(str(texts[row]).casefold().split())[:_MOST_LETTERS]
            letters = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
            found.append((letters[:-1] * np.uint32(307) + letters[1:]) % _CODES)
        owner = np.repeat(np.arange(len(rows)), [len(codes) for codes in found])
        yield np.array(rows), np.concatenate(found).astype(np.int64), owner


def script(text: str) -> str | None:
    """Returns the script of most letters of a text, such as LATIN; None where it has few letters.

    Example:

    >>> script("Hello"), script("Привет"), script("12")
    ('LATIN', 'CYRILLIC', None)
    """
    counts = Counter(map(_script_of, text[:400]))
    counts.pop("", None)
    if counts.total() < _LETTERS:
        return None
    return counts.most_common(1)[0][0]


@lru_cache(maxsize=1 << 14)
def _script_of(character: str) -> str:
    if character.isascii():
        if character.isalpha():
            return "LATIN"
        return ""
    if not character.isalpha():
        return ""
    name = unicodedata.name(character, "").split(" ")[0]
    if name in ("HIRAGANA", "KATAKANA", "CJK"):
        return "CJK"
    return name
