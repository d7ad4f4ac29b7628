"""Cleaning of text: Unicode form, remains of HTML, control characters, whitespace."""

from __future__ import annotations

import html
import re
import unicodedata

_TAGS = (
    "a abbr b big blockquote body br button center code div em font footer form h1 h2 h3 h4 h5 h6 "
    "head header hr html i iframe img input ins del label li link meta nav ol option p pre s "
    "section select small span strike strong sub sup table tbody td textarea tfoot th thead title "
    "tr tt u ul video"
).replace(" ", "|")
_HIDDEN = re.compile(r"<(script|style)\b[^<>]*>.*?</\1\s*>|<!--.*?-->", re.I | re.S)
_TAG = re.compile(rf"</?(?:{_TAGS})(?:\s[^<>]*)?/?>|<!doctype[^<>]*>", re.I)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});", re.I)
_JOINERS = "\u200c\u200d"  # they change letters in Persian and Indic scripts, and emoji
_DROPPED = {"Cc", "Cf", "Cs", "Co", "Cn"}  # control, format, surrogate, private, unassigned
_MAX_ROUNDS = 8  # of cleaning what cleaning uncovered: "&amp;lt;"

HIDDEN_WORD = "\ufffd"  # stands for a dropped word; cleaning removes it from what people write


def clean_text(text: str, lowercase: bool = True) -> str:
    """Returns `text` in NFC with one space between words, without tags, entities and controls.

    Args:
        text: str.
        lowercase: bool, whether to lowercase.

    Example:

    >>> clean_text(" It&rsquo;s\\u0000 <b>NEW</b>,<br/>isn\\u2019t it? x < 3 ")
    'it’s new , isn’t it? x < 3'
    """
    for _ in range(_MAX_ROUNDS):
        cleaned = _clean_once(text, lowercase)
        if cleaned == text:
            break
        text = cleaned
    return text


def _clean_once(text: str, lowercase: bool) -> str:
    if "<" in text:
        text = _TAG.sub(" ", _HIDDEN.sub(" ", text))
    if "&" in text:
        text = _ENTITY.sub(lambda match: html.unescape(match.group()), text)
    if not text.isascii() or not text.isprintable():
        text = "".join(kept for character in text if (kept := _kept(character)))
    if lowercase:
        text = text.lower()
    return " ".join(unicodedata.normalize("NFC", text).split())


def _kept(character: str) -> str:
    if character.isprintable() and character != HIDDEN_WORD:
        return character
    if character.isspace():
        return " "
    if character in _JOINERS:
        return character
    unwanted = character == HIDDEN_WORD or unicodedata.category(character) in _DROPPED
    if unwanted:
        return ""
    return character
