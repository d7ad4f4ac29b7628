"""Labels and categories: spellings, classes with one row, imbalance."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator

import numpy as np
from rapidfuzz.distance import DamerauLevenshtein

from polymodal.core.advice import option
from polymodal.questions.inspection.finding import Finding
from polymodal.questions.inspection.look import Look
from polymodal.recipe.balance import SKEWED
from polymodal.tables.reading.reading import reading_option

_MOST_VALUES = 2000
_TYPO_LETTERS = 4  # a label of fewer letters has neighbours that are other labels
_TYPO_TIMES = 4  # how much more frequent the right spelling is
_LETTERS = re.compile(r"[\W_]+")
_SPELLED_WHY = (
    "Each spelling counts as a class of its own, and the rows of one are lost to the other."
)


def spellings(look: Look) -> Iterator[Finding]:
    """Finds labels and categories that are other spellings of more frequent ones."""
    for column in look.of_kind("category"):
        texts = look.texts(column)
        counts = Counter(text for text in texts if text is not None)
        if not 2 <= len(counts) <= _MOST_VALUES:
            continue
        meant = _spelled_as(counts)
        rows = [row for row, text in enumerate(texts) if text in meant]
        if rows:
            yield look.finding(
                "spelling",
                column,
                rows,
                "{rows} hold another spelling of a more frequent value.",
                _SPELLED_WHY,
                f"Correct each; {reading_option(column, 'ignore_case', True)} joins spellings that "
                "differ only in case.",
                notes={row: f'"{texts[row]}" for "{meant[str(texts[row])]}"' for row in rows},
            )


def _spelled_as(counts: Counter[str]) -> dict[str, str]:
    """Returns {spelling: the more frequent one that it stands for}."""
    meant: dict[str, str] = {}
    groups: dict[str, list[str]] = defaultdict(list)
    for text, _ in counts.most_common():
        groups[_folded(text)].append(text)
    for first, *others in groups.values():
        meant |= dict.fromkeys(others, first)
    usual = [group[0] for group in groups.values()]
    for place, text in enumerate(usual):
        other = next((one for one in usual[:place] if _is_typo(text, one, counts)), None)
        if other is not None and other not in meant:
            meant[text] = other
    return meant


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    kept = _LETTERS.sub("", "".join(c for c in plain if not unicodedata.combining(c)))
    return kept or text.strip()


def _is_typo(text: str, usual: str, counts: Counter[str]) -> bool:
    if counts[usual] < _TYPO_TIMES * counts[text] or min(map(len, (text, usual))) < _TYPO_LETTERS:
        return False
    one, other = _folded(text), _folded(usual)
    if re.sub(r"\D", "", one) != re.sub(r"\D", "", other):
        return False  # room 12 and room 13
    most = 1 if len(other) < 8 else 2
    return DamerauLevenshtein.distance(one, other, score_cutoff=most) <= most


def classes(look: Look) -> Iterator[Finding]:
    """Finds classes with one row, and says what imbalance does to scores."""
    if not look.has_labels or look.target is None:
        return
    texts = look.texts(look.target)
    counts = Counter(text.strip() for text in texts if text is not None)
    single = {text for text, count in counts.items() if count == 1}
    if single and len(single) < len(counts) and not _are_amounts(look, look.target):
        rows = [row for row, text in enumerate(texts) if text and text.strip() in single]
        yield look.finding(
            "class with one row",
            look.target,
            rows,
            "{rows} have a label that no other row has.",
            "It is either learned or scored, never both.",
            "Add rows of this class, or join it with another.",
            notes={row: str(texts[row]) for row in rows},
        )
    several = {text: count for text, count in counts.items() if count > 1}
    if len(several) > 1:
        yield from _imbalance(look, look.target, several)


def _are_amounts(look: Look, target: str) -> bool:
    """Returns whether classes are numbers, of which a rare one has neighbours."""
    return look.facts.whole.column(target).numbers is not None


def _imbalance(look: Look, target: str, counts: dict[str, int]) -> Iterator[Finding]:
    most, least = max(counts, key=counts.__getitem__), min(counts, key=counts.__getitem__)
    if counts[most] < SKEWED * counts[least]:
        return
    share = counts[most] / sum(counts.values())
    yield look.finding(
        "imbalance",
        target,
        [],
        f'"{most}" has {counts[most]:,} rows and "{least}" {counts[least]:,}.',
        f'Always saying "{most}" already has an accuracy of {share:.1%}, while macro F1 counts '
        "each class alike.",
        "Compare by macro F1, and add rows of rare classes.",
        level="note",
        count=len(counts),
    )


def constants(look: Look) -> Iterator[Finding]:
    """Finds columns whose cells are all the same, and a target that cannot be one."""
    for column in look.columns:
        if look.kind(column) in ("image", "audio", "video"):
            same = len(look.facts.items(column)[1]) == 1 and len(look) > 1
        else:
            same = len(look) > 1 and len({str(cell) for cell in look.cells(column)}) == 1
        if same:
            yield look.finding(
                "constant column",
                column,
                [],
                "all its cells are the same.",
                "It tells nothing.",
                f"{option('--ignore', column)} leaves it out.",
                level="note",
                count=1,
            )
    if look.target is not None and look.form is None:
        yield look.finding(
            "unusable target",
            look.target,
            [],
            "it cannot be predicted as it is.",
            "No task fits what its cells hold.",
            "Name another target, or correct its cells.",
            count=1,
        )


def rare_values(look: Look) -> Iterator[Finding]:
    """Finds categories that single rows have in columns of few, frequent values."""
    for column in look.of_kind("category"):
        if column == look.target:
            continue
        texts = look.texts(column)
        counts = Counter(text for text in texts if text is not None)
        usual = [value for value, count in counts.items() if count >= 10]
        rare = {value for value, count in counts.items() if count == 1}
        if rare and len(usual) >= 2 and len(rare) <= 0.01 * len(look):
            rows = np.flatnonzero([text in rare for text in texts])
            yield look.finding(
                "rare value",
                column,
                rows,
                "{rows} hold a value that no other row has.",
                "Nothing can be learned about a value that is seen once.",
                "Look at each such cell.",
                level="note",
                notes={int(row): str(texts[row]) for row in rows},
            )
