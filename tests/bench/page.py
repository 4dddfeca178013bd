"""The page under a storm: how many frames a second it paints, and its longest task, while changes pour in."""

import subprocess
from typing import Any

from playwright.sync_api import sync_playwright

from tests.bench.servers import BROWSER, LOAD_CORE, MADE

SECONDS = 5
CLICKERS, RATE = 10, 30
"""300 changes a second in all."""

WATCH = """() => {
  const watched = { frames: 0, longest: 0, began: performance.now() };
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) watched.longest = Math.max(watched.longest, duration);
  }).observe({ type: 'longtask' });
  const paint = () => { watched.frames += 1; requestAnimationFrame(paint); };
  requestAnimationFrame(paint);
  globalThis.watched = watched;
}"""
READ = """() => {
  const { frames, longest, began } = globalThis.watched;
  return { frames_a_second: 1000 * frames / (performance.now() - began), longest_task: longest };
}"""


def watch(port: int) -> dict[str, Any]:
    """Open the page of a server, let people click for SECONDS, and return what the page did; RuntimeError without a
    browser."""
    if BROWSER is None:
        raise RuntimeError("there is no Chromium")
    shape = ("v1", CLICKERS, CLICKERS, RATE, SECONDS, CLICKERS, 0)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox", "--disable-gpu"])
        try:
            page = browser.new_page()
            page.goto(f"http://127.0.0.1:{port}/")
            page.locator(".num").wait_for(state="attached")
            command = ["taskset", "-c", str(LOAD_CORE), str(MADE / "load"), str(port), "0", *map(str, shape)]
            load = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            try:
                page.wait_for_timeout(1_000)  # until all have joined: then the clicking begins
                page.evaluate(WATCH)
                page.wait_for_timeout((SECONDS - 1.5) * 1_000)
                found: dict[str, Any] = page.evaluate(READ)
            finally:
                load.wait()
        finally:
            browser.close()
    return {**found, "frames_missed": 60 - found["frames_a_second"]}
