"""XLM-RoBERTa, for a hundred languages."""

from __future__ import annotations

from polymodal.pretrained.families.roberta import Roberta

__all__ = ["XlmRoberta"]


class XlmRoberta(Roberta):
    """XLM-RoBERTa: RoBERTa with a vocabulary for a hundred languages.

    Source: Conneau et al., "Unsupervised cross-lingual representation learning at scale", 2020.
    """

    title = "XLM-RoBERTa, multilingual E5"
