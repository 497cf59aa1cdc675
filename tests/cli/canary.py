#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Marked secrets in dozens of broken configurations, JSON files and command lines: they never come out in
a message, and no file but the packet and the key ever holds them."""
import base64, os, re, subprocess, sys, tempfile

PTOOL = os.path.join(os.environ['SIGNET_BUILD'], 'ptool')
PSK = 'cAnArYpSk0123456'
TOKEN = 'cAnArYtOkEn98765'
failures = []
FORMS = [form for s in (PSK, TOKEN) for form in
         (s.encode(), s.encode().hex().encode(), s.encode().hex().upper().encode(), base64.b64encode(s.encode())[:16])]
GOOD = ("{0: {1: {0: 'coaps://a', 1: False, 2: 0, 3: b'id', 5: b'%s', 10: 1}},\n 1: {1: {0: 1, 1: 60, 6: False, 7: 'U'}}}"
        % PSK)

def broken():
    """The good configuration with one thing wrong at a time, near the key and far from it. (A name behind
    OID. or RID. is told in full: that is where people mistype.)"""
    yield from (GOOD.replace(a, b) for a, b in [
        ("b'%s'" % PSK, "'%s'" % PSK), ("b'%s'" % PSK, "b'%s" % PSK), ("b'%s'" % PSK, "b'%s' 5" % PSK),
        ("b'%s'" % PSK, "b'%s' + 1" % PSK), ("b'%s'" % PSK, "{0: b'%s'}" % PSK), ("b'%s'" % PSK, "b'%s', 5: b'%s'" % (PSK, PSK)),
        ("b'%s'" % PSK, "bytes.fromhex('%sz')" % PSK.encode().hex()), ("b'%s'" % PSK, "bytes.fromhex('%s0')" % PSK.encode().hex()),
        ("b'%s'" % PSK, "b'%s\\x'" % PSK), ("b'%s'" % PSK, "b'%s\u0142'" % PSK), ("b'%s'" % PSK, "f'%s'" % PSK),
        ("b'%s'" % PSK, "str('%s')" % PSK), ("b'%s'" % PSK, PSK), ("b'%s'" % PSK, "b'%s' if 1 else 2" % PSK),
        ("b'%s'" % PSK, "'''%s" % PSK), ("b'%s'" % PSK, "b'%s'.x" % PSK), ("b'%s'" % PSK, "b'%s' * -9 ** 9" % PSK),
        ("b'%s'" % PSK, "b'%s' * 10 ** 9" % PSK), ('5: b', "'5%s': b" % PSK),
        ('2: 0', "2: '%s'" % PSK), ('2: 0', '2: 1'), ("b'id'", "b''"), ("b'id'", "'id'"), ('10: 1', '10: 0'), ('}}}', '}}'),
        ('}}}', '}}} }'), ('}}}', '}}}}}'), ("'U'", "'%s'" % PSK), ("'coaps://a'", "'coaps://%s@'" % PSK),
        ("'coaps://a'", "'http://%s'" % PSK), ('1: 60', "1: '%s'" % PSK),
        (GOOD, '"%s"' % PSK), (GOOD, '[b"%s"]' % PSK), (GOOD, "{0: b'%s'}" % PSK), (GOOD, "{0: {0: b'%s'}}" % PSK),
        (GOOD, "{'%s': {}}" % PSK), (GOOD, "# %s" % PSK), (GOOD, "{b'%s': 1, b'%s': 1}" % (PSK, PSK))])

def check(name, p, cwd, may_hold=()):
    said = p.stdout + p.stderr
    for form in FORMS:
        if form in said:
            failures.append(f'{name}: a secret is in the output: {said.decode("utf-8", "replace")}')
    for folder, _, files in os.walk(cwd):
        for file in files:
            with open(os.path.join(folder, file), 'rb') as f:
                data = f.read()
            if file not in may_hold and any(form in data for form in FORMS):
                failures.append(f'{name}: a secret is in {file}')

def run(name, cwd, *args, env=None, want=None, may_hold=(), stdin=b''):
    full = {k: v for k, v in os.environ.items() if k != 'SIGNET_TOKEN'}
    full.update(env or {})
    p = subprocess.run([PTOOL, *args], cwd=cwd, env=full, input=stdin, capture_output=True, timeout=60)
    if want is not None and p.returncode not in want:
        failures.append(f'{name}: exit {p.returncode}: {p.stderr.decode("utf-8", "replace")}')
    check(name, p, cwd, may_hold)
    return p

def main():
    refused = 0
    for number, text in enumerate(broken()):
        with tempfile.TemporaryDirectory() as cwd:
            open(os.path.join(cwd, 'cfg'), 'w', encoding='utf-8').write(text)
            for more in ([], ['--no-check']):
                p = run(f'configuration {number} {text[:90]!r}', cwd, '-c', 'cfg', *more, want=(0, 1),
                        may_hold=('cfg', 'SenMLCBOR'))
                refused += p.returncode == 1
    if refused < 40:
        failures.append(f'only {refused} configurations were refused: the test looks at nothing')

    with tempfile.TemporaryDirectory() as cwd:
        open(os.path.join(cwd, 'cfg'), 'w').write(GOOD)
        open(os.path.join(cwd, 'server'), 'w').write('{"url": "https://127.0.0.1", "port": 1, "domain": "/d/"}')
        open(os.path.join(cwd, 'bad_server'), 'w').write('{"url": "https://127.0.0.1", "%s": 1' % TOKEN)
        hold = ('cfg', 'SenMLCBOR', 'bad_server', 'token')
        run('good', cwd, '-c', 'cfg', want=(0,), may_hold=hold)
        for args in (['-t', TOKEN], ['-t', TOKEN, '-s', 'server'], ['-t', TOKEN, '-e', 'x'], ['-t' + TOKEN, '-s', 'nosuch', '-e', 'x'],
                     ['-t', TOKEN, '-s', 'bad_server', '-e', 'x'], ['--tok=' + TOKEN, '-s', 'server', '-e', 'x\n'],
                     ['--token-file', 'nosuch', '-s', 'server', '-e', 'x'], ['-t', TOKEN + '\n', '-s', 'server', '-e', 'x'],
                     ['-t', TOKEN, '--token-file', 'cfg', '-s', 'server', '-e', 'x']):
            run(f'token {args}', cwd, '-c', 'cfg', *args, want=(1, 2), may_hold=hold)
        run('token of the environment', cwd, '-c', 'cfg', '-s', 'bad_server', '-e', 'x', env={'SIGNET_TOKEN': TOKEN}, want=(1,),
            may_hold=hold)

        # No child process: nobody else's argv or environment could hold a secret.
        trace = os.path.join(cwd, 'trace')
        try:
            p = subprocess.run(['strace', '-f', '-o', trace, '-e', 'trace=execve,fork,vfork,clone,clone3', PTOOL, '-c', 'cfg'],
                               cwd=cwd, capture_output=True, timeout=60)
            if p.returncode == 0:
                started = re.findall(r'execve\(|fork\(|clone3?\(', open(trace).read())
                if started != ['execve(']:
                    failures.append(f'ptool started something: {started}')
            else: # no right to trace here, or a sanitizer that does not bear it
                print('canary: strace does not run here; children were not looked at')
        except FileNotFoundError:
            print('canary: no strace; children were not looked at')
    print('\n'.join(failures[:20]) or f'canary: ok ({refused} refusals)')
    sys.exit(1 if failures else 0)

main()
