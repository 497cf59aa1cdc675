#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The commands of the documents: those in blocks marked `sh run` do what they should, a document's blocks one after the
other; of all others and of the README, each signet verb and each long option is there. Each message that TROUBLESHOOTING.md
quotes is in the sources."""
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
        script = ''.join(blocks).replace('--page ', '--page=127.0.0.1:0 ')  # another test may have the port
        env = dict(os.environ, PATH=f'{BUILD}:{os.environ["PATH"]}', E=f'{SOURCE}/examples', LC_ALL='C.UTF-8')
        tidy = 'trap "kill $(jobs -p) 2>/dev/null || true" EXIT\n'.replace('$', '\\$')
        with open(os.path.join(work, '.said'), 'w+') as said:  # a pipe would wait for what was left behind
            p = subprocess.run(['bash', '-eux', '-c', tidy + script], cwd=work, env=env, stdout=said, stderr=said, stdin=subprocess.DEVNULL, timeout=240)
            said.seek(0)
            text = said.read()
            if p.returncode:
                failures.append(f'{path}: exit {p.returncode}\n{text[-2500:]}')
            elif '*****' in text:  # the word "token" is the token of `sim server`
                failures.append(f'{path}: a word of a message is masked: {text[text.index("*****") - 80:][:100]}')
            elif 'in the words of' in text:
                failures.append(f'{path}: the words of a library: {text[text.index("in the words of") - 80:][:200]}')
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

def texts_of_boards():
    """What a firmware has to write is what the recipe waits for."""
    recipe = text_of(f'{SOURCE}/src/board/anjay_zephyr.c')
    row = re.search(r'^- With `anjay-zephyr`, texts.*?(?=^- )|^- With `anjay-zephyr`, texts.*?\n\n', text_of(f'{SOURCE}/docs/LINE.md'), re.M | re.S)
    quoted = re.findall(r'"([^"]+)"', row.group()) if row else []
    failures.extend(f'LINE.md: no text of the recipe: {text}' for text in quoted if text not in recipe)
    if len(quoted) < 3:
        failures.append('LINE.md: where are the texts of the recipe?')

def messages():
    """Words between backticks in the first column; `...` stands for what differs."""
    sources = glob.glob(f'{SOURCE}/src/*/*.c') + glob.glob(f'{SOURCE}/src/*/*.h') + glob.glob(f'{SOURCE}/cli/*.c')
    text = ' '.join(re.sub(r'"\s+"', '', text_of(p)) for p in sources)
    literals = '\n'.join(re.sub(r'%[-.\d]*[a-z]+', '%', s) for s in re.findall(r'"((?:[^"\\\n]|\\.)*)"', text))
    literals += '\nNo such file or directory\nPermission denied'  # of the system
    quoted = [m for row in re.findall(r'^\| (`[^|]*) \|', text_of(f'{SOURCE}/docs/TROUBLESHOOTING.md'), re.M) for m in re.findall(r'`([^`]+)`', row)]
    for message in quoted:
        for piece in re.split(r'\.\.\.|: (?=[A-Z])', message):
            if piece.strip(" '():,") and piece.strip(" '(),") not in literals:
                failures.append(f'TROUBLESHOOTING.md: {message!r}: nothing says {piece!r}')
    if len(quoted) < 35:
        failures.append(f'only {len(quoted)} messages were found')


def main():
    messages()
    texts_of_boards()
    blocks = checked = 0
    for path in sorted(glob.glob(f'{SOURCE}/docs/*.md')) + [f'{SOURCE}/README.md']:
        blocks += run_blocks(path)
        for picture in re.findall(r'!\[[^]]+\]\((.*?)\)', text_of(path)):
            if not os.path.exists(os.path.join(os.path.dirname(path), picture)):
                failures.append(f'{path}: there is no {picture}')
        for line in re.findall(r'(?:^ {4}(?:\$ )?|`)(signet [a-z][^`\n|#]*)', text_of(path), re.M):
            if os.path.basename(path) in ('LINE.md', 'README.md', 'TUTORIAL.md', 'TROUBLESHOOTING.md') and re.match(r'signet [a-z]+ ', line):
                check_command(os.path.relpath(path, SOURCE), line)
                checked += 1
    if blocks < 4 or checked < 30:
        failures.append(f'only {blocks} blocks and {checked} commands were found')
    print('\n'.join(failures) or f'documents: ok ({blocks} blocks run, {checked} commands looked up)')
    sys.exit(bool(failures))

main()
