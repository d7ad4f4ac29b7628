"""Opens the report in a real browser, without a network, at the width of a phone and of a desk."""

import json
import re
import shutil
import subprocess

import pytest

from polymodal.evaluation.report import write_report

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--virtual-time-budget=6000",
]
# The page itself allows no script. The copy under test allows this one, which reports what it saw.
PROBE = """<script>
const seen = {errors: [], blocked: []};
addEventListener("error", e => seen.errors.push(String(e.message || e.target.tagName)), true);
addEventListener("securitypolicyviolation", e => seen.blocked.push(e.blockedURI));
addEventListener("load", async () => {
  const sounds = [...document.querySelectorAll("audio")];
  const ready = sound => sound.readyState || sound.error ? 0 : new Promise(done =>
    ["loadedmetadata", "error"].forEach(name => sound.addEventListener(name, done)));
  await Promise.all(sounds.map(ready));
  parent.postMessage({...seen, width: innerWidth, needed: document.documentElement.scrollWidth,
    requests: performance.getEntriesByType("resource").map(r => r.name)
      .filter(name => !name.startsWith("data:")),
    pictures: [...document.images].map(i => i.naturalWidth),
    seconds: sounds.map(s => s.error ? -1 : s.duration)}, "*");
});
</script>"""
WRAPPER = """<!doctype html><pre id="found"></pre><script>
const found = [];
addEventListener("message", e => {
  found.push(e.data); document.getElementById("found").textContent = JSON.stringify(found); });
</script>
<iframe src="copy.html" width="400" height="800"></iframe>
<iframe src="copy.html" width="1200" height="800"></iframe>"""


def browse(page, tmp_path):
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    text = page.read_text(encoding="utf-8")
    copy = text.replace("default-src 'none';", "default-src 'none'; script-src 'unsafe-inline';")
    (tmp_path / "copy.html").write_text(copy.replace("<head>", f"<head>{PROBE}"), encoding="utf-8")
    (tmp_path / "wrapper.html").write_text(WRAPPER)
    ran = subprocess.run(
        [
            CHROMIUM,
            *FLAGS,
            f"--user-data-dir={tmp_path / 'profile'}",
            "--enable-logging=stderr",
            "--dump-dom",
            (tmp_path / "wrapper.html").as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    found = re.search(r'<pre id="found">(.*?)</pre>', ran.stdout, re.DOTALL)
    if found is None or not found[1]:
        pytest.fail(f"the browser showed nothing: {ran.stderr[-800:]}")
    console = [line for line in ran.stderr.splitlines() if "CONSOLE" in line]
    return json.loads(found[1].replace("&lt;", "<").replace("&amp;", "&")), console


def test_page_opens_offline_without_errors_and_fits_phone_and_desk(written, tmp_path):
    pages, console = browse(written, tmp_path)
    assert sorted(page["width"] for page in pages) == [400, 1200]
    for page in pages:
        assert page["errors"] == page["blocked"] == page["requests"] == []
        assert page["needed"] <= page["width"]
        assert page["pictures"] == [28, 28]
        assert page["seconds"] == pytest.approx([0.5, 0.5], abs=0.05)
    assert console == []


def test_spectrograms_fit_phone_and_desk(transcribed, tmp_path):
    pages, console = browse(write_report(tmp_path / "run", transcribed), tmp_path)
    for page in pages:
        assert page["errors"] == page["blocked"] == page["requests"] == []
        assert page["needed"] <= page["width"]
    assert console == []
