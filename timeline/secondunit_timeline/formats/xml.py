"""XML of other programs, parsed without what makes it dangerous."""

from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from secondunit_bridge.errors import CutError

_DEEPEST = 200


def parse(source: Path | str) -> Element:
    """The root of a file or of a text. Entities, external references and trees that no editor made are refused."""
    import defusedxml.ElementTree
    from defusedxml import DefusedXmlException

    try:
        root: Element = (
            defusedxml.ElementTree.fromstring(source, forbid_dtd=False)
            if isinstance(source, str)
            else defusedxml.ElementTree.parse(source, forbid_dtd=False).getroot()
        )
    except DefusedXmlException as error:
        raise CutError(f"its XML defines entities or refers to other files ({error}): export the cut again") from None
    except (ParseError, LookupError, ValueError) as error:  # the last two: encodings
        raise CutError(f"it is not XML ({error}): export the cut again") from None
    level = [root]
    for _ in range(_DEEPEST):
        level = [child for element in level for child in element]
        if not level:
            return root
    raise CutError(f"its XML is nested more than {_DEEPEST} levels deep: export the cut again")
