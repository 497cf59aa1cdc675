#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""signet run without a board, as a user runs it: both outputs, the records, servers, mistakes, and secrets
that must be nowhere but in the output."""
import base64, hashlib, json, os, shutil, signal, subprocess, sys, tempfile, time
from _mint import House
from _signet import SIGNET, SOURCE, TEMPLATE, TORTURE, VERIFIED, Broken, need, rest


def done(result, word='', code=0):
    need(result[0] == code and word in result[1], f'exit {result[0]}, wanted {code} and {word!r}: {result[1]}')
    return result[1]


def both_outputs(folder):
    h = House(folder)
    order = h.order('file', 700, records='records.csv')
    done(h.run(order, '--dry-run'), 'packets.ndjson')
    need(not os.path.exists(h.at('packets.ndjson')) and not os.path.exists(h.at('ledger.db')), 'a dry run wrote')
    out = done(h.run(order), '700 of 700 devices done')
    h.check('file', ['packets.ndjson'], 700, ['records.csv'])
    for name in ('packets.ndjson', 'records.csv'):
        with open(h.at(name), 'rb') as f:
            need(hashlib.sha256(f.read()).hexdigest() in out, f'the report has another SHA-256 of {name}')
    names = [json.loads(line)['endpoint'] for line in open(h.at('packets.ndjson'))]
    need(names == sorted(names), 'not in the order of the names')
    done(h.run(order, '--dry-run'), 'packets.ndjson')
    before = open(h.at('packets.ndjson'), 'rb').read()
    done(h.run(order), '700 of 700')
    need(open(h.at('packets.ndjson'), 'rb').read() == before, 'a finished order was written again')

    order = h.order('file', 800, records='records.csv')  # more are wanted
    done(h.run(order), '800 of 800 devices done; this run: 100 made')
    h.check('file', ['packets.ndjson'], 800, ['records.csv'])
    need(open(h.at('packets.ndjson'), 'rb').read().startswith(before), 'what was there was changed')

    order = h.order('folder', 300, packets='packets/', records='more.ndjson')
    done(h.run(order), '300 of 300')
    h.check('folder', ['packets/'], 300, ['more.ndjson'])
    some = h.packets('packets/')['urn:dev:os:folder-0000007']
    h.write('one.cbor', '')
    with open(h.at('one.cbor'), 'wb') as f:
        f.write(some)
    p = subprocess.run([SIGNET, 'packet', 'show', h.at('one.cbor')], capture_output=True, text=True)
    need(p.returncode == 0 and 'urn:dev:os:folder-0000007' in p.stdout, p.stderr)


def manifest(folder):
    """Names and keys of a list; one key is there twice, in two orders."""
    h = House(folder)
    h.write('template', TEMPLATE.replace("RID.Security.Mode: %d", "RID.Security.Mode: 0, RID.Security.SecretKey: b'{key:hex}'"))
    keys = {f'meter-{i}': os.urandom(16).hex() for i in range(1, 121)}
    h.write('list.csv', 'endpoint,key\n' + ''.join(f'{n},{k}\n' for n, k in keys.items()))
    order = h.order('list', 120, records='records.csv', names=['  manifest: list.csv'])
    done(h.run(order), '120 of 120')
    h.check('list', ['packets.ndjson'], 120, ['records.csv'])
    need({n: r['psk'] for n, r in h.records('records.csv').items()} == keys, 'other keys')
    need(list(h.records('records.csv')) == list(keys), 'another order')

    more = {f'other-{i}': os.urandom(16).hex() for i in range(1, 41)}
    more['other-17'] = keys['meter-5']
    h.write('more.csv', 'endpoint,key\n' + ''.join(f'{n},{k}\n' for n, k in more.items()))
    out = done(h.run(h.order('more', 40, packets='more.ndjson', names=['  manifest: more.csv'])), '1 failed', 3)
    need('39 made' in out and keys['meter-5'] not in out, out)
    devices = h.devices('more')
    need(devices['other-17']['state'] == 7 and not devices['other-17']['exposed'], 'it was not set aside')
    need(set(h.packets('more.ndjson')) == set(more) - {'other-17'}, 'the others are not all there')

    h.write('list.csv', 'endpoint,key\n' + ''.join(f'{n},{k}\n' for n, k in reversed(keys.items())))
    done(h.run(order), 'another order', 1)  # it is not the list that it was


def example(folder):
    shutil.copytree(os.path.join(SOURCE, 'examples', 'line'), folder, dirs_exist_ok=True)
    h = House.__new__(House)
    h.folder, h.certs = folder, False
    done(h.run(h.at('minted.yaml'), '--dry-run'))
    done(h.run(h.at('order.yaml'), '--dry-run'))  # that with boards
    need(not os.path.exists(h.at('minted.db')), 'a dry run made a ledger')
    done(h.run(h.at('minted.yaml')), '3 of 3')
    h.check('minted-2026-48', ['packets.ndjson'], 3, ['records.csv'], ledger='minted.db')
    identities = [r['identity'] for r in h.records('records.csv').values()]
    need('2026-48/urn:dev:os:0023C7-000103' in identities, identities)


def odd_names(folder):
    h = House(folder)
    done(h.run(h.order('dots', 3, packets='p/', pattern='.{serial}')))
    done(h.run(h.order('minus', 2, packets='p/', pattern='-{serial}')))
    done(h.run(h.order('line', 1, packets='p/', pattern='_-{serial}')))
    os.remove(h.at('p/__-1.cbor'))  # not the file of -1
    need(sorted(os.listdir(h.at('p'))) == ['_-1.cbor', '_-2.cbor', '_.1.cbor', '_.2.cbor', '_.3.cbor'],
         os.listdir(h.at('p')))
    done(h.run(h.order('formula', 2, packets='q/', records='q.csv', pattern='-f{serial}')), '2 failed', 1)


def certificates(folder):
    h = House(folder, certs=True)
    done(h.run(h.order('certs', 40, records='records.ndjson')), '40 of 40')
    h.check('certs', ['packets.ndjson'], 40, ['records.ndjson'])
    row = h.records('records.ndjson')['urn:dev:os:certs-0000003']
    need(set(row) == {'endpoint', 'mode', 'certificate', 'account', 'uri'}, row)
    with open(h.at('cert.der'), 'wb') as f:
        f.write(base64.b64decode(row['certificate']))
    p = subprocess.run(['openssl', 'x509', '-inform', 'DER', '-noout', '-subject', '-in', h.at('cert.der')],
                       capture_output=True, text=True)
    need('urn:dev:os:certs-0000003' in p.stdout, p.stdout + p.stderr)


class Sim:
    """A Coiote, simulated."""
    def __init__(self, folder, *args):
        self.ca = os.path.join(folder, 'ca.pem')
        self.process = subprocess.Popen([SIGNET, 'sim', 'server', '--json', '--until-eof', '-t', 'w0rd', '--ca-file', self.ca,
                                         *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = json.loads(self.process.stdout.readline())['port']

    def end(self):
        self.process.stdin.close()
        state = json.loads(self.process.stdout.readline())
        self.process.wait(60)
        return state


def server_json(h, port):
    h.write('server.json', json.dumps({'kind': 'coiote', 'url': 'https://127.0.0.1', 'port': port, 'domain': '/acme/'}))


def servers(folder):
    sim = Sim(folder)
    h = House(folder, server=sim.ca, token='w0rd')
    server_json(h, 1)  # nobody is there
    order = h.order('served', 400)
    out = done(h.run(order), '400 devices wait for their servers', 3)
    need('400 made' in out, out)
    need({d['state'] for d in h.devices('served').values()} == {VERIFIED}, 'not verified')
    need(any(f.endswith('.sealed') for f in os.listdir(h.at('work'))), 'nothing is sealed')
    done(h.run(order), 'wait for their servers', 1)
    need(len(h.packets('packets.ndjson')) == 400, 'written again')
    server_json(h, sim.port)
    p = subprocess.run([SIGNET, 'ledger', 'sync', order], capture_output=True, text=True)
    need(p.returncode == 0 and '400 devices registered' in p.stdout, p.stdout + p.stderr)
    h.check('served', ['packets.ndjson'], 400)
    done(h.run(order), '400 of 400')
    done(h.run(h.order('served', 500)), '500 of 500')  # with the server there
    h.check('served', ['packets.ndjson'], 500)
    state = sim.end()
    need(state['devices'] == 500, state)


def mistakes(folder):
    h = House(folder)
    order = h.order('one', 50)
    h.write('packets.ndjson', 'mine\n')
    for args in ([], ['--dry-run']):
        done(h.run(order, *args), 'there already', 1)
    need(open(h.at('packets.ndjson')).read() == 'mine\n', 'a file of another was changed')
    os.remove(h.at('packets.ndjson'))
    done(h.run(h.order('one', 50, packets='nowhere/packets.ndjson')), 'nowhere', 1)
    order = h.order('one', 50)
    os.symlink('elsewhere', h.at('packets.ndjson'))
    done(h.run(order), 'packets.ndjson', 1)
    need(not os.path.lexists(h.at('elsewhere')), 'a symbolic link was followed')
    os.remove(h.at('packets.ndjson'))
    need(not h.devices('one'), 'devices were taken')

    done(h.run(order), '50 of 50')
    os.chmod(h.at('packets.ndjson'), 0o644)
    done(h.run(h.order('one', 60)), '0600', 1)
    os.chmod(h.at('packets.ndjson'), 0o600)
    os.rename(h.at('packets.ndjson'), h.at('sold.ndjson'))
    done(h.run(h.order('one', 50)), '50 of 50')  # nothing is left to do
    out = done(h.run(h.order('one', 60)), 'is gone', 1)
    need('name another file' in out, out)
    done(h.run(h.order('one', 60, packets='second.ndjson')), '60 of 60')
    h.check('one', ['sold.ndjson', 'second.ndjson'], 60)

    for change, word in (('torn', 'shorter'), ('other', 'changed'), ('longer', 'added')):
        data = open(h.at('second.ndjson'), 'rb').read()
        with open(h.at('second.ndjson'), 'wb') as f:
            f.write({'torn': data[:-5], 'other': data.replace(b'packet', b'pocket', 1), 'longer': data + b'{}\n'}[change])
        done(h.run(h.order('one', 70, packets='second.ndjson')), word, 1)
        with open(h.at('second.ndjson'), 'wb') as f:
            f.write(data)
    done(h.run(h.order('one', 70, packets='second.ndjson')), '70 of 70')
    h.check('one', ['sold.ndjson', 'second.ndjson'], 70)

    for name in ('ledger.db', 'ledger.db-wal', 'ledger.db-shm'):  # another ledger, the same work folder
        if os.path.exists(h.at(name)):
            os.remove(h.at(name))
    done(h.run(h.order('one', 80, packets='second.ndjson')), 'is gone', 1)


def another_order(folder):
    h = House(folder)
    done(h.run(h.order('x', 10)), '10 of 10')
    done(h.run(h.order('x', 20, pattern='other-{serial}')), 'another order', 1)
    for args in [], ['--dry-run']:
        done(h.run(h.order('x', 9), *args), '10 devices of order x are begun, and its \'quota\' here is 9', 1)
        said = h.run(h.order('y', 5, packets='y.ndjson', pattern='urn:dev:os:x-{serial:07}'), *args)
        done(said, "is a device's of order 'x'", 0 if args else 1)
    h.write('template', TEMPLATE.replace('60', '61') % 0)
    done(h.run(h.order('x', 20)), 'another order', 1)
    h.check('x', ['packets.ndjson'], 10)


def interrupted(folder):
    h = House(folder)
    order = h.order('cut', 200000)
    p = h.start(order, '--json')
    while '"progress"' not in p.stdout.readline():
        need(p.poll() is None, 'it ended')
    p.send_signal(signal.SIGINT)
    last = json.loads(rest(p, 60)[0].splitlines()[-1])
    need(p.returncode == 4 and last['event'] == 'report', last)
    made = last['made']
    need(0 < made < 200000 and last['states']['done'] == made, last)
    h.check('cut', ['packets.ndjson'], made)  # ended between batches: nothing half done
    need(last['packets']['bytes'] == os.path.getsize(h.at('packets.ndjson')), last)


def stations(folder):
    """Four houses, one order."""
    h = House(folder)
    orders = [h.order('shared', 1500, packets=f'{s}.ndjson', station=s, file=f'{s}.yaml', work=f'work-{s}') for s in 'ABCD']
    for p in [h.start(o) for o in orders]:
        p.communicate(timeout=120)
    for o in orders:  # those that were early find all done now
        done(h.run(o), '1500 of 1500')
    h.check('shared', [f'{s}.ndjson' for s in 'ABCD'], 1500, works=[f'work-{s}' for s in 'ABCD'])
    q = h.start(h.order('same', 3000, file='q.yaml', packets='same.ndjson'))
    p = h.start(h.order('same', 3000, file='p.yaml', packets='same.ndjson'))
    codes = sorted((p.communicate(timeout=60)[0], p.returncode)[1] for p in (p, q))
    need(codes in ([0, 1], [0, 0]), f'two runs in one work folder: {codes}')  # the other waits 2 s for the first one's end
    h.check('same', ['same.ndjson'], 3000)


def secrets(folder):
    """Keys in no form outside of the output: ledger, journal, work folder, what was said."""
    h = House(folder)
    order = h.order('secret', 400, records='records.csv')
    said = ''
    for point in ('after-writing:2', 'after-append:2', None):  # also while things are half done
        code, out = h.run(order, program=TORTURE, failpoint=point)
        said += out
        need(code == (-9 if point else 0), f'{point}: {code} {out}')
        forms = []
        for packet in h.packets('packets.ndjson', whole=point is None).values():
            key = packet[packet.index(b'/0/1/5') + 10:][:32]  # after its label and head
            forms += [key, key.hex().encode(), base64.b64encode(key)[:40]]
        need(point or len(forms) == 1200, len(forms))
        for place, _, files in os.walk(folder):
            for name in files:
                if name in ('packets.ndjson', 'records.csv') or name.endswith('.sock'):
                    continue
                with open(os.path.join(place, name), 'rb') as f:
                    data = f.read().lower() + said.encode().lower()
                need(not any(form.lower() in data for form in forms), f'a key is in {name}')
    h.check('secret', ['packets.ndjson'], 400, ['records.csv'])
    row = h.records('records.csv')['urn:dev:os:secret-0000001']
    need(bytes.fromhex(row['psk']) in h.packets('packets.ndjson')['urn:dev:os:secret-0000001'], 'the scan looks for nothing')


def main():
    for test in (both_outputs, manifest, example, odd_names, certificates, servers, mistakes, another_order, interrupted, stations, secrets):
        with tempfile.TemporaryDirectory(prefix='signet-mint-') as folder:
            begin = time.monotonic()
            try:
                test(folder)
            except Broken as e:
                sys.exit(f'mint: {test.__name__}: {e}')
            print(f'{test.__name__}: ok, {time.monotonic() - begin:.1f} s')


main()
