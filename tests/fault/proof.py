#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The end of a device's way: delivered to all servers, proved, its secret wiped, done. What may not count as a proof, what
waits and what is set aside, and what a kill in between leaves. Orders with files, at a simulated Leshan that is both the
server that is told of a device and the LwM2M server that lets it in.
usage: proof.py [PART]"""
import http.server, json, os, re, shutil, signal, ssl, subprocess, threading, time
import urllib.error, urllib.parse, urllib.request
from _coiote import TOKEN, Coiote, make_certificate
from _parts import main, part
from _signet import SIGNET, TEMPLATE, TORTURE, Folder, need, rest, with_failpoint

DEADLINE = 90


class Between:
    """In front of the Leshan's API: `unseen` look-ups of registrations get a 404, or `trouble` another answer."""
    def __init__(self, folder, port, ca):
        self.unseen, self.trouble, self.looks = 0, None, 0
        self.hidden = []  # look-ups of these devices are not answered
        outer, trust = self, ssl.create_default_context(cafile=ca)
        trust.check_hostname = False

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def log_message(self, *args):
                pass

            def reply(self, status, body, kind='application/json'):
                self.send_response(status)
                self.send_header('Content-Type', kind)
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def any(self):
                body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
                if self.path.startswith('/api/clients/'):
                    outer.looks += 1
                    if outer.trouble or urllib.parse.unquote(self.path).rsplit('/', 1)[1] in outer.hidden:
                        return self.reply(outer.trouble or 500, b'{"message": "trouble"}')
                    if outer.unseen:
                        outer.unseen -= 1
                        return self.reply(404, b'{"message": "no registered client"}')
                headers = {k: v for k, v in self.headers.items() if k.lower() not in ('host', 'content-length')}
                asked = urllib.request.Request(f'https://127.0.0.1:{port}{self.path}', data=body or None, headers=headers, method=self.command)
                try:
                    with urllib.request.urlopen(asked, context=trust, timeout=30) as a:
                        self.reply(a.status, a.read(), a.headers.get('Content-Type', 'application/json'))
                except urllib.error.HTTPError as e:
                    self.reply(e.code, e.read())
            do_GET = do_PUT = do_POST = do_DELETE = any

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass
        os.mkdir(folder)
        key, self.ca = make_certificate(folder)
        self.httpd = Server(('127.0.0.1', 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca, key)
        self.httpd.socket = context.wrap_socket(self.httpd.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.httpd.server_address[1]
        threading.Thread(target=self.httpd.serve_forever, daemon=True).start()

    def close(self):
        self.httpd.shutdown()
        self.httpd.server_close()


class Desk(Folder):
    def __init__(self, folder):
        super().__init__(folder)
        self.sims, self.others = [], []
        self.write('template', TEMPLATE % 0)
        self.write('token', TOKEN)
        self.more_servers = ''

    def leshan(self, *args, between=False, file='leshan.json'):
        """Another one, from now on; it knows nobody yet."""
        ca = self.at(f'leshan-{len(self.sims)}.pem')
        p = subprocess.Popen([SIGNET, 'sim', 'server', '--kind', 'leshan', '--lwm2m', '0', '--json', '-u', '--ca-file', ca, *args],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        said = json.loads(p.stdout.readline())
        self.sims.append(p)
        port, self.uri, self.between = said['port'], said['lwm2m'], None
        if between:
            self.between = Between(self.at(f'between-{len(self.sims)}'), port, ca)
            self.others.append(self.between)
            port, ca = self.between.port, self.between.ca
        self.write(file, json.dumps({'kind': 'leshan', 'url': 'https://127.0.0.1', 'port': port, 'ca_file': ca}))

    def coiote(self):
        """One more server of the order, which cannot see who is registered."""
        os.mkdir(self.at('coiote'))
        coiote = Coiote(self.at('coiote'))
        self.others.append(coiote)
        coiote.info(self.at('coiote'))
        self.more_servers = f'  - {{name: other, file: coiote/server.json, token_file: token, ca_file: {coiote.ca}}}'
        return coiote

    def order(self, quota, prove=True, timeout=5, uri=None, servers='leshan'):
        text = ['name: o', f'quota: {quota}', 'template: template', 'ledger: ledger.db', 'station: A',
                'names: {pattern: "urn:dev:os:p-{serial:03}"}', 'output: {packets: packets.ndjson}', 'servers:']
        if servers:
            text.append('  - {name: main, file: leshan.json}')
        text.append(self.more_servers)
        if prove:
            text.append(f'prove: {{uri: "{uri or self.uri}", timeout_s: {timeout}}}')
        self.write('order.yaml', '\n'.join(text) + '\n')

    def call(self, *args, program=SIGNET, point=None, script=None):
        env = with_failpoint(point)
        if script:
            env['SIGNET_FAILPOINT_RUN'] = f"({script}) >'{self.at('script.log')}' 2>&1"
        p = subprocess.run([TORTURE if point else program, *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           stdin=subprocess.DEVNULL, text=True, cwd=self.folder, timeout=DEADLINE, env=env)
        self.said, self.code = p.stdout, p.returncode
        return p.returncode

    def run(self, *args, sync=1, **more):
        return self.call('run', 'order.yaml', '--sync', str(sync), *args, **more)

    def sync(self, *args, **more):
        return self.call('ledger', 'sync', 'order.yaml', *args, **more)

    def events(self, *kinds):
        """What it said with --json."""
        found = [json.loads(l) for l in self.said.splitlines() if l.startswith('{')]
        return [e for e in found if not kinds or e['event'] in kinds]

    def rows(self):
        p = subprocess.run([SIGNET, 'ledger', 'list', 'ledger.db', '--json'], cwd=self.folder, capture_output=True,
                           text=True, timeout=DEADLINE)
        return {r['endpoint']: r for r in map(json.loads, p.stdout.splitlines()) if r['event'] == 'device'}

    def states(self, *wanted):
        found = sorted(r['state'] for r in self.rows().values())
        if wanted:
            need(found == sorted(wanted), f'{found}, not {sorted(wanted)}: {self.said}')
        return found

    def history(self, name):
        p = subprocess.run([SIGNET, 'ledger', 'show', 'ledger.db', name, '--json'], cwd=self.folder, capture_output=True,
                           text=True, timeout=DEADLINE)
        return [r['kind'] for r in map(json.loads, p.stdout.splitlines()) if r['event'] == 'history']

    def exits(self, code, *words):
        need(self.code == code, f'exit {self.code}, not {code}: {self.said}')
        for word in words:
            need(re.search(word, self.said), f'no {word!r} in: {self.said}')

    def seals(self):
        return [self.at('work', f) for f in os.listdir(self.at('work')) if f.endswith('.sealed')]

    def void_script(self, name):
        return f"'{SIGNET}' ledger void --force ledger.db {name} --reason test"

    def close(self):
        for other in self.others:
            other.close()
        for p in self.sims:
            p.stdin.close()
            p.wait(DEADLINE)


def name(n):
    return f'urn:dev:os:p-{n:03}'


@part
def proved(d):
    d.leshan()
    d.order(3)
    d.run(sync=20)
    d.exits(0)
    d.states(*['done'] * 3)
    for n in d.rows():
        kinds = [k for k in d.history(n) if k in ('verified', 'registered', 'proved', 'done')]
        need(kinds == ['verified', 'registered', 'proved', 'done'], kinds)
    need(not d.seals(), 'something is sealed')


@part
def nothing_sealed_is_no_proof(d):
    """The seal of a device that waits for its proof is lost: it is not done."""
    d.leshan('-q')
    d.order(2, timeout=1)
    d.run()
    d.exits(3)
    d.states(*['registered'] * 2)
    for path in d.seals():
        os.remove(path)
    d.leshan()
    d.order(2)
    for _ in range(2):
        d.sync()
        need('done' not in d.states() and not any('proved' in d.history(n) for n in d.rows()), d.said)
    need(d.code == 1 or set(d.states()) == {'failed'}, d.said)


@part
def proof_before_the_kill(d):
    """The proof is written down before the secret is wiped: whatever is done then, once is enough."""
    d.leshan()
    d.order(2)
    d.run(sync=20, point='before-done:1')
    d.exits(-9)
    d.states(*['registered'] * 2)
    need(all('proved' in d.history(n) for n in d.rows()), 'not proved')
    d.sync()
    d.exits(0)
    d.states('done', 'done')
    need(not d.seals(), 'something is sealed')


@part
def proof_of_before_rework(d):
    """A device that was reworked has new credentials: the proof of the old ones says nothing of them."""
    d.leshan()
    d.order(1)
    d.run(sync=20, point='before-wipe:1')
    d.exits(-9)
    need(d.history(name(1)).count('proved') == 1, 'not proved')
    with open(d.seals()[0], 'r+b') as f:  # its secret is damaged: it is set aside
        f.seek(40)
        f.write(b'damaged')
    d.sync()
    d.states('failed')
    d.call('ledger', 'rework', 'ledger.db', name(1))
    d.exits(0)
    d.leshan('-q')
    d.order(1, timeout=1)
    d.run()
    d.states('registered')
    for path in d.seals():
        os.remove(path)
    d.leshan()
    d.order(1)
    d.sync()
    need('done' not in d.states() and d.history(name(1)).count('proved') == 1, f'{d.history(name(1))}: {d.said}')


@part
def not_let_in(d):
    """The LwM2M server knows nobody: each is set aside with the verdict, its secret stays, and rework is all it takes."""
    d.leshan()
    uri = d.uri
    d.leshan()
    d.order(2, uri=uri)
    d.run(sync=20)
    d.exits(3)
    d.states('failed', 'failed')
    for r in d.rows().values():
        need('does not get in' in r['error'] and r['error_code'] == 'proof', r)
    need(d.seals() and not any('proved' in d.history(n) for n in d.rows()), 'wiped')
    d.order(2)
    for n in d.rows():
        d.call('ledger', 'rework', 'ledger.db', n)
    d.sync()
    d.exits(0)
    d.states('done', 'done')
    need(not d.seals(), 'something is sealed')


@part
def not_seen(d):
    """It got in, and the server that should see it says no, again and again."""
    d.leshan(between=True)
    d.between.unseen = 10000
    d.coiote()  # which cannot say, and whose answer is no reason
    d.order(1)
    d.run(sync=20)
    d.exits(3)
    d.states('failed')
    need('no registration' in d.rows()[name(1)]['error'] and 'main' in d.rows()[name(1)]['error'], d.rows())
    need(d.between.looks > 5, f'{d.between.looks} looks')
    need(d.seals() and 'proved' not in d.history(name(1)), 'wiped')


@part
def seen_later(d):
    """A server's API may be behind."""
    d.leshan(between=True)
    d.between.unseen = 3
    d.order(1)
    d.run(sync=20)
    d.exits(0)
    d.states('done')
    need(d.between.looks == 4, f'{d.between.looks} looks')


@part
def nobody_can_say(d):
    """The server cannot be asked whether it sees the device: that is no verdict, and the device waits."""
    d.leshan(between=True)
    d.order(1)
    for trouble in (500, 401):
        d.between.trouble = trouble
        d.run() if trouble == 500 else d.sync()
        d.exits(3 if trouble == 500 else 1, str(trouble), 'main')
        d.states('registered')
        need('proved' not in d.history(name(1)), d.history(name(1)))
    d.between.trouble = None
    d.sync()
    d.exits(0)
    d.states('done')


@part
def proved_in_the_same_run(d):
    """What waited for its proof is tried again as long as the run lasts."""
    d.leshan(between=True)
    d.between.trouble = 500
    d.order(2)
    threading.Timer(5, lambda: setattr(d.between, 'trouble', None)).start()
    d.run('--json', sync=30)
    d.exits(0, 'devices wait for their proof')
    d.states('done', 'done')
    need('unproved' not in d.events('report')[0], 'the report has why it waited before')


@part
def a_server_that_cannot_see(d):
    """Of the servers, one has no way to see: the others are asked."""
    coiote = d.coiote()
    d.leshan(between=True)
    d.order(2)
    d.run(sync=20)
    d.exits(0)
    d.states('done', 'done')
    need(d.between.looks == 2 and len(coiote.devices) == 2, (d.between.looks, len(coiote.devices)))


@part
def seen_by_one_of_two(d):
    """A device gets in at one of the servers; that the other one does not see it is no verdict."""
    d.leshan(between=True, file='away.json')
    first = d.between
    d.leshan(between=True)
    d.more_servers = '  - {name: first, file: away.json}'
    d.order(1)
    d.run(sync=20)
    d.exits(0)
    need((first.looks, d.between.looks) == (0, 1), (first.looks, d.between.looks))
    with open(d.at('order.yaml')) as f:  # the other comes first now
        lines = f.read().splitlines()
    at = next(i for i, l in enumerate(lines) if 'main' in l)
    lines[at:at + 2] = lines[at + 1], lines[at]
    d.write('order.yaml', '\n'.join(lines).replace('quota: 1', 'quota: 2') + '\n')
    d.run(sync=20)
    d.exits(0)
    need((first.looks, d.between.looks) == (1, 2), (first.looks, d.between.looks))


@part
def unanswered_in_a_row(d):
    """Two proofs without an answer end a round only when one follows the other; and a server that is there again is not
    reported as away."""
    d.leshan(between=True)
    d.order(5)
    d.between.hidden = [name(1), name(3), name(5)]
    d.run()
    d.exits(3, 'devices wait for their proof')
    d.states('done', 'done', 'registered', 'registered', 'registered')
    d.between.hidden = [name(5)]
    d.sync('--json')
    need(d.events('synced')[0]['unproved'] and 'away' not in d.events('synced')[0]['servers'][0], d.said)
    d.states(*['done'] * 4, 'registered')
    d.between.hidden = []
    d.sync('--json')
    d.exits(0)
    need('unproved' not in d.events('synced')[0], d.said)


@part
def a_silent_place_of_proof(d):
    """Sixty devices are not each waited for: two in a round."""
    d.leshan('-q')
    d.order(60, timeout=1)
    begin = time.monotonic()
    d.run('--json')
    took = time.monotonic() - begin
    d.exits(3, 'devices wait for their proof')
    need(set(d.states()) <= {'verified', 'registered'}, d.said)
    need(took < 25, f'{took:.1f} s')
    proofs = sum(e.get('stage') == 'prove' and e['event'] == 'stage_begin' for e in d.events())
    need(0 < proofs <= 6 and proofs % 2 == 0, f'{proofs} proofs in at most three rounds')
    need(d.said.count('devices wait for their proof') == 1, d.said)


@part
def void_while_it_is_proved(d):
    """It is void, and the others are done; nothing of it is left."""
    d.leshan()
    d.order(3)
    for point, proved in ('before-prove:1', 2), ('before-proved:1', 2), ('before-done:1', 3):
        d.run(sync=20, point=point, script=d.void_script(name(1)))
        d.states('done', 'done', 'void')
        d.exits(0, '1 device is void', f'{proved} devices proved')
        need('error:' not in d.said, d.said)
        need(not d.seals(), f'{point}: something is sealed')
        for left in os.listdir(d.folder):
            if left.startswith(('ledger.db', 'packets')):
                os.remove(d.at(left))
        shutil.rmtree(d.at('work'))
        d.leshan()
        d.order(3)


@part
def a_disk_in_trouble(d):
    """What is sealed cannot be read, though it is not damaged: no device is at fault, and the run ends with the reason."""
    d.leshan()
    d.order(2)
    with open(d.at('leshan.json')) as f:
        good = f.read()
    d.write('leshan.json', re.sub(r'"port": \d+', '"port": 1', good))
    d.run()
    d.states('verified', 'verified')
    d.write('leshan.json', good)
    path, = d.seals()
    os.rename(path, path + '.away')
    os.mkdir(path)
    d.sync()
    d.exits(1, os.path.basename(path))
    d.states('verified', 'verified')
    os.rmdir(path)
    os.rename(path + '.away', path)
    d.sync()
    d.exits(0)
    d.states('done', 'done')


@part
def a_disk_in_trouble_before_the_proof(d):
    """The servers have the devices; to prove them takes what is sealed. The run ends with the reason, and they wait."""
    d.leshan(between=True)
    d.order(2)
    d.between.trouble = 500
    d.run()
    d.states('registered', 'registered')
    d.between.trouble = None
    path, = d.seals()
    os.rename(path, path + '.away')
    os.mkdir(path)
    d.sync()
    d.exits(1, os.path.basename(path))
    d.states('registered', 'registered')
    os.rmdir(path)
    os.rename(path + '.away', path)
    d.sync()
    d.exits(0)
    d.states('done', 'done')


@part
def a_server_that_comes_back(d):
    """At its end a run tries a server again for as long as it was told to: within one run all are done. While it is away
    it is asked for one device at a time."""
    coiote = d.coiote()
    d.leshan()
    coiote.answer = (503, {'error': 'busy'})
    d.order(10, prove=False)
    threading.Timer(5, lambda: setattr(coiote, 'answer', None)).start()
    d.run('--json', sync=30)
    d.exits(0)
    need(not [s for s in d.events('report')[0]['servers'] if 'away' in s], 'the report has why it was away before')
    need(len(coiote.posts()) < 55, f'{len(coiote.posts())} requests')  # twenty would be a round for all
    d.states(*['done'] * 10)
    need(d.said.count('devices wait for their registration') == 1, d.said)
    d.order(10, prove=False)
    need(not d.seals(), 'something is sealed')


@part
def stopped_while_proving(d):
    """SIGTERM: nobody is set aside, and the next run goes on."""
    d.leshan('-q')
    d.order(2, timeout=30)
    p = subprocess.Popen([SIGNET, 'run', 'order.yaml', '--json', '--sync', '60'], stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True, cwd=d.folder)
    for line in p.stdout:
        if line.startswith('{') and json.loads(line).get('stage') == 'prove':
            break
    begin = time.monotonic()
    p.send_signal(signal.SIGTERM)
    d.said, d.code = rest(p, DEADLINE)[0], p.returncode
    need(time.monotonic() - begin < 8, f'{time.monotonic() - begin:.1f} s')
    d.exits(4)
    d.states('registered', 'registered')
    need(d.seals(), 'wiped')


main(Desk)
