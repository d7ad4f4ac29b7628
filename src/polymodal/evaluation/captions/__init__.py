"""Scores of captions against reference captions."""
