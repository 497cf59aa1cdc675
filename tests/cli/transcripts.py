#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What verbs that change nothing say, word for word: tests/data/transcripts/*.txt, on files that are kept.
SIGNET_TRANSCRIPTS=write writes them anew: read each difference before it is committed."""
import difflib, glob, hashlib, os, shlex, shutil, subprocess, sys, tempfile
from _signet import BUILD, SOURCE

LONG = 4000  # bytes: of more than that, the beginning and the hash
ENV = {**os.environ, 'TZ': 'UTC', 'LC_ALL': 'C.UTF-8', 'COLUMNS': '80'}


def files(folder):
    for name, source in (('data', 'tests/data'), ('examples', 'examples'), ('reference', 'tests/conformance/reference'), ('corpus', 'tests/fuzz/corpus')):
        os.symlink(os.path.join(SOURCE, source), os.path.join(folder, name))
    for name in ('ledger-0.1.0/sqlite/ledger.db', 'ledger-schema-3/ledger.db'):
        shutil.copy(os.path.join(SOURCE, 'tests/data', name), os.path.join(folder, name.split('/')[0] + '.db'))


def said(folder, command):
    words = shlex.split(command)
    p = subprocess.run([os.path.join(BUILD, words[0]), *words[1:]], cwd=folder, env=ENV, capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
    out = (p.stdout + p.stderr).replace(b'\r\n', b'\\r\n')
    if len(out) > LONG:
        out = b''.join(out.splitlines(True)[:3])[:LONG // 4] + f'\n[{len(out)} bytes, SHA-256 {hashlib.sha256(out).hexdigest()}]\n'.encode()
    end = b'' if not out or out.endswith(b'\n') else b'\n'
    return (out + end).decode(errors='backslashreplace') + (f'[exit {p.returncode}]\n' if p.returncode else '')


def main():
    failed = False
    for path in sorted(glob.glob(os.path.join(SOURCE, 'tests/data/transcripts/*.txt'))):
        with open(path, encoding='utf-8') as f:
            kept = f.read()
        with tempfile.TemporaryDirectory() as folder:
            files(folder)
            new = ''.join(f'$ {line[2:]}\n' + said(folder, line[2:]) if line.startswith('$ ') else line + '\n'
                          for line in kept.splitlines() if line.startswith(('$ ', '# ')))
        if new == kept:
            continue
        failed = True
        if os.environ.get('SIGNET_TRANSCRIPTS') == 'write':
            with open(path, 'w', encoding='utf-8') as f:
                f.write(new)
        print(*difflib.unified_diff(kept.splitlines(), new.splitlines(), path, 'now', lineterm='', n=1), sep='\n')
    if failed:
        sys.exit(1)
    print('transcripts: ok')


main()
