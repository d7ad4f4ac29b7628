"""Charts as plain data, and their pictures: drawn once, as SVG in the page and PNG beside it."""
