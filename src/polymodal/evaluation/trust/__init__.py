"""How far answers can be trusted: calibrated probabilities, and sets with a stated coverage."""
