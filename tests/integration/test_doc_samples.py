"""What the documents say about history is done word for word, each document in its own folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.doc_samples import ROOT, samples

DOCUMENTS = (
    ("docs/cli.md", ""),
    ("docs/analysis.md", ""),
    ("README.md", "## Ask history"),
    ("README.zh-CN.md", "## 用历史数据回测"),
)


def run(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PAIRTRADER_CACHE": str(folder / ".cache"),
    }
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("name", "section"), DOCUMENTS)
def test_every_sample_of_the_document_works(name: str, section: str, tmp_path: Path) -> None:
    blocks = samples(ROOT / name, section)
    commands = 0
    for block in blocks:
        if block.language == "json" and block.title:
            (tmp_path / block.title).write_text(block.text)
        if block.language == "python":
            (tmp_path / "sample.py").write_text(block.text)
        if block.language in ("sh", "python"):
            text = block.text if block.language == "sh" else "python sample.py"
            done = run(text, tmp_path)
            assert done.returncode == 0, f"{name}:{block.line}\n{done.stdout}{done.stderr}"
            commands += 1
    assert commands, f"{name} shows nothing to try"
