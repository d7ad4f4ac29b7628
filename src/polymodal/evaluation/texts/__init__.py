"""Scores of texts: of transcripts against what was said, of captions against what people wrote."""
