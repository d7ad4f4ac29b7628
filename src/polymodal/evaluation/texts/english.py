"""English as it is scored: one form for words that people write in several ways."""

from __future__ import annotations

import re

from polymodal.evaluation.texts.characters import unified, without_signs
from polymodal.evaluation.texts.number_words import write_numbers
from polymodal.evaluation.texts.spelling import american

__all__ = ["english"]

_REMARK = re.compile(r"\[[^\]]*\]|\([^)]*\)|<[^>]*>|\{[^}]*\}")
_FILLER = re.compile(r"(?<![\w'])(?:u+h+|u+h*m+|e+rm?|h+m+|m+h+m+|mm+)(?![\w'])")
_TITLES = {"mr": "mister", "mrs": "missus", "dr": "doctor", "prof": "professor",
           "capt": "captain", "lt": "lieutenant", "sgt": "sergeant", "rev": "reverend",
           "jr": "junior", "sr": "senior"}
# Words of their own, so only with their stop: "gen. smith", but "next gen".
_STOPPED = {"gen": "general", "gov": "governor", "sen": "senator", "rep": "representative",
            "col": "colonel", "pres": "president", "hon": "honorable", "st": "saint"}
_TITLE = re.compile(rf"\b(?:({'|'.join(_TITLES)})\b\.?|({'|'.join(_STOPPED)})\.(?=\s+\w))")
_WHOLE = {"won't": "will not", "can't": "can not", "cannot": "can not", "shan't": "shall not",
          "let's": "let us", "y'all": "you all", "ma'am": "madam", "gonna": "going to",
          "wanna": "want to", "gotta": "got to", "gimme": "give me", "lemme": "let me",
          "per cent": "percent", "ok": "okay", "o.k": "okay", "'cause": "because",
          "'em": "them", "'til": "until", "i'ma": "i am going to"}
_CONTRACTION = re.compile(
    rf"(?<![\w'])(?:{'|'.join(map(re.escape, sorted(_WHOLE, key=len, reverse=True)))})(?![\w'])")
_ENDINGS = [
    (re.compile(r"\b(?!ai)(\w+)n't\b"), r"\1 not"),
    (re.compile(r"\b(\w+)'re\b"), r"\1 are"), (re.compile(r"\b(\w+)'ve\b"), r"\1 have"),
    (re.compile(r"\b(\w+)'ll\b"), r"\1 will"), (re.compile(r"\b(\w+)'d\b"), r"\1 would"),
    (re.compile(r"\bi'm\b"), "i am"),
    # After these words 's is a verb; after others mostly a possessive, which stays.
    (re.compile(r"\b(it|he|she|that|this|what|who|where|when|how|why|there|here|everything|nothing|"
                r"something|everybody|nobody|somebody|everyone|someone)'s\b"), r"\1 is"),
]
_KEPT = "'.%$£€¥¢"
_LONELY = re.compile(r"(?<![^\W_])'|'(?![^\W_])|(?<![0-9])[.%]|\.(?![0-9])|[$£€¥¢](?![0-9])")


def english(text: str) -> str:
    """Returns an English text as it is scored.

    Remarks in brackets and fillers (uh, um) go; contractions are written out, titles too; British
    spelling becomes American; number words become digits, with %, $, £, € and ¥ beside them.
    Digits said one by one stay one by one ("one oh one" is "1 0 1"), so that each is a unit.

    Args:
        text: str.

    Returns:
        str. Normalising it again changes nothing.

    Example:

    >>> english("We've analysed the twenty-first colour [laughs]; it's 3.5 million pounds.")
    'we have analyzed the 21st color it is £3500000'

    Source: the idea of Radford et al. 2022, Robust Speech Recognition via Large-Scale Weak
    Supervision, appendix C; tables and number grammar are our own and smaller, so the rates differ
    slightly from those under Whisper's normaliser.
    """
    while (written := _once(text)) != text:
        text = written
    return text


def _once(text: str) -> str:
    text = _FILLER.sub(" ", _REMARK.sub(" ", unified(text)))
    text = _TITLE.sub(lambda found: _TITLES.get(found[1]) or _STOPPED[found[2]], text)
    text = _CONTRACTION.sub(lambda found: _WHOLE[found[0]], text)
    for ending, written in _ENDINGS:
        text = ending.sub(written, text)
    text = _plain(write_numbers(_spaced(text)))
    return " ".join(american(word) for word in text.split())


_UNITS = {"$": "dollars", "£": "pounds", "€": "euros", "¥": "yen", "¢": "cents"}
_BEFORE = re.compile(r"([$£€¥¢])\s*([0-9]+(?:[.,][0-9]+)*)((?:\s+(?:hundred|thousand|million|"
                     r"billion|trillion))*)(?![0-9])")
_AFTER = re.compile(r"(?<=[0-9])\s*([$£€¥¢])")
_TWICE = re.compile(rf"\b({'|'.join(_UNITS.values())})(?:\s+\1)+\b")
_THOUSANDS = re.compile(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))")


def _spaced(text: str) -> str:
    """Returns the text with signs beside numbers as words, so that one grammar reads both."""
    text = _BEFORE.sub(lambda found: f" {found[2]}{found[3]} {_UNITS[found[1]]} ", text)
    text = _AFTER.sub(lambda found: f" {_UNITS[found[1]]} ", text).replace("%", " percent ")
    return _plain(_TWICE.sub(r"\1", _THOUSANDS.sub("", text)))


def _plain(text: str) -> str:
    """Returns the text without punctuation, but for apostrophes in words and signs of numbers."""
    return without_signs(text, _KEPT, _LONELY)
