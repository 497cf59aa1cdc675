# SPDX-License-Identifier: Apache-2.0
"""usage: _deadline.py SECONDS SCRIPT...
Runs a test. When it has not ended by then, it says where it stands and which programs it still runs, ends them all,
and fails: a message, where CTest's own timeout would only say that there was one, and leave the programs running."""
import os, signal, subprocess, sys


def children(pid):
    """All descendants, as (pid, command line)."""
    try:
        with open(f'/proc/{pid}/task/{pid}/children') as f:
            found = [int(n) for n in f.read().split()]
    except OSError:
        return
    for child in found:
        try:
            with open(f'/proc/{child}/cmdline', 'rb') as f:
                yield child, f.read().replace(b'\0', b' ').decode(errors='replace').strip()
        except OSError:
            continue
        yield from children(child)


def main():
    seconds, script = int(sys.argv[1]), sys.argv[2:]
    # in a group of its own, so that all of it can be ended; with faulthandler, SIGABRT makes Python say where it stands
    p = subprocess.Popen([sys.executable, '-X', 'faulthandler', *script], start_new_session=True)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: (os.killpg(p.pid, signal.SIGKILL), sys.exit(128 + number)))
    try:
        sys.exit(p.wait(seconds))
    except subprocess.TimeoutExpired:
        running = list(children(p.pid))
        print(f'{script[0]} has not ended within {seconds} s. It runs:', *(f'  {n} {c[:300]}' for n, c in running),
              sep='\n', file=sys.stderr, flush=True)
        p.send_signal(signal.SIGABRT)
        try:
            p.wait(5)
        except subprocess.TimeoutExpired:
            pass
        for pid, _ in running:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        try:
            os.killpg(p.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        sys.exit(1)


main()
