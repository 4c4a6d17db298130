"""A page as a browser's parser meets it: tags, attributes and words; unclosed and crossed tags are refused."""

from html.parser import HTMLParser

EMPTY = {"meta", "link", "img", "br", "hr", "input", "path", "line", "rect", "circle"}
MAY_STAY_OPEN = {"tr", "td", "th", "li", "p", "dt", "dd", "tbody", "thead"}  # a parser closes them by itself


class Page(HTMLParser):
    """`Page(text)` has read it all."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if tag in EMPTY:
            return
        while self.open and self.open[-1] != tag and self.open[-1] in MAY_STAY_OPEN:
            self.open.pop()
        assert self.open and self.open.pop() == tag, f"</{tag}> closes nothing: {self.open} at {self.getpos()}"

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("style", "script"):
            self.words.append(data)

    @property
    def text(self) -> str:
        """All that is read, on one line."""
        return " ".join(" ".join(self.words).split())

    def named(self, tag: str) -> list[dict[str, str]]:
        """The attributes of all tags of one name."""
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def ids(self) -> list[str]:
        """Identifiers in order."""
        return [attributes["id"] for _, attributes in self.tags if "id" in attributes]

    def loads(self) -> list[str]:
        """Everything that a browser would fetch or run: must be empty for a file that stands alone."""
        found = [
            f"<{tag}>" for tag, _ in self.tags if tag in {"script", "link", "iframe", "object", "embed", "base", "form"}
        ]
        for tag, attributes in self.tags:
            for name, value in attributes.items():
                fetched = name in {"src", "srcset", "xlink:href", "poster", "background", "action", "data", "ping"}
                if fetched and not value.startswith(("data:image/", "data:audio/")):
                    found.append(f"<{tag} {name}={value[:60]!r}>")
                inline = tag == "image" and value.startswith("data:image/")  # a picture inside a drawing
                if name == "href" and not inline and not value.startswith("#"):
                    found.append(f"<{tag} href={value[:60]!r}>")
                if name.startswith("on") or (name == "style" and "url" in value.lower()):
                    found.append(f"<{tag} {name}={value[:60]!r}>")
        return found
