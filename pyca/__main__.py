"""The way in for `python -m pyca`.

This file has to parse on any Python 3: an old one is refused in a sentence instead of a traceback.
"""

import sys


def main() -> int:
    """Run the command line; returns the exit code."""
    if sys.version_info < (3, 10):  # noqa: UP036
        sys.stderr.write('pyca: Python 3.10 or newer is needed, this is ' + sys.version.split()[0] + '.\n')
        return 1
    from pyca.cli.commands import main as command_line  # not sooner: an old Python cannot parse it

    return command_line()


if __name__ == '__main__':
    sys.exit(main())
