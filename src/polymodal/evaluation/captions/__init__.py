"""Scores of captions against what several people wrote."""
