"""The table of docs/hosts.md says what the hosts say of themselves."""

import ast
import re
from pathlib import Path

from secondunit_plugin.hosts import watched
from secondunit_plugin.hosts.host import Support
from secondunit_plugin.hosts.kdenlive import host as kdenlive
from secondunit_plugin.hosts.openshot import host as openshot
from secondunit_plugin.hosts.resolve import host as resolve

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "hosts.md"


def in_host(folder: str) -> frozenset[Support]:
    """Of code that only the program can import."""
    tree = ast.parse((ROOT / "plugin" / "in_host" / folder / "session.py").read_text())
    (told,) = (
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "SUPPORTS"
    )
    return frozenset(map(Support, ast.literal_eval(told)))


def in_premiere() -> frozenset[Support]:
    """Of code that is no Python."""
    text = (ROOT / "plugin" / "in_host" / "premiere" / "session.js").read_text()
    return frozenset(map(Support, re.findall(r'"(.+)"', text.partition("const SUPPORTS = [")[2].partition("]")[0])))


HOSTS = {
    "Blender": in_host("blender"),
    "OpenShot": openshot._SUPPORTS,
    "Hiero": in_host("hiero"),
    "Kdenlive": kdenlive._SUPPORTS,
    "Premiere": in_premiere(),
    "Resolve": resolve.SUPPORTS,
    "Watched folder": watched.SUPPORTS,
}


def table() -> str:
    head = [f"| | {' | '.join(HOSTS)} |", "|---" * (len(HOSTS) + 1) + "|"]
    rows = [
        f"| {one} | {' | '.join('✓' if one in supports else '' for supports in HOSTS.values())} |" for one in Support
    ]
    return "\n".join([*head, *rows])


def test_the_table_is_what_hosts_say_of_themselves() -> None:
    """After a change: `python -m tests.plugin.hosts.test_page` writes it."""
    assert table() in PAGE.read_text()


if __name__ == "__main__":
    text = PAGE.read_text()
    head, tail = text.split("<!-- table: begin -->")[0], text.split("<!-- table: end -->")[1]
    PAGE.write_text(f"{head}<!-- table: begin -->\n{table()}\n<!-- table: end -->{tail}")
