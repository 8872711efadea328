"""Files with a grammar (HTML, DOCX, PDF) are read in a child process under limits: bytes go in, Markdown comes out.

Such a parser can be made to run for hours (html.parser: CVE-2025-6069) or to fill the memory; the child is killed then, and
the course goes on. `python -m utils.own.reading KIND` is the child. Its memory is limited on Linux; its time, everywhere.
"""

import json
import logging
import os
import subprocess
import sys

from utils.files import ROOT
from utils.own.limits import MAX_MEMORY, MAX_SECONDS, MIB, Unusable, show
from utils.own.text import check_length


def read_apart(kind: str, data: bytes) -> tuple[str, str]:
    """(the Markdown of a file's bytes, what is to be said of parts without text). Unusable says what stopped the child."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    try:
        child = subprocess.run(
            [sys.executable, "-m", "utils.own.reading", kind],
            input=data,
            capture_output=True,
            timeout=MAX_SECONDS,
            env={**os.environ, "PYTHONPATH": path},
        )
    except subprocess.TimeoutExpired:
        raise Unusable(f"is not read after {MAX_SECONDS} seconds: save it anew, shorter or as .txt") from None
    if child.returncode:
        why = (child.stderr.decode("utf-8", "replace").strip().splitlines() or ["its reader crashed"])[-1]
        if why.startswith("ModuleNotFoundError"):
            raise Unusable(f"needs a package that isn't here ({show(why)}): `python -m pip install` it, and read it again")
        why = f"reading it takes over {MAX_MEMORY // MIB} MiB" if why.startswith("MemoryError") else show(why)
        raise Unusable(f"can't be read as {kind} ({why}): damaged, or locked by a password? Open it and save it anew")
    answer = json.loads(child.stdout)
    if "problem" in answer:
        raise Unusable(answer["problem"])
    return answer["text"], answer["unread"]


def main(kind: str) -> None:
    """The child: a file on stdin, {text, unread} or {problem} on stdout. The parser's errors end it with a traceback."""
    if sys.platform == "linux":  # elsewhere the system doesn't keep to it
        import resource

        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        least = MAX_MEMORY if hard == resource.RLIM_INFINITY else min(hard, MAX_MEMORY)
        resource.setrlimit(resource.RLIMIT_AS, (least, least))
    logging.disable()  # or a broken PDF could write complaints without end
    try:
        text, unread = read(kind, sys.stdin.buffer.read())
        check_length(text)
        answer = {"text": text, "unread": unread}
    except Unusable as problem:
        answer = {"problem": str(problem)}
    print(json.dumps(answer))


def read(kind: str, data: bytes) -> tuple[str, str]:
    """What `read_apart` gives, by the parser of its kind. Each is imported when needed: a child has one file to read."""
    if kind == "html":
        from utils.own.html import html_to_markdown

        return html_to_markdown(data), ""
    if kind == "docx":
        from utils.own.docx import docx_to_markdown

        return docx_to_markdown(data), ""
    from utils.own.pdf import pdf_to_markdown

    return pdf_to_markdown(data)


if __name__ == "__main__":
    main(sys.argv[1])
