"""N-gram language models: trained, read and written."""
