"""A fit in the studio whose page is reloaded three times, its browser closed once: all of it is there afterwards.

    python benchmarks/studio_training.py [--seconds 60] [--chromium /usr/bin/chromium]

Word vectors of texts at random, by the train page in a real browser. In the end the page, opened anew by its address,
must show the job done, its curve must be the one of all events, and the model must answer under the name it was kept
as.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import shutil
import subprocess
import sys
import time
from itertools import pairwise

import httpx
from playwright.sync_api import Page, sync_playwright

WORDS = [f"word{number}" for number in range(2000)]


def corpus(lines=40_000, seed=0):
    chosen = random.Random(seed)
    return "\n".join(" ".join(chosen.choices(WORDS, k=25)) for _ in range(lines)).encode()


def start(page: Page, seconds: int) -> str:
    page.goto("/train")
    file = {"name": "corpus.txt", "mimeType": "text/plain", "buffer": corpus()}
    page.get_by_label("Drop a file here, or choose one").set_input_files(file)
    page.get_by_label("Task").select_option("vectors")
    page.get_by_label("Time, at most").fill(f"{seconds}s")
    page.locator("summary", has_text="Options").click()
    page.get_by_label("Passes over the texts").fill("1000")
    page.get_by_role("button", name="Start").click()
    page.wait_for_url(re.compile(r"\?job="))
    return page.url


def points(page: Page) -> int:
    page.locator("#job polyline").wait_for(timeout=60_000)
    return len(page.locator("#job polyline").get_attribute("points").split())


def watch(browser, base: str, seconds: int) -> str:
    """Start the fit and reload its page three times; then the browser is closed."""
    page = browser.new_context(base_url=base).new_page()
    address = start(page, seconds)
    for number in range(1, 4):
        page.wait_for_timeout(1000 * seconds / 8)
        before = points(page)
        page.reload()
        print(f"reload {number}: {before} points before, {points(page)} after", flush=True)
    return address


def check(browser, base: str, address: str, seconds: int) -> None:
    page = browser.new_context(base_url=base).new_page()
    page.goto(address)
    print(f"opened again in a new browser: {points(page)} points")
    page.get_by_text("Done: a model of").wait_for(timeout=2000 * seconds + 60_000)
    page.wait_for_timeout(500)
    drawn = page.locator("#job polyline").get_attribute("points")
    page.reload()
    page.get_by_text("Done: a model of").wait_for()
    page.wait_for_timeout(500)
    print(f"the curve after a reload is the same: {page.locator('#job polyline').get_attribute('points') == drawn}")
    page.get_by_label("Serve it as").fill("kept")
    page.get_by_role("button", name="Keep").click()
    page.get_by_role("link", name="Open kept").click()
    page.get_by_role("heading", name="kept", level=1).wait_for()
    print("the model was kept, and has its page")
    job = address.partition("job=")[2]
    with httpx.Client(base_url=base, timeout=30) as client:
        lines = client.get(f"/v1/jobs/{job}/events").text.splitlines()
        told = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith('data: {"')]
        at = [event["at"] for event in told if event["type"] == "point"]
        end = told[-1]
        print(
            f"events: {len(at)} points, {len(drawn.split())} drawn; the longest gap between two is "
            f"{max(after - before for before, after in pairwise(at)):.1f} s; the last event is {end['type']!r} "
            f"after {end['at']:.1f} s; a model of {end['bytes']:,} bytes"
        )
        print("the API serves it:", [model["name"] for model in client.get("/v1/models").json()["models"]])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--chromium", default=shutil.which("chromium"))
    arguments = parser.parse_args()
    studio = subprocess.Popen(
        [sys.executable, "-m", "lilliput", "serve", "--port", "0"], stderr=subprocess.PIPE, text=True
    )
    try:
        base = re.search(r"http://\S+", studio.stderr.readline())[0]
        with sync_playwright() as playwright:

            def launched():
                return playwright.chromium.launch(executable_path=arguments.chromium, args=["--no-sandbox"])

            browser = launched()
            address = watch(browser, base, arguments.seconds)
            browser.close()
            print("the browser was closed", flush=True)
            time.sleep(arguments.seconds / 6)
            browser = launched()
            check(browser, base, address, arguments.seconds)
            browser.close()
    finally:
        studio.terminate()
        studio.wait()
