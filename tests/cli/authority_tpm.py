#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An authority's key in a TPM 2.0 that signs only what its owner granted: the TPM refuses certificate N+1, and nothing that a station
copies, puts back, edits or defines anew gives it another one."""
import json, os, shutil, subprocess, sys, tempfile
from _day import CLOCK, HAS_CLOCK
from _mint import House
from _signet import SIGNET, TORTURE, Broken, need, with_failpoint
from _tpm import Tpm

CA = 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n'
INDEX, OTHER = '0x01800021', '0x01800022'


def call(*args, code=0, word='', program=SIGNET, **more):
    p = subprocess.run([program, *args], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, **more)
    need(p.returncode == code and word in p.stdout + p.stderr, f'{args}: exit {p.returncode}, wanted {code} and {word!r}: {p.stdout} {p.stderr}')
    return p.stdout


def tool(*args, good=True):
    p = subprocess.run(args, capture_output=True, text=True, timeout=60)
    need((p.returncode == 0) == good, f'{args}: {p.stdout} {p.stderr}')
    return p.stdout


def uses():
    rows = [json.loads(line) for line in call('authority', 'show', '--json', 'a.yaml').splitlines()]
    return next(r['key'] for r in rows if r['event'] == 'authority').rsplit(', ', 1)[1]


def grant(n, file='ca.tpm'):
    call('authority', 'request', file)
    call('order', 'grant', '--sign', 'grants.key', f'{file}.request', '--uses', str(n))
    return call('authority', 'grant', file, f'{file}.request.grant', word=f'signs {n} ')


def sign(name, **more):
    call('cert', 'make', '--authority', 'a.yaml', '-e', name, '-o', name, **more)


SPENT = dict(code=1, word='uses that the owner granted are spent')


def created(h, tpm):
    owner = call('order', 'grant', '--sign', 'grants.key').strip()
    need(owner == call('order', 'grant', '--sign', 'grants.key').strip() and owner.startswith('p256+'), owner)
    call('authority', 'create', 'ca.tpm', '--owner', owner[:-4], '--tpm', tpm.tcti, code=1, word='no owner')
    mistyped = 'p256+' + ('B' if owner[5] != 'B' else 'C') + owner[6:]  # no point of the curve: the TPM would not take it
    call('authority', 'create', 'ca.tpm', '--owner', mistyped, '--tpm', tpm.tcti, code=1, word='no owner')
    call('authority', 'create', 'ca.tpm', '--owner', owner, '--tpm', tpm.tcti, '--index', '7', code=2, word='no index')
    call('authority', 'create', 'ca.tpm', '--owner', owner, '--tpm', tpm.tcti, '--index', 'x', code=2, word='--index')
    call('authority', 'create', 'ca.tpm', '--tpm', tpm.tcti, code=2, word='--owner')
    h.write('ca.pub', call('authority', 'create', 'ca.tpm', '--owner', owner, '--tpm', tpm.tcti))
    call('authority', 'create', 'ca.tpm', '--owner', owner, '--tpm', tpm.tcti, code=1, word='is there already')
    call('authority', 'create', 'b.tpm', '--owner', owner, '--tpm', tpm.tcti, code=1, word='the index is taken')
    need(os.stat('ca.tpm').st_mode & 0o777 == 0o600 and not os.path.exists('b.tpm'), 'files')
    call('authority', 'create', 'other.tpm', '--owner', owner, '--tpm', tpm.tcti, '--index', OTHER)
    h.write('ca.ext', CA)
    tool('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'root.key', '-out', 'root.pem', '-subj', '/CN=Root', '-days', '9000')
    tool('openssl', 'x509', '-new', '-force_pubkey', 'ca.pub', '-subj', '/CN=Line 7', '-CA', 'root.pem', '-CAkey', 'root.key', '-CAcreateserial', '-days', '8000',
         '-extfile', 'ca.ext', '-out', 'ca.pem')
    h.write('chain.pem', open('ca.pem').read() + open('root.pem').read())
    h.write('a.yaml', 'chain: chain.pem\nkey: "tpm:ca.tpm"\n')
    h.write('b.yaml', 'chain: chain.pem\nkey: "tpm:other.tpm"\n')
    call('authority', 'show', 'b.yaml', code=1, word='does not belong')
    sign('early', code=1, word='the owner has granted nothing')


def counted(h, tpm):
    grant(3)
    need(uses() == '3 of 3 uses left', uses())
    call('authority', 'check', 'a.yaml', word='was not asked to sign')  # nor does opening it cost anything
    for name in ('one', 'two'):
        sign(name)
    tpm.stop()  # the count is the TPM's: it outlives a restart
    call('authority', 'show', 'a.yaml', code=1, word='there is no TPM')
    tpm.start()
    sign('three')
    sign('four', **SPENT)
    need(uses() == '0 of 3 uses left' and not os.path.exists('four/client_cert.crt'), uses())
    tool('openssl', 'verify', '-CAfile', 'root.pem', '-untrusted', 'ca.pem', 'three/client_cert.crt')


def forged(h, tpm):
    """Grants that are old, edited, of somebody else, or for another index."""
    os.symlink('nowhere', 'ca.tpm.session')  # a request that cannot wait leaves no session in the TPM
    call('authority', 'request', 'ca.tpm', code=1, word='will not write over')
    os.unlink('ca.tpm.session')
    need(not tool('tpm2_getcap', 'handles-saved-session').strip() and not tool('tpm2_getcap', 'handles-loaded-session').strip(), 'a session stays')
    call('authority', 'grant', 'ca.tpm', 'ca.tpm.request.grant', code=1, word='no request waits')
    call('authority', 'request', 'ca.tpm')
    call('authority', 'grant', 'ca.tpm', 'ca.tpm.request.grant', code=1, word='another request')
    shutil.copy('ca.tpm.session', 'session')
    call('order', 'grant', '--sign', 'grants.key', 'ca.tpm.request', '--uses', '1')
    text = open('ca.tpm.request.grant').read()
    h.write('edited', text.replace('uses 1', 'uses 9'))
    call('authority', 'grant', 'ca.tpm', 'edited', code=1, word="the signature is not the owner's")
    call('authority', 'grant', 'ca.tpm', 'ca.tpm.request.grant', code=1, word='no request waits')
    shutil.copy('session', 'ca.tpm.session')  # the same session cannot come back into the TPM
    call('authority', 'grant', 'ca.tpm', 'ca.tpm.request.grant', code=1, word='does not know the request')
    os.unlink('ca.tpm.session')
    call('authority', 'request', 'ca.tpm')
    call('order', 'grant', '--sign', 'stranger.key')
    call('order', 'grant', '--sign', 'stranger.key', 'ca.tpm.request', '--uses', '5')
    call('authority', 'grant', 'ca.tpm', 'ca.tpm.request.grant', code=1, word="the signature is not the owner's")
    call('authority', 'request', 'other.tpm')
    call('order', 'grant', '--sign', 'grants.key', 'other.tpm.request', '--uses', '5')
    call('authority', 'grant', 'ca.tpm', 'other.tpm.request.grant', code=1, word='is for index')
    call('authority', 'request', 'ca.tpm')
    nonce = [l for l in open('ca.tpm.request') if l.startswith('nonce')][0]
    h.write('moved', ''.join(nonce if l.startswith('nonce') else l.replace(OTHER, INDEX) for l in open('other.tpm.request.grant')))
    call('authority', 'grant', 'ca.tpm', 'moved', code=1, word="the signature is not the owner's")
    call('authority', 'grant', 'ca.tpm', 'root.pem', code=1, word='not a file of a TPM')
    call('order', 'grant', '--sign', 'grants.key', 'root.pem', '--uses', '1', code=1, word='not a file of a TPM')
    call('order', 'grant', '--sign', 'grants.key', 'ca.tpm.request', code=2, word='--uses')
    call('order', 'grant', code=2, word='--sign')
    call('authority', 'request', 'root.key', code=1, word='not a file of a TPM')
    need(uses() == '0 of 3 uses left', uses())


def around(h, tpm):
    """What root on the station tries with the TPM's own tools."""
    password = [l.split()[1] for l in open('ca.tpm') if l.startswith('password')][0]
    with open('pin', 'wb') as f:
        f.write(bytes([0, 0, 0, 0, 0, 0, 1, 0]))
    tool('tpm2_nvwrite', '-C', 'o', INDEX, '-i', 'pin', good=False)
    tool('tpm2_nvwrite', '-C', INDEX, '-P', f'hex:{password}', INDEX, '-i', 'pin', good=False)
    grant(3)
    tool('tpm2_startauthsession', '--policy-session', '-S', 'session')  # one use as a ticket for many
    tool('tpm2_policysecret', '-S', 'session', '-c', INDEX, '-x', '-t', '-100000', '--ticket', 'ticket', '--timeout', 'timeout', f'hex:{password}')
    need(not os.path.exists('ticket') or os.path.getsize('ticket') == 0, 'the TPM gave a ticket')
    tool('tpm2_flushcontext', 'session')
    need(uses() == '2 of 3 uses left', uses())
    public = tool('tpm2_nvreadpublic', INDEX)
    policy = public.split('authorization policy: ')[1].split()[0].lower()
    with open('policy', 'wb') as f:
        f.write(bytes.fromhex(policy))
    tool('tpm2_nvundefine', '-C', 'o', INDEX)
    sign('none', code=1, word='it is not in this TPM')
    attributes = 'nt=pinpass|policywrite|ownerread|authread|no_da'
    tool('tpm2_nvdefine', INDEX, '-C', 'o', '-s', '8', '-a', attributes, '-L', 'policy', '-p', f'hex:{password}')
    sign('anew', code=1, word='the owner has granted nothing')
    tool('tpm2_nvundefine', '-C', 'o', INDEX)
    tool('tpm2_nvdefine', INDEX, '-C', 'o', '-s', '8', '-a', attributes + '|ownerwrite', '-L', 'policy', '-p', f'hex:{password}')
    tool('tpm2_nvwrite', '-C', 'o', INDEX, '-i', 'pin')  # of one's own: its name is another one
    sign('own', code=1, word='is not the one that counts')
    tool('tpm2_nvundefine', '-C', 'o', INDEX)
    tool('tpm2_nvdefine', INDEX, '-C', 'o', '-s', '8', '-a', attributes, '-L', 'policy', '-p', 'hex:' + 64 * '1')
    grant(1)
    sign('wrong', code=1, word='a password is wrong')
    tool('tpm2_nvundefine', '-C', 'o', INDEX)
    tool('tpm2_nvdefine', INDEX, '-C', 'o', '-s', '8', '-a', attributes, '-L', 'policy', '-p', f'hex:{password}')


