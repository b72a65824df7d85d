"""What the documents name exists."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parents[2]
PAGES = sorted(ROOT.glob("docs/*.md"))
TESTS = {path: path.read_text() for path in ROOT.glob("tests/**/test_*.py")}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_tests_that_a_document_names_are_there(page):
    text = page.read_text()
    known = set(re.findall(r"^def (test_\w+)", "\n".join(TESTS.values()), re.M))
    assert set(re.findall(r"`(test_\w+)`", text)) <= known
    assert set(re.findall(r"`tests/(?:\w+/)*(\w+\.py)`", text)) <= {
        path.name for path in TESTS
    }
