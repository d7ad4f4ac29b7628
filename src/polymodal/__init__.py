"""Polymodal: one model over images, text, speech and video."""
