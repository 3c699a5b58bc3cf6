"""The wheel quickjs-ng as the program `qjs`: runs one script and prints what that writes to the console."""

from __future__ import annotations

import sys
from pathlib import Path

#: What the engine may allocate, and how deep the parser of a large script recurses.
MEMORY_BYTES = 512 << 20
STACK_BYTES = 64 << 20


def main(arguments: list[str]) -> int:
    """`--script FILE`, else name and version. Exit code 1 without a script, as the program does."""
    if len(arguments) != 2 or arguments[0] != "--script":  # noqa: PLR2004 - the option and its value
        from importlib.metadata import version

        sys.stdout.write(f"QuickJS-ng version {'.'.join(version('quickjs-ng').split('.')[:3])}\n")
        return 1
    import quickjs  # type: ignore[import-untyped]

    context = quickjs.Context()
    context.set_memory_limit(MEMORY_BYTES)
    context.set_max_stack_size(STACK_BYTES)
    context.add_callable("__write", lambda text: sys.stdout.write(f"{text}\n") and None)
    context.eval("globalThis.console = {log: (...a) => __write(a.map(String).join(' ')), error() {}, warn() {}}")
    context.eval(Path(arguments[1]).read_text("utf-8"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
