"""One page, or picture, that shows what happened to a file, a folder or a pack: `lizip report` and `lizip view`.

    html = page_of_file("sweep.bin")
    png = png_of_file("sweep.bin.lizip")

`subject` reads and compresses, `spent` and `sweep` decode and say where the bits went, `scene` what is to be seen,
`single` and `many` what the page is told, `document` makes it one file. What it draws with stands in `page/`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lizip.codecs import Options
from lizip.errors import FormatError
from lizip.storage import StrPath

__all__ = ["page_of_file", "page_of_files", "page_of_pack", "png_of_file"]


def page_of_file(
    path: StrPath,
    options: Options | None = None,
    *,
    against: StrPath | None = None,
    rivals: bool = True,
    codecs: bool = False,
) -> str:
    """The page of one file as HTML that needs nothing else.

    Parameters
    ----------
    path : path or URL
        A .lizip file, or one that is compressed for the page, in memory.
    options : Options, optional
        How to compress it.
    against : path or URL, optional
        What a near-lossless file was made of, for the map of its errors; the file beside it otherwise, if it is that.
    rivals : bool
        Run other compressors on the file, for size and speed.
    codecs : bool
        Say what the codecs that it does not have would take.

    Raises
    ------
    LizipError, OSError
    """
    from lizip.report.document import page
    from lizip.report.single import told
    from lizip.report.subject import reported

    options = options or Options()
    return page(told(reported(path, options, against), rivals, options if codecs else None))


def page_of_files(
    paths: Sequence[str],
    title: str,
    options: Options | None = None,
    tell: Callable[[str], None] = lambda name: None,
    codecs: bool = False,
) -> str:
    """The page of several files; one that fails is on it as such. `tell` hears of each before its turn.

    With `codecs` a column says which other codec would have come next.
    """
    from lizip.report.document import page
    from lizip.report.many import of_files

    return page(of_files(paths, title, options or Options(), tell, codecs))


def page_of_pack(path: str, codecs: bool = False) -> str:
    """The page of a pack; nothing of it is decoded, but with `codecs` (see `page_of_files`). LizipError, OSError."""
    from lizip.report.document import page
    from lizip.report.many import of_pack

    return page(of_pack(path, codecs))


def png_of_file(path: StrPath, options: Options | None = None) -> bytes:
    """A picture of a file's points as PNG; FormatError where it has none that are somewhere."""
    from lizip.report.picture import picture
    from lizip.report.png import to_png
    from lizip.report.scene import scene_of
    from lizip.report.subject import reported

    decoder = reported(path, options or Options()).decoder
    scene = scene_of(decoder)
    image = None if scene is None else picture(scene, decoder.format.name != "las")
    if image is None:
        raise FormatError("there are no points in it to draw")
    return to_png(image)
