"""What a page is made of, as far as tests ask: headings, ids, forms, and what may not be in it."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise

_VOID = {"meta", "link", "input", "br", "img", "rect", "path", "line", "circle", "use"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    inside: tuple[str, ...]
    """The tags around it."""
    text: str = ""


@dataclass
class Markup:
    elements: list[Element] = field(default_factory=list)

    def all(self, *tags: str) -> list[Element]:
        return [element for element in self.elements if element.tag in tags]

    @property
    def text(self) -> str:
        return " ".join(self.elements[0].text.split())

    def faults(self) -> list[str]:
        """What a careful person would object to; empty for a page that anybody can use."""
        found = []
        ids = [element.attributes["id"] for element in self.elements if "id" in element.attributes]
        found += [f"id twice: {each}" for each in {i for i in ids if ids.count(i) > 1}]
        if len(self.all("h1")) != 1:
            found.append(f"{len(self.all('h1'))} h1")
        [html] = self.all("html")
        if not html.attributes.get("lang"):
            found.append("no language")
        labelled = {element.attributes.get("for") for element in self.all("label")}
        for each in self.all("input", "select", "textarea"):
            is_hidden = each.attributes.get("type") == "hidden"
            if not (is_hidden or "label" in each.inside or each.attributes.get("id") in labelled):
                found.append(f"no label: {each.attributes}")
        for each in self.all("button", "a", "summary"):
            if not (each.text.strip() or each.attributes.get("aria-label")):
                found.append(f"nothing to read: {each.attributes}")
        for each in self.all("th"):
            if "scope" not in each.attributes:
                found.append(f"th without scope: {each.text}")
        for each in self.elements:
            inline = [name for name in each.attributes if name == "style" or name.startswith("on")]
            found += [f"inline {name} on {each.tag}" for name in inline]
            known = {*ids, "content"}
            for name in ("aria-labelledby",):
                if name in each.attributes and each.attributes[name] not in known:
                    found.append(f"{name} leads nowhere: {each.attributes[name]}")
        found += ["inline script" for each in self.all("script") if each.text.strip()]
        found += ["inline sheet" for each in self.all("style")]
        levels = [int(each.tag[1]) for each in self.all("h1", "h2", "h3", "h4")]
        found += [f"h{a} then h{b}" for a, b in pairwise(levels) if b > a + 1]
        return found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.markup = Markup()
        self._open: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        inside = tuple(element.tag for element in self._open)
        element = Element(tag, {name: value or "" for name, value in attrs}, inside)
        self.markup.elements.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open[-1].tag == tag, f"</{tag}> closes <{self._open[-1].tag}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data


def read(html: str) -> Markup:
    """Fails where tags are not closed in the order in which they were opened."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert [element.tag for element in reader._open] == []
    return reader.markup
