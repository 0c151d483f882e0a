"""Take the pictures of docs/report.md: pages of simulated sweeps in a headless Chromium (with selenium, chromedriver).

python scripts/make_screenshots.py             what they show does not depend on the machine
python scripts/make_screenshots.py --rivals    other compressors and their times, too: on a quiet machine
"""

from __future__ import annotations

import argparse
import base64
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lizip import report, simulator

PICTURES = Path(__file__).resolve().parents[1] / "docs" / "pictures"


class Shot(NamedTuple):
    """A picture: of which page, how wide and high (0: the whole page) in pixels, and what is clicked first."""

    page: str
    width: int = 1280
    height: int = 0
    dark: bool = False
    clicked: str = ""


SHOTS = {
    "report-light.png": Shot("sweep"),
    "report-dark.png": Shot("kitti", height=1060, dark=True, clicked="[data-key=bits]"),
    "report-folder.png": Shot("folder", height=900),
}


def main() -> None:
    """Make the pages, and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rivals", action="store_true", help="with other compressors' sizes and times")
    rivals = parser.parse_args().rivals
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        pages = written(folder, rivals)
        browser = started()
        try:
            for name, shot in SHOTS.items():
                (PICTURES / name).write_bytes(taken(browser, pages[shot.page], shot))
                print(PICTURES / name)
        finally:
            browser.quit()


def written(folder: Path, rivals: bool) -> dict[str, Path]:
    """Pages of a sweep of a moving sensor, of one at rest, and of a folder with these and others."""
    files = {
        "sweep.bin": simulator.nuscenes(3),
        "kitti.bin": simulator.kitti(2),
        "tile.las": simulator.airborne_las(1, 6, 20_000),
        "ouster.bin": simulator.ouster(1),
        "notes.txt": b"Drives of this week, and what was seen on them.\n" * 40,
    }
    (folder / "drive").mkdir()
    for name, data in files.items():
        (folder / "drive" / name).write_bytes(data)
    paths = [folder / "drive" / name for name in files]
    made = {
        "sweep": report.page_of_file(paths[0], rivals=rivals),
        "kitti": report.page_of_file(paths[1], rivals=rivals),
        "folder": report.page_of_files([str(path) for path in paths], "drive"),
    }
    for name, text in made.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in made}


def started() -> Any:
    """A browser without a window."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    for argument in ("--headless=new", "--no-sandbox", "--hide-scrollbars", "--enable-unsafe-swiftshader"):
        options.add_argument(argument)
    return webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))


def taken(browser: Any, page: Path, shot: Shot) -> bytes:
    """A picture of a page that has drawn itself."""
    from selenium.webdriver.support.ui import WebDriverWait

    scheme = {"name": "prefers-color-scheme", "value": "dark" if shot.dark else "light"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})

    def sized(height: int) -> None:
        size = {"width": shot.width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    sized(shot.height or 1400)
    browser.get(page.as_uri())
    ready = "return document.documentElement.dataset.ready"
    WebDriverWait(browser, 120).until(lambda _: browser.execute_script(ready) == "yes")
    if shot.clicked:
        browser.find_element("css selector", shot.clicked).click()
    if not shot.height:
        sized(browser.execute_script("return document.documentElement.scrollHeight"))
    browser.set_script_timeout(120)
    browser.execute_async_script("const done = arguments[0]; setTimeout(done, 2000);")
    return base64.b64decode(browser.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})["data"])


if __name__ == "__main__":
    main()
