"""XML from strangers: no document type, so no entities and nothing fetched; names without name spaces."""

from xml.etree import ElementTree

from appliance.errors import SourceError

Element = ElementTree.Element


def parse(body: bytes, where: str) -> Element:
    """The root element. Raises SourceError for what is no XML, or has a document type.

    Every text encoding in which "<!DOCTYPE" is not these bytes is refused too: only ASCII's relatives pass.
    """
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body or b"\0" in body:
        raise SourceError(f"{where} answers XML with definitions of its own, which is not read")
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - without a document type there are no entities
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise SourceError(f"{where} did not answer XML ({error}); is the address right?") from None
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def text(element: Element, path: str) -> str:
    """The text at a path, "" where there is none."""
    return (element.findtext(path) or "").strip()
