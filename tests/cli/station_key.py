#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""signet station key: each form of the key, and its change while devices wait for their servers."""
import json, os, pty, shutil, signal, socket, subprocess, sys, tempfile, time
from _signet import SIGNET, need

TEMPLATE = """{OID.Security: {1: {RID.Security.ServerURI: 'coaps://127.0.0.1:5684', RID.Security.Bootstrap: False,
 RID.Security.Mode: 0, RID.Security.ShortServerID: 1}},
 OID.Server: {1: {RID.Server.ShortServerID: 1, RID.Server.Lifetime: 86400, RID.Server.NotificationStoring: False, RID.Server.Binding: 'U'}}}"""
ORDER = """name: {name}
quota: 5
template: t.cfg
ledger: {name}.db
work: {name}
names: {{pattern: "{name}{{serial:03}}"}}
output: {{packets: {name}.ndjson}}
servers: [{{file: away.json}}]
"""


def write(name, text, mode=0o600):
    with open(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), 'w') as f:
        f.write(text)


def signet(*args, code=0, say=None, **env):
    p = subprocess.run([SIGNET, *args], capture_output=True, text=True, timeout=60, env=dict(os.environ, **env))
    need(p.returncode == code and (say is None or say in p.stdout + p.stderr), f'{args}: exit {p.returncode}: {p.stdout} {p.stderr}')
    return p.stdout


def key(verb, *args, **more):
    return json.loads(signet('station', 'key', verb, '--json', *args, **more))


def sealed(name):
    return sorted(f for f in os.listdir(name) if f.endswith('.sealed'))


def waits(order, **env):
    """a run: the server is away, so that the secrets stay sealed"""
    signet('run', order, '--sync', '1', code=3, **env)
    need(sealed(order[:-5]), 'nothing is sealed')


def opens(order, **env):
    """what is sealed is needed to register: with a server that is there, all end"""
    write('away.json', json.dumps({'kind': 'export', 'file': f'{order}.csv'}))
    signet('ledger', 'sync', order, **env)
    need(len(open(f'{order}.csv').readlines()) == 6 and not sealed(order[:-5]), 'not all are done')
    write('away.json', AWAY)


AWAY = json.dumps({'kind': 'leshan', 'url': 'https://127.0.0.1', 'port': 1})


def forms(tmp):
    write('t.cfg', TEMPLATE)
    write('away.json', AWAY)
    for name in 'ab':
        write(f'{name}.yaml', ORDER.format(name=name))
    write('words', 'a long passphrase\n')
    waits('a.yaml')
    first = key('show', 'a.yaml')
    need(first['form'] == 'file' and first['old'] == [], first)
    waits('b.yaml')
    raw = open('station.key', 'rb').read()
    need(len(raw) == 32, raw)
    r = key('rotate', 'a.yaml')
    need(r['resealed'] >= 2 and r['left'] == 0 and r['old'] == 1, r)
    opens('b.yaml')  # its folder was not named: the old key is still there
    r = key('rotate', 'a.yaml', 'b.yaml', '--to', 'passphrase', '--new-passphrase-file', 'words', '--drop-old')
    need(r['old'] == 0, r)
    need(raw not in open('station.key', 'rb').read() and raw.hex() not in open('station.key').read(), 'the old key is there')
    shown = key('show', 'a.yaml')
    need(shown['form'] == 'passphrase' and shown['key'] != first['key'] and shown['old'] == [], shown)
    signet('run', 'a.yaml', code=1, say='no terminal to ask')
    write('a.yaml', ORDER.format(name='a') + 'station_key_passphrase_file: words\n')
    opens('a.yaml')
    write('wrong', 'another passphrase\n')
    write('a.yaml', ORDER.format(name='a') + 'station_key_passphrase_file: wrong\n')
    signet('run', 'a.yaml', code=1, say='the passphrase does not open it')
    os.chmod('words', 0o644)
    write('a.yaml', ORDER.format(name='a') + 'station_key_passphrase_file: words\n')
    signet('run', 'a.yaml', code=1, say='others may open it')
    os.chmod('words', 0o600)


def terminal(tmp):
    """the passphrase is asked for, and not shown"""
    write('a.yaml', ORDER.format(name='a'))
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(SIGNET, [SIGNET, 'station', 'key', 'rotate', 'a.yaml'])
    seen = b''
    end = time.monotonic() + 30
    while b'passphrase' not in seen and time.monotonic() < end:
        seen += os.read(fd, 1000)
    time.sleep(0.1)
    os.write(fd, b'a long passphrase\n')
    try:
        while True:
            seen += os.read(fd, 1000)
    except OSError:
        pass
    need(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0 and b'a long' not in seen, seen)


