"""The page in a real browser: it draws, turns, colours, sorts, switches, and says nothing on the console."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

import lizip
from lizip import report, simulator
from lizip.packs import PackWriter

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")

LIT = """
const canvas = document.getElementById(arguments[0]);
const copy = document.createElement("canvas");
[copy.width, copy.height] = [canvas.width, canvas.height];
const context = copy.getContext("2d");
context.drawImage(canvas, 0, 0);
const pixels = context.getImageData(0, 0, copy.width, copy.height).data;
let [lit, sum] = [0, 0];
for (let i = 0; i < pixels.length; i += 4) {
  if (!pixels[i + 3]) continue;
  lit += 1;
  sum = (sum * 31 + pixels[i] + 256 * pixels[i + 1] + 65536 * pixels[i + 2] + i) % 4294967291;
}
return [lit, sum];
"""


@pytest.fixture(scope="module")
def browser():
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    if not CHROMIUM or not DRIVER:
        pytest.skip("neither chromium nor chromedriver is installed")
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--enable-unsafe-swiftshader"):
        options.add_argument(argument)
    options.add_argument("--window-size=1200,1400")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    sweep = folder / "sweep.bin"
    sweep.write_bytes(simulator.nuscenes(1, firings=300))
    (folder / "sweep.html").write_text(report.page_of_file(sweep), encoding="utf-8")
    with PackWriter(folder / "some.lizips") as pack:
        for name, size in (("b", 900), ("a", 300), ("c", 600)):
            pack.add(f"{name}.bin", bytes(range(256)) * (size // 10))
    (folder / "pack.html").write_text(report.page_of_pack(str(folder / "some.lizips")), encoding="utf-8")
    return folder


def opened(browser, path: Path, hash: str = ""):
    from selenium.webdriver.support.ui import WebDriverWait

    browser.get("about:blank")
    browser.get_log("browser")
    browser.get(path.as_uri() + hash)
    script = "return document.documentElement.dataset.ready"
    WebDriverWait(browser, 60).until(lambda _: browser.execute_script(script) == "yes")


def settled(browser) -> None:
    """Two frames later."""
    browser.set_script_timeout(60)
    browser.execute_async_script(
        "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done()));"
    )


def lit(browser, canvas: str) -> tuple[int, int]:
    settled(browser)
    return tuple(browser.execute_script(LIT, canvas))


def complaints(browser) -> list[str]:
    """What the page said; the software renderer's word about its speed is not the page's."""
    return [entry["message"] for entry in browser.get_log("browser") if "GL Driver Message" not in entry["message"]]


def dragged(browser, right: int, down: int) -> None:
    from selenium.webdriver import ActionChains

    canvas = browser.find_element("id", "turn")
    ActionChains(browser).move_to_element(canvas).click_and_hold().move_by_offset(right, down).release().perform()


@pytest.mark.parametrize(("hash", "painter"), [("", "webgl"), ("#canvas", "canvas")])
def test_points_are_drawn_turned_and_coloured(browser, folder, hash, painter):
    opened(browser, folder / "sweep.html", hash)
    assert browser.find_element("id", "turn").get_attribute("data-painter") == painter
    first = {canvas: lit(browser, canvas) for canvas in ("turn", "above", "range")}
    assert all(count > 1000 for count, _ in first.values())
    dragged(browser, 120, 40)
    turned = lit(browser, "turn")
    assert turned[1] != first["turn"][1]
    assert lit(browser, "above") == first["above"]
    browser.find_element("css selector", "[data-key=bits]").click()
    for canvas, before in (("turn", turned), ("above", first["above"]), ("range", first["range"])):
        count, shades = lit(browser, canvas)
        assert abs(count - before[0]) <= 0.01 * before[0]  # the same points
        assert shades != before[1]  # in other colours
    assert browser.find_element("css selector", "[data-key=bits]").get_attribute("aria-checked") == "true"
    assert complaints(browser) == []


def test_a_browser_without_webgl_gets_a_canvas(browser, folder):
    source = """
    const kept = HTMLCanvasElement.prototype.getContext;
    HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
      return kind === "webgl" ? null : kept.call(this, kind, ...rest);
    };
    """
    script = browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": source})
    try:
        opened(browser, folder / "sweep.html")
        assert browser.find_element("id", "turn").get_attribute("data-painter") == "canvas"
        assert lit(browser, "turn")[0] > 1000
        assert complaints(browser) == []
    finally:
        browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)


def test_the_page_says_what_the_file_says(browser, folder):
    opened(browser, folder / "sweep.html")
    packed = lizip.compress((folder / "sweep.bin").read_bytes())
    text = browser.find_element("tag name", "main").text
    assert f"{lizip.info(packed)['bits_per_point']:.2f}" in text
    assert "HDL-32E" in text
    assert len(browser.find_elements("css selector", "#rings rect")) == lizip.info(packed)["rings"]
    assert len(browser.find_elements("css selector", "#rivals .best")) == 1


@pytest.mark.parametrize("width", [360, 1200])
def test_nothing_is_wider_than_the_page(browser, folder, width):
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        for name in ("sweep.html", "pack.html"):
            opened(browser, folder / name)
            settled(browser)
            assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_light_and_dark(browser, folder):
    paper = "return getComputedStyle(document.body).backgroundColor"
    seen: dict[Any, str] = {}
    for scheme in ("light", "dark"):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        opened(browser, folder / "pack.html")
        seen[scheme] = browser.execute_script(paper)
        browser.find_element("id", "theme").click()
        seen[scheme, "switched"] = browser.execute_script(paper)
        browser.find_element("id", "theme").click()
        assert browser.execute_script(paper) == seen[scheme]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert seen["light"] != seen["dark"]
    assert seen["light", "switched"] == seen["dark"]
    assert seen["dark", "switched"] == seen["light"]


def test_files_are_sorted_and_filtered(browser, folder):
    opened(browser, folder / "pack.html")

    def names() -> list[str]:
        return [cell.text for cell in browser.find_elements("css selector", "#files tbody td:first-child")]

    assert names() == ["b.bin", "a.bin", "c.bin"]
    head = {key: f"#files th[data-key={key}] button" for key in ("name", "bytes")}
    browser.find_element("css selector", head["name"]).click()
    assert names() == ["a.bin", "b.bin", "c.bin"]
    browser.find_element("css selector", head["name"]).click()
    assert names() == ["c.bin", "b.bin", "a.bin"]
    browser.find_element("css selector", head["bytes"]).click()
    assert names() == ["b.bin", "c.bin", "a.bin"]
    browser.find_element("id", "filter").send_keys("C.B")
    assert names() == ["c.bin"]
    assert complaints(browser) == []


def test_a_long_table_keeps_its_heads(browser, folder):
    """In a box of its own, which is wide enough on a screen, and as long as the screen."""
    with PackWriter(folder / "long.lizips", every=1) as pack:
        packed = lizip.compress(bytes(range(256)))
        for number in range(300):
            pack.add_packed(f"drive/{number:06}.bin", packed)
    (folder / "long.html").write_text(report.page_of_pack(str(folder / "long.lizips"), codecs=True), encoding="utf-8")
    opened(browser, folder / "long.html")
    box = browser.find_element("css selector", ".scroll")
    wide, inside, tall, window = browser.execute_script(
        "const box = arguments[0]; box.scrollTop = 2000;"
        " return [box.clientWidth, box.scrollWidth, box.clientHeight, innerHeight];",
        box,
    )
    assert inside <= wide
    assert tall < window
    head = browser.find_element("css selector", "#files th")
    assert abs(head.rect["y"] - box.rect["y"]) <= 2
    assert len(browser.find_elements("css selector", "#files tbody tr")) == 300
    assert complaints(browser) == []
