"""Where the page is, and what it begins with."""

from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "permissions.md"
HEAD: Final = Path(__file__).with_name("head.md")
