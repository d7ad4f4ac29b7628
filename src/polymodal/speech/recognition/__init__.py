"""Recognition of files and live audio with a trained run."""
