"""The sizes that graph and post-processing share."""

ROWS, COLUMNS = 384, 512  # of the network's picture, into which an image comes at one scale, at the top left
CELL = 4  # pixels of the picture to a cell of the text map
MAP = (ROWS // CELL, COLUMNS // CELL)
PATTERN = 8  # every so many pixels of the picture one goes into the pattern that tells repeated frames


def scale(rows: int, columns: int) -> float:
    """Pixels of the picture to one of the image."""
    return min(ROWS / rows, COLUMNS / columns)
