# SPDX-License-Identifier: Apache-2.0
"""Runs the parts of a test: each with a fixture in a folder of its own, six at a time, since mostly they wait.
usage: TEST.py [PART]    those with PART in their name, and how long each takes"""
import concurrent.futures, contextlib, os, sys, tempfile, time, traceback

PARTS = {}  # name -> (check, options of its fixture)


def part(check=None, name=None, **options):
    """A decorator, with or without options."""
    if check is None:
        return lambda check: part(check, name, **options)
    PARTS[name or check.__name__] = (check, options)
    return check


def one(name, fixture):
    check, options = PARTS[name]
    begin = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix='signet-part-') as folder, contextlib.closing(fixture(folder, **options)) as f:
            check(f)
    except Exception as e:
        lines = [f.lineno for f in traceback.extract_tb(e.__traceback__) if os.path.samefile(f.filename, sys.argv[0])]
        return f'{name}, line {lines[0] if lines else "?"}: {type(e).__name__} {e}'
    finally:
        if len(sys.argv) > 1:
            print(f'{name}: {time.monotonic() - begin:.1f} s')
    return None


def main(fixture):
    """fixture(folder, **options) has what a part needs, and close()"""
    begin = time.monotonic()
    wanted = [n for n in PARTS if len(sys.argv) < 2 or sys.argv[1] in n]
    wanted.sort(key=lambda n: not PARTS[n][1])  # those with options, such as a server, take longest
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        failed = [f for f in pool.map(lambda n: one(n, fixture), wanted) if f]
    if failed or not wanted:
        sys.exit('\n'.join(failed) or 'no such part')
    print(f'{len(wanted)} parts in {time.monotonic() - begin:.1f} s')
