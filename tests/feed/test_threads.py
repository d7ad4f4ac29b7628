"""Conversations read once, and packed into sequences."""

from __future__ import annotations

import numpy as np
import pytest

from polymodal.feed.threads import Thread, joined, packs_of
from polymodal.text.dialogue.messages import BREAK


def thread(length, row):
    return Thread(
        np.arange(length, dtype="int32"), (row,), np.array([length - 1], "int32"), {1: ((row, 0),)}
    )


@pytest.mark.parametrize("lengths", [[5, 5, 5], [9, 1, 2, 3, 4, 5, 6], [3] * 50 + [10] * 3])
def test_no_sequence_is_longer_than_the_longest_conversation(lengths):
    packs = packs_of(lengths, seed=0)
    assert sorted(one for pack in packs for one in pack) == list(range(len(lengths)))
    sums = [sum(lengths[one] for one in pack) for pack in packs]
    assert max(sums) == max(lengths)
    assert len(packs) <= 1 + sum(lengths) / max(lengths) * 1.25
    assert packs_of(lengths, seed=0) == packs


def test_joined_conversations_keep_their_places_behind_a_break():
    found = joined([thread(3, 7), thread(2, 4)])
    assert found.ids.tolist() == [0, 1, 2, BREAK, 0, 1]
    assert found.places.tolist() == [2, 5]
    assert found.rows == (7, 4)
    assert found.media == {1: ((7, 0), (4, 0))}
