#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""signet packet make|show|check, as a user runs them."""
import json, os, resource, stat, subprocess, sys, tempfile, time

BUILD = os.environ['SIGNET_BUILD']
SECRET = b'3x@mpl3P5K53cr3tK3y'
CONFIG = b'''{
    OID.Security: {1: {
        RID.Security.ServerURI: 'coaps://127.0.0.1:5784',
        RID.Security.Bootstrap: False,
        RID.Security.Mode: 0,
        RID.Security.PKOrIdentity: b'reg-test-psk-identity',
        RID.Security.SecretKey: b'3x@mpl3P5K53cr3tK3y',
        RID.Security.ShortServerID: 1,
    }},
    OID.Server: {1: {
        RID.Server.ShortServerID: 1,
        RID.Server.Lifetime: 86400,
        RID.Server.NotificationStoring: False,
        RID.Server.Binding: 'U',
    }},
}
'''


def head(major, n):
    for code, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if n < 24:
            return bytes([major << 5 | n])
        if n < 1 << 8 * size:
            return bytes([major << 5 | code]) + n.to_bytes(size, 'big')
    raise ValueError(n)


def cbor(value):
    """An encoder of its own, to judge the program's by."""
    if isinstance(value, bool):
        return b'\xf5' if value else b'\xf4'
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b''.join(map(cbor, value))
    return head(5, len(value)) + b''.join(cbor(k) + cbor(v) for k, v in value.items())


WANT = cbor([
    {0: '/0/1/0', 3: 'coaps://127.0.0.1:5784'}, {0: '/0/1/1', 4: False}, {0: '/0/1/2', 2: 0},
    {0: '/0/1/3', 8: b'reg-test-psk-identity'}, {0: '/0/1/5', 8: SECRET}, {0: '/0/1/10', 2: 1},
    {0: '/1/1/0', 2: 1}, {0: '/1/1/1', 2: 86400}, {0: '/1/1/6', 4: False}, {0: '/1/1/7', 3: 'U'}])


def signet(*args, stdin=b'', code=0):
    done = subprocess.run([os.path.join(BUILD, 'signet'), *args], input=stdin, capture_output=True,
                          timeout=60)
    if done.returncode != code:
        sys.exit(f'signet {args}: exit {done.returncode}, not {code}\n{done.stderr.decode()}')
    return done


def check(good, what):
    if not good:
        sys.exit(f'FAILED: {what}')


def write(name, data):
    with open(name, 'wb') as f:
        f.write(data)


def test_make():
    write('a.cfg', CONFIG)
    signet('packet', 'make', '-c', 'a.cfg')
    check(open('SenMLCBOR', 'rb').read() == WANT, 'the bytes of the packet')
    check(stat.S_IMODE(os.stat('SenMLCBOR').st_mode) == 0o600, 'a packet is for its owner only')
    done = signet('packet', 'make', '-c', '-', '-o', '-', stdin=CONFIG)
    check(done.stdout == WANT, 'standard input to standard output')
    done = signet('packet', 'make', '-c', 'a.cfg', '-o', 'b', '--json')
    told = json.loads(done.stdout.splitlines()[-1])
    check(told == {'event': 'packet', 'file': 'b', 'records': 10, 'bytes': len(WANT)}, told)


def test_make_refuses():
    bad = CONFIG.replace(b'RID.Security.ServerURI', b'RID.Security.ServerURL')
    write('bad.cfg', bad)
    done = signet('packet', 'make', '-c', 'bad.cfg', '-o', 'none', code=1)
    check(b'bad.cfg:3:' in done.stderr and b'ServerURI' in done.stderr, done.stderr)
    no_uri = b'\n'.join(l for l in CONFIG.splitlines() if b'ServerURI' not in l)
    done = signet('packet', 'make', '-c', '-', '-o', 'none', stdin=no_uri, code=1)
    check(not os.path.exists('none'), 'a refused configuration leaves no packet')
    done = signet('packet', 'make', '-c', '-', '-o', 'none', '--no-check', stdin=no_uri)
    check(b'warning' in done.stderr and os.path.exists('none'), '--no-check warns and makes')
    on = b'a device would refuse it for 1 reason: this goes on all the same'
    check(on in done.stderr and on in signet('packet', 'show', 'none').stderr, 'both say that the packet is bad')
    check(on not in signet('packet', 'check', 'none', code=1).stderr, 'the check says so by its end')
    done = signet('packet', 'make', code=2)
    check(b'--config FILE is missing' in done.stderr, 'a missing configuration is told')
    done = signet('packet', 'make', '-c', 'nosuch.cfg', '--json', code=1)
    told = json.loads(done.stdout)
    check(told['event'] == 'error' and told['code'] == 'io' and 'nosuch.cfg' in told['message'], told)


