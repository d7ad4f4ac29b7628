"""What a model said about a table: the one form that evaluation, reports and files read."""

from polymodal.core.task import Predictions

__all__ = ["Predictions"]
