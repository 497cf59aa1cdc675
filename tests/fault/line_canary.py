#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The secrets of a line: with servers that fail, a device that is refused and kills in the middle, nothing that
the line leaves behind, prints, or shows of its process holds a key or the token, in any common spelling. What is
sealed is ciphertext, and gone when its device is done. The keys are known from what the boards took."""
import base64, os, re, subprocess, tempfile, threading
from _place import BOARDS, DEADLINE, TOKEN, Place, checks, expect
from _signet import BUILD, SIGNET

TORTURE = os.path.join(BUILD, 'tests', 'signet_torture')
seen = []  # (where, bytes): everything that anybody could have read at some moment


def spellings(secret):
    """Raw, hex, base64 at any place in a longer text."""
    yield secret
    yield secret.hex().encode()
    yield secret.hex().upper().encode()
    yield ':'.join(f'{b:02x}' for b in secret).encode()
    for shift in range(3):
        text = base64.b64encode(b'\0' * shift + secret)
        yield text[4 if shift else 0:-4]  # whole groups of the secret alone


def look(place, when):
    """Files of the line as they are now; what the boards hold is theirs."""
    for folder, folders, files in os.walk(place.folder):
        folders[:] = [f for f in folders if f not in ('applied', 'rack')]
        for name in files:
            if name == 'token' or name.endswith('.sock'):  # where it belongs; no file
                continue
            try:
                with open(os.path.join(folder, name), 'rb') as f:
                    seen.append((f'{when}: {name}', f.read()))
            except FileNotFoundError:
                pass


def look_at_process(pid, when):
    for name in ('cmdline', 'environ'):
        try:
            with open(f'/proc/{pid}/{name}', 'rb') as f:
                seen.append((f'{when}: {name}', f.read()))
        except (FileNotFoundError, PermissionError, ProcessLookupError):
            pass


def run(place, when, failpoint=None):
    env = {k: v for k, v in os.environ.items() if not k.startswith('SIGNET_')}
    if failpoint:
        env['SIGNET_FAILPOINT'] = failpoint
    p = subprocess.Popen([TORTURE, 'run', place.at('order.yaml'), '--json', '--wait', '1', '--sync', '2'], env=env,
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=place.folder)
    ended = threading.Event()

    def watch():
        while not ended.is_set():
            look_at_process(p.pid, when)
            look(place, when)
            ended.wait(0.2)
    watcher = threading.Thread(target=watch)
    watcher.start()
    out, err = p.communicate(timeout=DEADLINE)
    ended.set()
    watcher.join()
    seen.extend([(f'{when}: stdout', out), (f'{when}: stderr', err)])
    look(place, when)
    return p.returncode


def secrets(place):
    """Of every packet that a board took."""
    out = {'the token': TOKEN.encode()}
    for name in os.listdir(place.at('applied')):
        p = subprocess.run([SIGNET, 'packet', 'show', '--reveal', '--format', 'cbor-diag', place.at('applied/' + name)],
                           capture_output=True, text=True, timeout=DEADLINE)
        key = bytes.fromhex(re.search(r'"/0/1/5", 8: h\'([0-9a-f]+)\'', p.stdout)[1])
        # of a private key, the part that is secret: its number
        out[name] = key if len(key) <= 64 else key[key.index(b'\x02\x01\x01\x04\x20') + 5:][:32]
    return out


def hunt(place, count):
    found = secrets(place)
    expect('every board took a packet', len(found) == count + 1, found.keys())
    expect('no two secrets are the same', len(set(found.values())) == len(found))
    forms = {who: [f for f in spellings(s) if len(f) >= 10] for who, s in found.items()}
    for where, data in seen:
        for who, spelled in forms.items():
            for form in spelled:
                expect(f'{where} holds the secret of {who}', form not in data)
    with open(place.at('applied/' + next(n for n in found if n != 'the token')), 'rb') as f:
        packet = f.read()
    expect('the hunt would find one', any(form in packet for name in forms if name != 'the token' for form in forms[name]))


def finish(place, certs):
    for _ in range(6):
        if run(place, 'to the end') == 0:
            break
        for row in place.rows():
            if row['state'] == 'failed':
                p = place.call('ledger', 'rework', place.at('ledger.db'), row['endpoint'])
                seen.append(('rework', (p.stdout + p.stderr).encode()))
    expect(f'certificates {certs}: the order is done', place.states() == ['done'] * BOARDS, place.states())
    expect('nothing sealed is left', place.sealed() == [], place.sealed())


def story(folder, certs):
    more = 'credentials: {server_cert: server/client_cert.crt}\n' if certs else ''
    place = Place(folder, more + f'on_pass: [/bin/echo, "{{endpoint}}", "{{result}}"]\n', flash=True)
    try:
        if certs:
            with open(place.at('template')) as f:
                text = f.read()
            place.write('template', text.replace('Security.Mode: 0', 'Security.Mode: 2'))
            place.call('cert', 'make', '--endpoint', 'server.example', '--output', place.at('server'))
            os.unlink(place.at('server/client_key.der'))  # the server's own is not what is hunted
        place.server('coiote', '500*3,commit-then-drop')
        place.server('thingsboard', '409')
        place.order(['coiote', 'thingsboard'])
        expect('a kill', run(place, 'killed after the seal', failpoint='after-seal:2') == -9)
        expect('something is sealed', len(place.sealed()) == 2, place.sealed())
        kills.extend(run(place, f'killed at {where}', failpoint=where) for where in
                 ('before-load:1', 'after-load:2', 'after-verified:1', 'after-register:1', 'before-delivered:2', 'before-wipe:1'))
        finish(place, certs)
        hunt(place, BOARDS)
    finally:
        place.close()


kills = []
for certs in (False, True):
    with tempfile.TemporaryDirectory(prefix='signet-canary-') as folder:
        seen.clear()
        story(folder, certs)
        print(f'{len(seen)} looks at files, output and processes')
# a run that gets past its place may end the order, and then none after it is reached
expect('many of these places are reached', kills.count(-9) >= 4, kills)
print(f'{checks[0]} checks passed')
