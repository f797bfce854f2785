"""Charts as SVG inside the page: made here, coloured by the one stylesheet through classes."""
