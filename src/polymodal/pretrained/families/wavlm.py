"""WavLM, as encoder of sound, and with a layer that spells what is said (CTC)."""

from __future__ import annotations

from typing import Any, ClassVar

from polymodal.pretrained.families.wav2vec2 import Wav2vec2
from polymodal.pretrained.reading.config import Config

__all__ = ["Wavlm"]

_ATTENTION = "encoder.layers.*.attention"


class Wavlm(Wav2vec2):
    """WavLM: wav2vec 2.0 whose attention minds distances, by what each token is.

    Source: Chen et al., "WavLM: large-scale self-supervised pre-training for full stack speech
    processing", 2022.
    """

    title = "WavLM"
    prefixes = ("wavlm.",)
    names: ClassVar = {
        **Wav2vec2.names,
        "distances": "encoder.layers.0.attention.rel_attn_embed.weight",
        "blocks.*.position_gate.weight": f"{_ATTENTION}.gru_rel_pos_const",
        "blocks.*.position_gate.gates": f"{_ATTENTION}.gru_rel_pos_linear",
    }

    @classmethod
    def own_settings(cls, config: Config) -> dict[str, Any]:
        config.passed_over("num_ctc_classes")
        num_buckets = config.whole("num_buckets", 4, 65_536, 320)
        farthest = config.whole("max_bucket_distance", 2, 1_000_000, 800)
        if farthest <= num_buckets // 4:
            config.refuse("max_bucket_distance", f"more than {num_buckets // 4} tokens", farthest)
        return {"num_buckets": num_buckets, "farthest": farthest}
