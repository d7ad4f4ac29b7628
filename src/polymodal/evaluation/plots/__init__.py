"""Charts as plain data, drawn twice: in the page (text by the browser) and as PNG files."""
