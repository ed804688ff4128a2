"""The README's tour of the API, word for word."""

import json
import subprocess
import uuid
from pathlib import Path

import pytest

from tests.doc_samples import ROOT, samples
from tests.e2e.conftest import Stack

TOURS = {"README.md": "## Use it", "README.zh-CN.md": "## 使用"}
NEEDS_MORE = ("read -rs KEY", "make upload-candles", '"dataset"')
"""Keys of an exchange, a checkout, recorded candles: not everybody's."""


@pytest.mark.parametrize("name", TOURS)
def test_the_tour_of_the_readme_works_as_written(name: str, stack: Stack, tmp_path: Path) -> None:
    blocks = [each.text for each in samples(ROOT / name, TOURS[name]) if each.language == "sh"]
    tour = [text for text in blocks if not any(need in text for need in NEEDS_MORE)]
    assert len(tour) >= 6, "the tour has moved: name its heading here"
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local" / "stack.json").write_text(json.dumps(stack.facts))
    stack.forget_registrations()
    somebody = f"ada{uuid.uuid4().hex[:10]}"
    script = "\n".join(tour).replace("ada@", f"{somebody}@")
    script = script.replace('"ada"', f'"{somebody}"').replace(
        "username=ada", f"username={somebody}"
    )
    done = subprocess.run(
        ["bash", "-eu", "-c", f"TOKEN=none\n{script}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    refusals = [a["code"] for a in answers if isinstance(a.get("status"), int)]
    # With a position open the first stop asks what becomes of it; else the second finds it done.
    assert refusals in (["position_required"], ["invalid_transition"])
    assert {a.get("status") for a in answers} & {"stopping", "stopped"}
    assert any(a.get("start_price1") for a in answers)
