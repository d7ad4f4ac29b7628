"""Texts made comparable, and scores of transcripts against what was said."""
