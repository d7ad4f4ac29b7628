"""How the cells of a column are read: numbers, dates and labels as people write them."""
