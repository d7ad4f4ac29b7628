"""Recordings of any length with a run that transcribes: words, times, subtitles."""
