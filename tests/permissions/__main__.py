"""`python -m tests.permissions`: write docs/permissions.md."""

from tests.permissions.page import page
from tests.permissions.place import HEAD, PAGE
from tests.permissions.principals import sections

if __name__ == "__main__":
    PAGE.write_text(page(HEAD.read_text(encoding="utf-8"), sections()), encoding="utf-8")
