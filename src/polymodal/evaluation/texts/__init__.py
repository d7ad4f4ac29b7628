"""Normalisation of texts, and scores of transcripts against references."""
