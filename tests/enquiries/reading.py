"""A response parsed as a tree, so that tests do not depend on markup."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from lxml.html import HtmlElement, HTMLParser, document_fromstring
from werkzeug.test import TestResponse

_PARSER = HTMLParser(remove_comments=True)


class Page:
    """A parsed page or fragment."""

    def __init__(self, answer: TestResponse) -> None:
        self.status = answer.status_code
        self.root: HtmlElement = document_fromstring(answer.text, parser=_PARSER)

    def all(self, path: str) -> list[HtmlElement]:
        """Return all elements of a path such as `.//tr[@id]`."""
        return self.root.findall(path)

    def one(self, path: str) -> HtmlElement:
        """Return the only element of a path."""
        found = self.all(path)
        assert len(found) == 1, f"{len(found)} elements at {path}"
        return found[0]

    def words(self, path: str = ".//body") -> str:
        """Return the text of the elements of a path, spaces collapsed."""
        return " ".join(" ".join("".join(element.itertext()).split()) for element in self.all(path))

    def links(self) -> list[str]:
        """Return the targets of the links."""
        return [element.attrib["href"] for element in self.all(".//a[@href]")]

    def field(self, name: str) -> str:
        """Return the value of a field."""
        for element in self.all(f".//*[@name='{name}']"):
            if element.tag == "select":
                chosen = [
                    option for option in element.iter("option") if "selected" in option.attrib
                ]
                return (chosen or list(element.iter("option")))[0].attrib["value"]
            return (
                element.attrib.get("value")
                if element.tag == "input"
                else (element.text or "").strip("\r\n")
            )
        raise AssertionError(f"no field {name}")

    def error_at(self, name: str) -> str:
        """Return the error at a field."""
        return self.words(f".//*[@id='{name}-err']")

    def rows(self) -> list[str]:
        """Return the customers of a list, in order."""
        return [
            "".join(cell.itertext()).strip().split("\n")[0]
            for cell in self.all(".//tbody/tr/td[1]")
        ]


def submit(client: Any, path: str, token_from: str | None = None, **fields: str) -> TestResponse:
    """Post a form with the CSRF token of its page."""
    page = Page(client.get(token_from or path))
    token = page.all(".//input[@name='csrf_token']")[0].attrib["value"]
    return client.post(path, data={"csrf_token": token, **fields})


@contextmanager
def watched(app: Flask) -> Iterator[list[int]]:
    """Record the number of statements of each round trip of the read pool."""
    lane = app.extensions["voyagent.auth_adapter"].lane
    trips: list[int] = []

    def run(credential: Any, selects: Any) -> Any:
        trips.append(1 + len(selects))
        return type(lane).run(lane, credential, selects)

    lane.run = run
    try:
        yield trips
    finally:
        del lane.run
