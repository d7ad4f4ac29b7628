"""Charts as plain data, drawn once, as SVG in the page and PNG next to it."""