def copied(h, tpm):
    """An order of five, a use for each. A power cut costs its use, and the copy of everything but the TPM makes none."""
    grant(5)
    order = h.order('made', 5, records='records.csv', more='authority:\n  chain: chain.pem\n  key: "tpm:ca.tpm"\n')
    call('run', '--dry-run', order)
    need(uses() == '5 of 5 uses left', uses())
    os.makedirs('copies')
    for name in os.listdir('.'):
        if name not in ('copies', os.path.basename(tpm.folder)):
            (shutil.copytree if os.path.isdir(name) else shutil.copy)(name, f'copies/{name}', **({'symlinks': True} if os.path.isdir(name) else {}))
    p = subprocess.run([TORTURE, 'run', order], capture_output=True, text=True, timeout=60, env=with_failpoint('tpm-use-spent:3'))
    need(p.returncode == -9, f'tpm-use-spent was not reached: {p.stderr}')
    tpm.stop()  # without power it has no keys of dead programs loaded
    tpm.start()
    need(uses() == '2 of 5 uses left', uses())
    call('run', order, code=1, word='uses that the owner granted are spent')
    os.chdir('copies')
    try:
        call('run', order, code=1, word='uses that the owner granted are spent')
    finally:
        os.chdir('..')
    grant(5)
    call('run', order, word='5 of 5')
    h.check('made', ['packets.ndjson'], 5, ['records.csv'])