def test_show():
    write('p', WANT)
    table = signet('packet', 'show', 'p').stdout.decode()
    check('/0/1/5' in table and '(19 bytes, hidden)' in table and 'ServerURI' in table, table)
    for form in ('table', 'json', 'cfg', 'cbor-diag'):
        out = signet('packet', 'show', '--format', form, 'p').stdout
        check(SECRET not in out and SECRET.hex().encode() not in out, f'{form} hides the secret')
        check(b'\x1b' not in out, f'{form}: no colour where there is no terminal')
    check(SECRET in signet('packet', 'show', '--reveal', 'p').stdout, 'unless asked')
    shown = signet('packet', 'show', '--reveal', '-f', 'cbor-diag', '-', stdin=WANT).stdout
    check(f"{{0: \"/0/1/5\", 8: h'{SECRET.hex()}'}}".encode() in shown, shown)
    records = json.loads(signet('packet', 'show', '-f', 'json', 'p').stdout)
    lines = [json.loads(line) for line in signet('packet', 'show', '--json', 'p').stdout.splitlines()]
    check(lines == [{'event': 'record', **r} for r in records], lines)
    check(len(records) == 10 and records[7]['n'] == '/1/1/1' and records[7]['v'] == 86400, records)
    check(records[4].get('hidden') is True and records[4]['bytes'] == 19, records[4])


def test_floats():
    """As a person writes them, in each format."""
    config = '{40000: {0: {0: 30.0, 1: 0.00001, 2: 1e16, 3: -0.5}}}'
    made = signet('packet', 'make', '-c', '-', '-o', '-', '--no-check', stdin=config.encode()).stdout
    for form in ('table', 'json', 'cfg', 'cbor-diag'):
        out = signet('packet', 'show', '-f', form, '-', stdin=made).stdout.decode()
        check(all(n in out for n in ('30.0', '1e-05', '1e+16', '-0.5')), out)


def test_cfg_round_trip():
    values = ["-0.0", "1.1", "1e300", "5e-324", "65504.0", "-1", "18446744073709551615",
              "'it\\'s \\\\ \\x00 \\x1b \\x9f \\n \\u00fc \\U0001f600'", "b'\\x00\\xff\\'\\\\'", "True",
              "Objlink(65535, 65535)", "Objlink(3, 0)", "{0: 1, 65534: 2}", "''", "b''"]
    config = '{40000: {0: {' + ', '.join(f'{i}: {v}' for i, v in enumerate(values)) + '}}}'
    made = signet('packet', 'make', '-c', '-', '-o', '-', '--no-check', stdin=config.encode()).stdout
    text = signet('packet', 'show', '-f', 'cfg', '-', stdin=made).stdout
    again = signet('packet', 'make', '-c', '-', '-o', '-', '--no-check', stdin=text).stdout
    check(again == made and len(made) > 200, text.decode())


def test_cfg_does_not_pretend():
    """A masked secret or an infinity gives no configuration of other values."""
    infinity = b'\x81\xa2\x00\x6a/33605/0/1\x02\xf9\x7c\x00'
    for packet in (WANT, infinity):
        text = signet('packet', 'show', '-f', 'cfg', '-', stdin=packet).stdout
        check(b'None, # ' in text, text)
        signet('packet', 'make', '-c', '-', '-o', 'x', '--no-check', stdin=text, code=1)


def test_terminal_is_safe():
    evil = cbor([{0: '/3/0/0', 3: 'a\x1b[2J\x9b\x07b'}])
    for form in ('table', 'json', 'cfg', 'cbor-diag'):
        out = signet('packet', 'show', '-f', form, '-', stdin=evil).stdout
        check(b'\x1b' not in out and b'\x07' not in out, f'{form}: {out}')


def test_hostile():
    cases = {b'': 'byte 0', b'\x9b' + b'\xff' * 8: 'byte 9', WANT[:-1]: 'record 10',
             WANT + b'\0': 'follow', b'{0: {}}': 'packet make', cbor({}): 'array', cbor([{0: '/0/1', 2: 1}]): 'record 1',
             cbor([{0: '/1/1/1', 2: 1, 'x_': 1}]): 'understood'}
    for data, words in cases.items():
        done = signet('packet', 'show', '-', stdin=data, code=1)
        check(words in done.stderr.decode(), (words, done.stderr))
    # the most values that a configuration can have, in one line: seconds of a processor, not minutes
    write('long', b'{3: {0: {11: {' + b','.join(b'%d: 1' % i for i in range(60000)) + b', 1: 1}}}}')
    done = subprocess.run([os.path.join(BUILD, 'signet'), 'packet', 'check', 'long'], capture_output=True,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (20, 20)))
    check(done.returncode == 1 and b'long:1:528906' in done.stderr, (done.returncode, done.stderr[:300]))
    shown = signet('packet', 'show', '-f', 'cbor-diag', '-', stdin=cbor({1: b'maybe a key'})).stdout
    check(b'maybe' not in shown and b'hidden' in shown, 'what is no packet hides its strings')


