"""From a model's frames to symbols: CTC search, language models, alignment, confidence."""
