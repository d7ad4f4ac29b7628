"""From the symbols of a speech model to words with times, subtitles and back; no engine."""
