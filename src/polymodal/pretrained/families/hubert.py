"""HuBERT, as encoder of sound and with a layer that spells what is said (CTC)."""

from __future__ import annotations

from typing import Any

from polymodal.pretrained.families.wav2vec2 import Wav2vec2
from polymodal.pretrained.reading.config import Config

__all__ = ["Hubert"]


class Hubert(Wav2vec2):
    """HuBERT: the layers of wav2vec 2.0, trained to predict clusters of sounds.

    Source: Hsu et al., "HuBERT: self-supervised speech representation learning by masked prediction
    of hidden units", 2021.
    """

    title = "HuBERT"
    prefixes = ("hubert.",)

    @classmethod
    def own_settings(cls, config: Config) -> dict[str, Any]:
        config.only("conv_pos_batch_norm", False)
        return {"filter_output_norm": config.flag("feat_proj_layer_norm", True)}