def counts_meanwhile(h, tpm):
    """The same TPM opens the station's key and counts while it signs; this one has room for one program, and for one place of it."""
    order = h.order('both', 200, packets='both.ndjson', work='both', station='B', more='station_key: both.key\nauthority:\n  chain: chain.pem\n  key: "tpm:ca.tpm"\n')
    call('station', 'key', 'rotate', order, '--to', f'tpm:{tpm.tcti}')
    grant(200)
    call('run', order, word='200 of 200', env={**os.environ, **({'LD_PRELOAD': CLOCK, 'SIGNET_BOOT_STEP': '700'} if HAS_CLOCK else {})})
    count = int(open('both.key.orders').read().split('count 0x01800040 ')[1])
    tool('tpm2_nvread', '-C', 'o', '0x01800040', '-o', 'count')
    with open('count', 'rb') as f:
        need(count == int.from_bytes(f.read(), 'big'), count)
    need(not HAS_CLOCK or count > 5, f'{count}: it did not count meanwhile')


def elsewhere(h, tpm):
    """The station's files at another TPM, and answers that are none."""
    h.write('far.tpm', open('ca.tpm').read().replace(tpm.tcti, f'swtpm:path={os.path.abspath("tpm2")}/s'))
    os.chmod('far.tpm', 0o600)
    h.write('far.yaml', 'chain: chain.pem\nkey: "tpm:far.tpm"\n')
    second = Tpm('tpm2')
    try:
        call('authority', 'show', 'far.yaml', code=1, word='it is not in this TPM')
    finally:
        second.stop()
    h.write('cut.tpm', open('ca.tpm').read()[:200])
    os.chmod('cut.tpm', 0o600)
    h.write('cut.yaml', 'chain: chain.pem\nkey: "tpm:cut.tpm"\n')
    call('authority', 'show', 'cut.yaml', code=1, word='damaged')
    os.chmod('ca.tpm', 0o644)
    call('authority', 'show', 'a.yaml', code=1, word='others')


def main():
    if not shutil.which('swtpm') or not shutil.which('tpm2_nvdefine'):
        print('no swtpm or tpm2-tools: scripts/setup test installs them')
        return 1 if os.environ.get('CI') == 'true' else 77
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        h = House(folder, certs=True)
        tpm = Tpm('tpm')
        os.environ['TPM2TOOLS_TCTI'] = tpm.tcti
        try:
            for part in (created, counted, forged, around, copied, counts_meanwhile, elsewhere):
                part(h, tpm)
        except Broken as e:
            print(f'{part.__name__}: {e}')
            return 1
        finally:
            tpm.stop()
    print('authority_tpm: ok')
    return 0


sys.exit(main())