def test_standard_input():
    """It has a limit, and may be another user's pipe (test_process_is_hardened), or closed."""
    out = signet('packet', 'show', '-', stdin=bytes(16 * 1024 * 1024 + 1), code=1)
    check(b'standard input is too long' in out.stderr, out.stderr)
    out = signet('packet', 'show', '-', stdin=bytes(16 * 1024 * 1024), code=1)
    check(b'byte 0: ' in out.stderr, out.stderr)
    out = subprocess.run(['sh', '-c', 'exec "$0" packet show - <&-', os.path.join(BUILD, 'signet')],
                         capture_output=True, timeout=60)
    check(out.returncode == 1 and b'cannot read standard input: Bad file' in out.stderr, out.stderr)


def test_check_of_tagged_cbor():
    """Self-described CBOR (RFC 8949, 3.4.6) is no configuration."""
    write('tagged', b'\xd9\xd9\xf7' + WANT)
    done = subprocess.run([os.path.join(BUILD, 'signet'), 'packet', 'check', 'tagged'], capture_output=True, timeout=60)
    check(b'tagged:1:1' not in done.stderr, done.stderr) # a place in a configuration


def test_check():
    write('p', WANT)
    write('a.cfg', CONFIG)
    for name in ('p', 'a.cfg'):
        done = signet('packet', 'check', name)
        check(done.stdout.startswith(b'good: 10 records, 0 '), done.stdout)
    bad = cbor([{0: '/0/1/1', 4: False}, {0: '/0/1/2', 2: 1}, {0: '/1/1/0', 2: 65535}])
    done = signet('packet', 'check', '-', '--json', stdin=bad, code=1)
    steps = [json.loads(line) for line in done.stdout.splitlines()]
    check(steps[-1]['event'] == 'checked' and steps[-1]['good'] is False, steps)
    check(steps[-1]['refused'] >= 3, 'every refusal is told, not only the first')
    check([sum(s['event'] == e for s in steps) for e in ('error', 'warning')] == [steps[-1]['refused'], steps[-1]['suspicious']], steps)


def test_framework():
    check(b'leave out --format' in signet('packet', 'show', '--json', '-f', 'cfg', 'x', code=2).stdout, 'two formats')
    check(b'Usage: signet packet show' in signet('packet', 'show', 'help').stdout, 'help as a word')
    check(b'packet show' in signet('--help').stdout, 'the list of verbs')
    check(b'make' in signet('packet', '--help').stdout, 'the verbs of a noun')
    check(b'--reveal' in signet('packet', 'show', '--help').stdout, 'the options of a verb')
    check(signet('--version').stdout.startswith(b'signet '), 'the version')
    check(b"did you mean 'packet'" in signet('packte', code=2).stderr, 'a hint for a noun')
    check(b"did you mean 'packet show'" in signet('packet', 'shwo', code=2).stderr, 'a hint for a verb')
    for args in ([], ['packet'], ['packet', 'show'], ['packet', 'show', 'a', 'b'],
                 ['packet', 'show', '--nonsense', 'a'], ['packet', 'show', '-f', 'xml', 'a']):
        done = signet(*args, code=2)
        check(done.stderr and not done.stdout, args)
    with open('/dev/full', 'w') as full:
        write('p', WANT)
        done = subprocess.run([os.path.join(BUILD, 'signet'), 'packet', 'show', 'p'], stdout=full,
                              stderr=subprocess.PIPE, timeout=60)
        check(done.returncode == 1 and b'standard output' in done.stderr, 'a full disk is told')


def test_process_is_hardened():
    """While it waits for its input: no core file, not dumpable, no new privileges."""
    other = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] if os.geteuid() == 0 else []
    child = subprocess.Popen([*other, os.path.join(BUILD, 'signet'), 'packet', 'show', '-'],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        wanted = ('NoNewPrivs:\t1', 'Umask:\t0077')
        deadline = time.monotonic() + 20
        status = ''
        while not all(w in status for w in wanted): # the kernel does not read all of them at one moment
            check(time.monotonic() < deadline, status)
            time.sleep(0.005)
            status = open(f'/proc/{child.pid}/status').read()
        while os.stat(f'/proc/{child.pid}/mem').st_uid != 0: # of a process that is not dumpable, root's
            check(time.monotonic() < deadline, 'others of this user can read its memory')
            time.sleep(0.005)
        limits = open(f'/proc/{child.pid}/limits').read()
        core = next(l for l in limits.splitlines() if l.startswith('Max core file size'))
        check(core.split()[4:6] == ['0', '0'], core)
    finally:
        child.communicate(WANT, timeout=60)


if __name__ == '__main__':
    for name, test in list(globals().items()):
        if name.startswith('test_'):
            with tempfile.TemporaryDirectory() as folder:
                os.chdir(folder)
                test()
                os.chdir('/')
            print('ok', name)
