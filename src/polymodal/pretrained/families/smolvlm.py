"""SmolVLM: Idefics3, made small."""

from __future__ import annotations

from polymodal.pretrained.families.idefics3 import Idefics3

__all__ = ["Smolvlm"]


class Smolvlm(Idefics3):
    """SmolVLM and SmolVLM2, images alone.

    Source: Marafioti et al., "SmolVLM: redefining small and efficient multimodal models", 2025.
    """

    title = "SmolVLM"
