"""Where speech is: activity, chunks of a recording, and words joined across them."""
