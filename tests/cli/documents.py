#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The commands of the documents: those in blocks marked `sh run` do what they should, a document's blocks one after the
other; of all others and of the README, each signet verb and each long option is there."""
import glob, os, re, subprocess, sys, tempfile

BUILD, SOURCE = os.environ['SIGNET_BUILD'], os.environ['SIGNET_SOURCE']
failures = []

def text_of(path):
    with open(path, encoding='utf-8') as f:
        return f.read()

def run_blocks(path):
    blocks = re.findall(r'^```sh run\n(.*?)^```$', text_of(path), re.M | re.S)
    if not blocks:
        return 0
    with tempfile.TemporaryDirectory() as work:
        env = dict(os.environ, PATH=f'{BUILD}:{os.environ["PATH"]}', E=f'{SOURCE}/examples', LC_ALL='C.UTF-8')
        p = subprocess.run(['bash', '-eux', '-c', ''.join(blocks)], cwd=work, env=env, capture_output=True, text=True, timeout=120)
    if p.returncode:
        failures.append(f'{path}: exit {p.returncode}\n{p.stdout[-1000:]}{p.stderr[-1500:]}')
    return len(blocks)

helps = {}
def help_of(words):
    if words not in helps:
        p = subprocess.run([f'{BUILD}/signet', *words, '--help'], capture_output=True, text=True, timeout=60)
        helps[words] = p.stdout if p.returncode == 0 else None
    return helps[words]

def check_command(path, line):
    words = tuple(re.findall(r'^signet ([a-z]+)(?: ([a-z-]+))?', line)[0])
    text = help_of(words) if words[1] else None
    text = text or help_of(words[:1])
    if text is None:
        failures.append(f'{path}: {line}: no such verb')
        return
    for option in re.findall(r' --([a-z][\w-]*)', line):
        if f'--{option}' not in text:
            failures.append(f'{path}: {line}: no option --{option}')

def main():
    blocks = checked = 0
    for path in sorted(glob.glob(f'{SOURCE}/docs/*.md')) + [f'{SOURCE}/README.md']:
        blocks += run_blocks(path)
        for line in re.findall(r'(?:^ {4}(?:\$ )?|`)(signet [a-z][^`\n|#]*)', text_of(path), re.M):
            if os.path.basename(path) in ('LINE.md', 'README.md') and re.match(r'signet [a-z]+ ', line):
                check_command(os.path.relpath(path, SOURCE), line)
                checked += 1
    if blocks < 4 or checked < 30:
        failures.append(f'only {blocks} blocks and {checked} commands were found')
    print('\n'.join(failures) or f'documents: ok ({blocks} blocks run, {checked} commands looked up)')
    sys.exit(bool(failures))

main()
