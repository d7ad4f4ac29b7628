"""Questions that every project asks of its data and its models, one subfolder each."""