def terminals_that_do_not_answer(tmp):
    """a line that is too long; a terminal that another program has"""
    def asked(answer, *before):
        pid, fd = pty.fork()
        if pid == 0:
            for step in before:
                step()
            os.execv(SIGNET, [SIGNET, 'station', 'key', 'rotate', 'a.yaml'])
        seen, sent = b'', False
        try:
            while more := os.read(fd, 1000):
                seen += more
                if b'passphrase' in seen and not sent:
                    time.sleep(0.1)
                    os.write(fd, answer)
                    sent = True
        except OSError:
            pass
        need(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 1, seen)
        return seen

    def go_behind():
        """what is behind is not let read; who is in front waits for it"""
        child = os.fork()
        if child:
            os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        os.setpgid(0, 0)
        signal.signal(signal.SIGTTIN, signal.SIG_IGN)
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    need(b'more than 255 characters' in asked(300 * b'x' + b'\n'), 'a long line')
    need(b'cannot read from the terminal' in asked(b'a long passphrase\n', go_behind), 'from behind')


def credential(tmp):
    os.mkdir('cred', 0o700)
    write('cred/signet', os.urandom(20).hex(), 0o400)
    env = {'CREDENTIALS_DIRECTORY': os.path.abspath('cred')}
    key('rotate', 'a.yaml', '--to', 'credential:signet', '--passphrase-file', 'words', **env)
    need(key('show', 'a.yaml')['form'] == 'credential', 'the form')
    write('c.yaml', ORDER.format(name='c'))
    waits('c.yaml', **env)
    signet('ledger', 'sync', 'c.yaml', code=1, say='systemd has given no credentials')
    signet('ledger', 'sync', 'c.yaml', code=1, say="cannot open the folder of credentials '/none'", CREDENTIALS_DIRECTORY='/none')
    opens('c.yaml', **env)


def tpm(tmp):
    if not shutil.which('swtpm'):
        print('station_key: no swtpm, so no TPM')
        return
    os.mkdir('tpm')
    os.mkdir('tpm2')

    def start(state):
        s = subprocess.Popen(['swtpm', 'socket', '--tpm2', '--tpmstate', f'dir={state}', '--server', f'type=unixio,path={tmp}/{state}/s',
                              '--ctrl', f'type=unixio,path={tmp}/{state}/s.ctrl', '--flags', 'not-need-init,startup-clear'], stderr=subprocess.DEVNULL)
        with socket.socket(socket.AF_UNIX) as there:
            while there.connect_ex(f'{state}/s'):
                time.sleep(0.02)
        return s
    tcti = f'swtpm:path={tmp}/tpm/s'
    one = start('tpm')
    try:
        env = {'CREDENTIALS_DIRECTORY': os.path.abspath('cred')}
        key('rotate', 'a.yaml', '--to', f'tpm:{tcti}', '--drop-old', **env)
        need(key('show', 'a.yaml')['form'] == 'tpm', 'the form')
        write('d.yaml', ORDER.format(name='d'))
        waits('d.yaml')
    finally:
        one.terminate()
        one.wait()
    signet('ledger', 'sync', 'd.yaml', code=1, say='there is no TPM')
    os.rename('tpm', 'kept')  # another TPM answers at that place
    os.rename('tpm2', 'tpm')
    other = start('tpm')
    try:
        p = subprocess.run([SIGNET, 'ledger', 'sync', 'd.yaml'], capture_output=True, text=True, timeout=60)
        need(p.returncode == 1 and 'only the TPM that made it' in p.stderr and 'tss2' not in p.stderr.lower().replace('tpm2-tss', '') and
             'WARNING' not in p.stderr, p.stderr)
    finally:
        other.terminate()
        other.wait()
    os.rename('tpm', 'tpm2')
    os.rename('kept', 'tpm')
    one = start('tpm')
    try:
        opens('d.yaml')
        signet('station', 'key', 'rotate', 'a.yaml', '--to', 'tpm:/tmp/evil.so', code=2, say='no way to a TPM')
    finally:
        one.terminate()
        one.wait()


def refused(tmp):
    write('e.yaml', ORDER.format(name='e') + 'station_key: e.key\n')
    write('f.yaml', ORDER.format(name='f') + 'station_key: f.key\n')
    signet('station', 'key', 'show', 'e.yaml', code=1, say='there is no station key')
    signet('station', 'key', 'rotate', 'e.yaml', 'f.yaml', code=2, say='different station keys')
    signet('station', 'key', 'turn', 'e.yaml', code=2, say='not one of show, rotate')
    signet('station', 'key', 'rotate', 'e.yaml', '--to', 'paper', code=2, say="'paper' is no form")
    need(key('rotate', 'e.yaml')['old'] == 0, 'one is made')
    need(key('show', 'e.yaml')['form'] == 'file', 'in a file')
    os.symlink('e.key', 'f.key')
    signet('station', 'key', 'rotate', 'f.yaml', code=1, say='is a link')
    signet('station', 'key', 'show', 'f.yaml', code=1, say='is a link')
    signet('run', 'f.yaml', code=1, say='is a link')


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    for part in (forms, terminal, terminals_that_do_not_answer, credential, tpm, refused):
        part(folder)
print('station_key: ok')
