"""The page of the document's requests is what the tests send."""

from tests.functional.settings.contract_page import PAGE, page


def test_the_page_lists_what_is_sent() -> None:
    assert PAGE.read_text("utf-8") == page(), "python -m tests.functional.settings.contract_page"
