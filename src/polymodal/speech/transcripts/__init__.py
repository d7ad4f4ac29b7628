"""Words with their times, and the formats that hold them."""
