"""From the outputs of a speech model to words with times and subtitles; no engine."""
