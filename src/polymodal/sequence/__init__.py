"""Sequence models over the fused tokens, one file per method."""
