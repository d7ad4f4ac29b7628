"""Scores in one weighted form: what each row adds is counted once, weights say how often it counts.

Weights of one give the scores; weights drawn by a bootstrap give those of its resamples.
"""
