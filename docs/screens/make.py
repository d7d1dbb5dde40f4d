#!/usr/bin/env python3
"""make.py NAME...: runs the commands of a session in docs/screens/NAME.session and draws NAME.svg.

A session is a shell script of one command a line; lines that begin with "#" are run and not shown. sandbox-run and
sandbox-policy are those of PATH. Run it as an ordinary user: what is drawn is what the commands print.
"""
import html
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap

WIDTH = 104  # Columns.
LINE, COLUMN, BORDER = 18, 7.8, 14  # Pixels.
STYLE = """
  text { font: 13px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: #d4d4d4 }
  .prompt { fill: #6a9955 } .command { fill: #ffffff; font-weight: bold }
  .denied { fill: #f48771 } .hint { fill: #dcdcaa } .note { fill: #808080 }
"""


def run(session):
    """Pairs of a class and a line, as they are to be shown."""
    home = tempfile.mkdtemp(prefix="screen.")
    folder = os.path.join(home, "work")
    os.mkdir(folder)
    environment = dict(os.environ, HOME=home, LC_ALL="C.UTF-8", TERM="dumb", COLUMNS=str(WIDTH), NO_COLOR="1")
    shown = []
    with open(session, encoding="utf-8") as file:
        commands = file.read().splitlines()
    for command in commands:
        hidden = command.startswith("#")
        done = subprocess.run(["bash", "-c", command.lstrip("# ")], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
        if hidden:
            continue
        shown.append(("command", command))
        for line in done.stdout.replace(home, "/home/user").splitlines():
            kind = "denied" if ": denied " in line or "Permission denied" in line else "hint" if ": if the" in line.lower() else ""
            for part in textwrap.wrap(line, WIDTH - 2, subsequent_indent="    ", drop_whitespace=False) or [""]:
                shown.append((kind, part))
    shutil.rmtree(home)
    return shown


def draw(shown, title):
    height = len(shown) * LINE + 2 * BORDER
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH * COLUMN + 2 * BORDER:.0f}" height="{height}" role="img" xml:space="preserve" '
        f'aria-label="{html.escape(title)}">',
        f"<style>{STYLE}</style>",
        '<rect width="100%" height="100%" rx="8" fill="#1e1e1e"/>',
    ]
    for row, (kind, text) in enumerate(shown):
        at = f'x="{BORDER}" y="{BORDER + row * LINE + 13}"'
        if kind == "command":
            lines.append(f'<text {at}><tspan class="prompt">$ </tspan><tspan class="command">{html.escape(text)}</tspan></text>')
        else:
            lines.append(f'<text {at} class="{kind}">{html.escape(text)}</text>')
    return "\n".join(lines) + "\n</svg>\n"


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    for name in sys.argv[1:]:
        path = os.path.join(here, name)
        text = draw(run(path + ".session"), f"a terminal session: {name}")
        with open(path + ".svg", "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    main()
