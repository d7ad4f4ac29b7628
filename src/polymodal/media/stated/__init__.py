"""What files state of themselves, and whether that is true: lengths and checksums, by format."""
