"""What an import writes into `model.json` beside what a run writes. Loads no engine."""

__all__ = ["LANGUAGE_MODEL", "ORIGIN"]

ORIGIN = "origin"  # where the weights are from
LANGUAGE_MODEL = "language_model"  # settings of a language model
