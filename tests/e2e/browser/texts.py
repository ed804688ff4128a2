"""The UI's texts by their keys, so that a test finds a control in either language."""

import json
import re
import subprocess
from functools import lru_cache
from typing import Any

from scripts.emulator import ROOT

FRONTEND = ROOT / "frontend"
LANGUAGES = ("en", "zh-CN")
READ = """
const ts = require('typescript')
const fs = require('fs')
require.extensions['.ts'] = (module, file) => {
  const compilerOptions = { module: 'commonjs', esModuleInterop: true }
  const text = fs.readFileSync(file, 'utf8')
  module._compile(ts.transpileModule(text, { compilerOptions }).outputText, file)
}
const read = (language) => require(`./src/locales/${language}/index.ts`).default
console.log(JSON.stringify({ en: read('en'), 'zh-CN': read('zh-CN') }))
"""
PLACEHOLDER = re.compile(r"\{'(.*?)'\}|\{(\w+)\}")


@lru_cache
def _all() -> dict[str, Any]:
    done = subprocess.run(
        ["node", "-e", READ], cwd=FRONTEND, capture_output=True, text=True, check=True
    )
    texts: dict[str, Any] = json.loads(done.stdout)
    return texts


def text(language: str, key: str, **values: object) -> str:
    """Return the text of `key` with its placeholders filled."""
    found: Any = _all()[language]
    for name in key.split("."):
        found = found[name]
    assert isinstance(found, str), f"{key} is no text"

    def fill(place: re.Match[str]) -> str:
        literal, name = place.groups()
        return literal if literal is not None else str(values[name])

    return PLACEHOLDER.sub(fill, found)
