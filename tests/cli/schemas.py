#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What verbs say with --json is as docs/schemas has it: each line of real runs, and no member that a schema does not know."""
import contextlib, functools, glob, json, os, re, shutil, signal, subprocess, tempfile, warnings
import jsonschema
from _line import Line
from _signet import SIGNET, SOURCE, TEMPLATE, need
from _tpm import Tpm

warnings.simplefilter('ignore', DeprecationWarning)  # RefResolver is what Debian 12 has
FOLDER = os.path.join(SOURCE, 'docs', 'schemas')
NOT_SAID = {'events: page', 'events: retry', 'events: warning', 'board-list: port', 'ledger-recover: lost', 'object-import: warning', 'packet-make: warning',
            'station-check: warning', 'label: warning'}  # no run here has them
NO_LINE = ('notify-cfx', 'notify-event')  # of no verb
NO_MEMBER = {  # likewise
    'board-info': 'endpoint product serial usb_path', 'board-list': 'by_id event interface pid port product serial usb_path vendor vid',
    'error': 'board endpoint stage', 'events': 'hub programmer scan_back url', 'evidence': 'from owner scan_back signed until',
    'ledger-list': 'cert_issuer cert_serial error error_code freed image_sha256 imported spki_sha256', 'ledger-mend': 'servers',
    'ledger-recover': 'endpoint sealed state', 'ledger-show': 'by_hand error', 'line-status': 'away count hint message name notify scans told',
    'open': 'batch devices order previous sha256 station', 'packet-show': 'vlo', 'report': 'message',
    'run-report': 'away begun exposed locked name notify records refused_scans reworked station stopped to_do told unproved unremoved',
    'station-check': 'hint',
}
# verbs that change nothing: what they say to people has all values, but for these
SHOWN = ('ledger list', 'ledger show', 'ledger stats', 'ledger verify', 'ledger checkpoint', 'ledger vkey', 'report ', 'packet show', 'cert show', 'authority show', 'authority check', 'order verify',
         'order owner', 'station key show', 'evidence ', 'object list', 'object show', 'server c', 'label show', 'smp echo', 'smp info', 'smp hash', 'smp image list', 'board info')
NOT_SHOWN = {
    'ledger-list': 'created order packet_sha256 psk_sha256 station', 'ledger-show': 'hash tool', 'report': 'cycle_median cycle_p95 report', 'packet-show': 'vd',
    'authority-show': 'serial', 'object': 'alias resources', 'label': 'field', 'board-info': 'port',
}
STEPS = ('stage_begin', 'stage_end', 'progress', 'retry', 'warning')


def closed(schema):
    """The same, but for readers that take no member they do not know: each that is written is documented."""
    if isinstance(schema, list):
        return [closed(s) for s in schema]
    if not isinstance(schema, dict):
        return schema
    more = {k: closed(v) for k, v in schema.items()}
    if schema.get('type') == 'object' and 'properties' in schema:
        more['unevaluatedProperties'] = False
    return more


def members(value, found):
    """The names of all in it, at any depth."""
    for v in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        members(v, found)
    if isinstance(value, dict):
        found.update(value)
    return found


def leaves(value, key=''):
    for k, v in value.items() if isinstance(value, dict) else [(key, v) for v in value] if isinstance(value, list) else ():
        if isinstance(v, (dict, list)):
            yield from leaves(v, k)
        elif not isinstance(v, bool) and v not in (None, ''):
            yield k, v


def documented(schema, found):
    """The names of all members that it knows."""
    for v in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        documented(v, found)
    if isinstance(schema, dict) and isinstance(schema.get('properties'), dict):
        found.update(schema['properties'])
    return found


class Schemas:
    def __init__(self):
        self.open, self.said, self.members = {}, set(), {}
        for path in glob.glob(os.path.join(FOLDER, '*.json')):
            with open(path) as f:
                self.open[os.path.basename(path)] = json.load(f)
        for schema in self.open.values():
            jsonschema.Draft202012Validator.check_schema(schema)
        self.strict = {n: closed(s) for n, s in self.open.items()}

    def errors(self, schemas, ref, value):
        resolver = jsonschema.RefResolver('', {}, store=schemas)
        return list(jsonschema.Draft202012Validator({'$ref': ref}, resolver=resolver).iter_errors(value))

    def takes(self, name, line):
        value = json.loads(line)
        event = value.get('event')
        kind = 'report' if name == 'run-report' else 'authority' if name == 'authority-show' else event
        if event in STEPS and 'step' in self.open[f'{name}.json']['$defs']:
            kind = 'step'
        ref = 'error.json' if event == 'error' else f'{name}.json#/$defs/{kind}'
        for which, there in ((ref, self.strict), (f'{name}.json', self.open)):
            found = self.errors(there, which, value)
            need(not found, f'{which}: {line}: ' + '; '.join(e.message for e in found))
        self.said.add(f'{name}: {kind}')
        members(value, self.members.setdefault('error' if event == 'error' else name, set()))
        return value

    def refuses(self, name, line):
        """A schema that takes anything says nothing."""
        value = json.loads(line)
        required = {k for k in value if k not in self.may_lack(name, value)}
        for member in required:
            for wrong in ({k: v for k, v in value.items() if k != member}, {**value, member: 'a text' if isinstance(value[member], dict) else {'an': 'object'}}):
                need(self.errors(self.open, f'{name}.json', wrong), f'{name}: takes {wrong}')

    def may_lack(self, name, value):
        definition = self.open[f'{name}.json']['$defs'].get(value['event'], {})
        if not definition:  # a step
            return set(value)
        while '$ref' in definition:
            file, _, key = definition['$ref'].partition('#/$defs/')
            definition = self.open[file]['$defs'].get(key, {}) if key else {}
        return set(value) - set(definition.get('required', ()))


class Verbs:
    def __init__(self, line, schemas):
        self.line, self.schemas, self.refused = line, schemas, set()

    def lines(self, name, text):
        need(text, f'{name}: nothing was said')
        for line in text.splitlines():
            event = self.schemas.takes(name, line)['event']
            if (name, event) not in self.refused and event != 'error':
                self.refused.add((name, event))
                self.schemas.refuses(name, line)
        return text.splitlines()

    def call(self, name, *args, code=0):
        p = subprocess.run([SIGNET, *args], cwd=self.line.folder, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
        need(p.returncode == code, f'{args}: exit {p.returncode}: {p.stdout}{p.stderr}')
        if not code and ' '.join(args[:3]).startswith(SHOWN):
            self.shown(name, args, p.stdout)
        return self.lines(name, p.stdout)

    def shown(self, name, args, said):
        """People see what machines do."""
        p = subprocess.run([SIGNET, *args[:-1]], cwd=self.line.folder, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
        text = p.stdout + p.stderr
        lacking = {k for l in said.splitlines() for k, v in leaves(json.loads(l)) if str(v) not in text} - {'event', 'step', *NOT_SHOWN.get(name, '').split()}
        need(p.returncode == 0 and not lacking, f'{args}: {sorted(lacking)} are not in {text}')


def the_line(v, line):
    line.boards(1, each=3)
    line.order(3)
    v.call('events', 'run', '--dry-run', 'order.yaml', '--json')
    line.start()
    line.until('stage_begin')
    for verb in ('status', 'pause', 'resume'):
        v.call('line-status', 'line', verb, 'order.yaml', '--json')
    line.finish()
    line.exits(0)
    v.lines('events', line.said)
    v.lines('run-report', json.dumps(line.report))
    v.call('events', 'ledger', 'sync', 'order.yaml', '--json')


def once_more(v, line):
    line.boards(1, hold=3600000)
    line.programmer()
    line.order(2)
    tool = line.text('nrfjprog')
    line.write('nrfjprog', '#!/bin/sh\nexit 9\n')
    line.start(wait=60)
    line.until('slot', stage='fail')
    line.write('nrfjprog', tool)
    v.call('line-status', 'line', 'status', 'order.yaml', '--json')
    v.call('line-status', 'line', 'retry', 'order.yaml', '1', '--json')
    line.until('slot', stage='pass')
    while line.states() != {'urn:dev:os:n-001': 'done'}:
        pass
    v.call('line-status', 'line', 'rework', '-r', 'x', 'order.yaml', '1', '--json')
    line.until('slot', stage='pass')
    v.call('line-status', 'line', 'stop', 'order.yaml', '--json')
    line.finish()
    v.lines('events', line.said)


def packets_without_boards(v, line):
    line.mint(2, 'names: {pattern: "urn:dev:os:m-{serial:03}"}')
    said = v.call('events', 'run', 'minted.yaml', '--json')
    v.lines('run-report', said[-1])


def the_ledger(v):
    for verb in ('list', 'stats', 'verify', 'export'):
        v.call(f'ledger-{verb}', 'ledger', verb, 'ledger.db', '--json')
    v.call('ledger-export', 'ledger', 'export', 'ledger.db', '-f', 'events')
    v.call('ledger-show', 'ledger', 'show', 'ledger.db', 'urn:dev:os:n-001', '--json')
    for by in ('day', 'station', 'slot', 'order', 'operator'):
        v.call('report', 'report', 'ledger.db', '--by', by, '--json')
    for run in v.call('report', 'report', 'ledger.db', '--runs', '--json'):
        report = json.loads(json.loads(run)['report'])
        need(not v.schemas.errors(v.schemas.strict, 'run-report.json#/$defs/report', report), f'a run: {report}')
    v.call('ledger-list', 'ledger', 'list', 'nosuch.db', '--json', code=1)


def one_device(v, line):
    psk = "RID.Security.Mode: 0, RID.Security.PKOrIdentity: b'me', RID.Security.SecretKey: b'a key of this device',"
    line.write('cfg', (TEMPLATE % 0).replace('RID.Security.Mode: 0,', psk))
    line.write('bad', TEMPLATE % 0)
    v.call('events', 'provision', '-c', 'cfg', '-e', 'urn:dev:os:1', '-o', 'packet', '--json')
    v.call('events', 'provision', '-c', 'bad', '-e', 'urn:dev:os:1', '-o', 'packet', '--json', code=1)
    v.call('packet-show', 'packet', 'show', 'packet', '--json')
    v.call('packet-check', 'packet', 'check', 'packet', '--json')
    v.call('packet-check', 'packet', 'check', 'bad', '--json', code=1)
    line.write('doubted', (TEMPLATE % 0).replace('RID.Security.Mode: 0,', psk.replace('a key of this device', 'short')))
    v.call('packet-check', 'packet', 'check', 'doubted', '--json')
    v.call('server-check', 'server', 'check', 'export.json', '--json')
    v.call('server-check', 'server', 'check', '--nonsense', '--json', code=2)


def certificates(v, line):
    v.call('cert-show', 'cert', 'make', '-e', 'x', '-o', 'cert', '--json')
    for file in ('client_cert.crt', 'client_key.der'):
        v.call('cert-show', 'cert', 'show', f'cert/{file}', '--json')
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '4000', '-subj', '/CN=ca', '-keyout', 'ca.key',
                    '-out', 'ca.pem', '-addext', 'keyUsage=critical,keyCertSign'], cwd=line.folder, check=True, capture_output=True)
    line.write('ca.yaml', 'chain: ca.pem\nkey: ca.key\n')
    for verb in ('show', 'check'):
        v.call('authority-show', 'authority', verb, 'ca.yaml', '--json')


def a_tpm(v, line):
    """Its key, and the owner's answer; without swtpm no run has them."""
    if not shutil.which('swtpm'):
        NOT_SAID.update({'authority-key: authority_key', 'authority-key: request', 'authority-key: granted', 'order: grant'})
        return
    tpm = Tpm(os.path.join(line.folder, 'tpm'))
    try:
        owner = json.loads(v.call('order', 'order', 'grant', '--sign', 'grants.key', '--json')[0])['key']
        v.call('authority-key', 'authority', 'create', 'ca.tpm', '--owner', owner, '--tpm', tpm.tcti, '--json')
        v.call('authority-key', 'authority', 'request', 'ca.tpm', '--json')
        v.call('order', 'order', 'grant', '--sign', 'grants.key', 'ca.tpm.request', '--uses', '2', '--json')
        v.call('authority-key', 'authority', 'grant', 'ca.tpm', 'ca.tpm.request.grant', '--json')
    finally:
        tpm.stop()


def orders_and_keys(v, line):
    line.write('p.cfg', line.text('cfg'))
    v.call('packet-make', 'packet', 'make', '-c', 'p.cfg', '-o', 'made', '--json')
    v.call('order', 'order', 'sign', '--sign', 'owner.sign', '--json')
    key = json.loads(v.call('order', 'order', 'sign', '--sign', 'owner.sign', '--json')[0])['key']
    subprocess.run([SIGNET, 'order', 'sign', '--sign', 'owner.sign', 'minted.yaml'], cwd=line.folder, check=True)
    v.call('order', 'order', 'verify', '--vkey', key, 'minted.yaml', '--json')
    v.call('order', 'order', 'owner', 'minted.yaml', '--json')
    v.call('station-check', 'station', 'check', 'minted.yaml', '--json')
    v.call('station-key', 'station', 'key', 'show', 'minted.yaml', '--json')
    v.call('station-key', 'station', 'key', 'rotate', 'minted.yaml', '--json')
    v.call('evidence', 'evidence', 'minted.yaml', '--json')
    v.call('evidence', 'evidence', 'order.yaml', '--json')
    v.call('init', 'init', 'first', '--json')


def a_log(v, line):
    checkpoint = json.loads(v.call('ledger-log', 'ledger', 'checkpoint', 'ledger.db', '--json')[0])['checkpoint']
    line.write('checkpoint', checkpoint)
    vkey = json.loads(v.call('ledger-log', 'ledger', 'vkey', 'ledger.db', 'station.key.sign', '--json')[0])['key']
    name = 'urn:dev:os:m-001'
    v.call('ledger-log', 'ledger', 'proof', 'ledger.db', name, '--json')
    v.call('ledger-log', 'ledger', 'proof', '--vkey', vkey, f'{name}.1.event', f'{name}.1.tlog-proof', '--json')
    v.call('ledger-log', 'ledger', 'witness', '--sign', 'witness.sign', '--json')
    v.call('ledger-verify', 'ledger', 'backup', 'ledger.db', 'copy.db', '--json')
    v.call('ledger-verify', 'ledger', 'archive', 'ledger.db', 'archive.db', 'minted', '--json')
    v.call('ledger-import', 'ledger', 'import', '--new', '--site', 'B', 'office.db', 'copy.db', '--json')
    v.call('ledger-mend', 'ledger', 'void', '--reason', 'x', '--order', 'minted', 'ledger.db', '--json')
    line.write('names', f'{name}\nnobody\n')
    v.call('ledger-mend', 'ledger', 'void', '--reason', 'x', '--names', 'names', '--yes', 'ledger.db', '--json', code=3)
    v.call('ledger-mend', 'ledger', 'rework', '--board', 'slot:X/1', 'ledger.db', name, '--json')
    os.remove(line.at('ledger.db'))
    os.rename(line.at('copy.db'), line.at('ledger.db'))
    v.call('ledger-recover', 'ledger', 'recover', 'minted.yaml', '--json')


def objects(v, line):
    os.mkdir(line.at('vendor'))
    for name in ('pump', 'entities'):
        shutil.copy(os.path.join(SOURCE, f'tests/fuzz/corpus/object_xml/{name}.xml'), line.at('vendor'))
    line.write('vendor/page.xml', '<a/>')
    line.write('vendor/twin.xml', line.text('vendor/pump.xml').replace('R', 'Q', 1))
    v.call('object-import', 'object', 'import', 'vendor', '--json', code=3)
    v.call('object', 'object', 'list', '--json')
    v.call('object', 'object', 'show', 'Server', '--json')


def servers(v, line):
    server = subprocess.Popen([SIGNET, 'sim', 'server', '--json', '--kind', 'leshan', '--lwm2m', '0', '--server-file', 'sim.json', '--token-file', 'sim.token',
                               '--control', 'sim.control', '--until-eof'], cwd=line.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    said = server.stdout.readline()
    v.lines('sim', said)
    to = ('-s', 'sim.json', '-e', 'me', '-c', 'cfg', '--token-file', 'sim.token')
    v.call('register', 'register', *to, '--json')
    v.call('register', 'register', *to, '--find', '--json')
    v.call('prove', 'prove', '-c', 'cfg', '-e', 'me', '--uri', json.loads(said)['lwm2m'], '--json')
    v.call('prove', 'prove', '-c', 'cfg', '-e', 'you', '--uri', json.loads(said)['lwm2m'], '--timeout', '1', '--json', code=1)
    v.call('server-capabilities', 'server', 'capabilities', 'sim.json', '--json')
    v.call('sim', 'sim', 'tell', 'sim.control', 'state', '--json')
    v.lines('sim', server.communicate(timeout=60)[0])


def labels(v, line):
    scanner = subprocess.run([SIGNET, 'sim', 'scanner', '--json'], cwd=line.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, timeout=60)
    v.lines('sim', scanner.stdout)
    printer = subprocess.Popen([SIGNET, 'sim', 'printer', 'printed', '--json', '--until-eof'], cwd=line.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    said = printer.stdout.readline()
    v.lines('sim', said)
    line.write('label.zpl', '^XA^FD{endpoint}^FS{qr:{endpoint}}^XZ')
    line.write('labels.yaml', line.text('minted.yaml') + f'label: {{template: label.zpl, printer: "{json.loads(said)["url"]}"}}\n')
    for verb in (('show',), ('print', '--reason', 'x'), ('confirm',)):
        v.call('label', 'label', *verb, 'labels.yaml', 'urn:dev:os:m-002', '--json')
    back = 'label: {template: label.zpl, scan_back: true, '
    line.write('back.yaml', line.text('labels.yaml').replace('label: {template: label.zpl, ', back))
    v.call('label', 'label', 'read', 'back.yaml', 'urn:dev:os:m-002', '--json')
    v.lines('sim', printer.communicate(timeout=60)[0])


def one_line(v, name, line, *args):
    """Of a verb that works until it is stopped."""
    p = subprocess.Popen([SIGNET, *args, '--json'], cwd=line.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    v.lines(name, p.stdout.readline())
    p.send_signal(signal.SIGINT)
    p.communicate(timeout=60)


def a_board(v, line):
    one_line(v, 'page', line, 'page', 'ledger.db', '--listen', '127.0.0.1:0')
    one_line(v, 'sim', line, 'sim', 'rack', 'more', '--slots', '1')
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=to', '-keyout', 'to.key', '-out', 'to.pem'], cwd=line.folder, check=True,
                   capture_output=True)
    v.call('packet-make', 'packet', 'make', '-c', 'cfg', '-o', 'sealed.cms', '--seal-to', 'to.pem', '--json')
    v.call('open', 'open', '-k', 'to.key', '-o', 'opened', 'sealed.cms', '--json')
    line.write('sealed.yaml', 'name: s\nquota: 1\ntemplate: template\nledger: s.db\nnames: {pattern: "a-{serial}"}\noutput: {packets: s.ndjson}\nseal_to: [to.pem]\n')
    v.call('events', 'run', '--dry-run', 'sealed.yaml', '--json')
    board = subprocess.Popen([SIGNET, 'sim', 'board', '--json', '--udp', '--firmware', 'smp-file', '--until-eof'], cwd=line.folder, stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True)
    said = board.stdout.readline()
    v.lines('sim', said)
    port = json.loads(said)['port']
    line.write('bytes', 'hello')
    for verb in (('echo', 'x'), ('info',), ('upload', 'bytes', '/lfs1/p'), ('hash', '/lfs1/p'), ('download', '/lfs1/p', '-o', 'back')):
        v.call('smp', 'smp', *verb, '-p', port, '--json')
    v.call('smp', 'smp', 'shell', '-p', port, 'nothing', '--json', code=1)
    for verb in ('echo', 'x'), ('info',), ('hash', '/lfs1/p'), ('shell', 'x'), ('image', 'list'), ('settings', 'read', 'x'):  # and no result
        need(len(v.call('smp', 'smp', *verb, '-p', './none', '--json', code=1)) == 1, verb)
    v.call('smp', 'smp', 'image', 'list', '-p', port, '--json')
    v.call('board-info', 'board', 'info', port, '--json')
    board.communicate(timeout=60)


def each_verb_has_one():
    """A verb whose output has no schema is in no row of SPEC.md's table, and a schema that nobody names is none."""
    with open(os.path.join(SOURCE, 'docs/SPEC.md'), encoding='utf-8') as f:
        section = f.read().split('### JSON output\n')[1].split('A code belongs')[0]
    rows = [l.split('|') for l in section.splitlines() if l.startswith('| `')]
    said, noun = set(), ''
    for cells in [r[1] for r in rows] + [section.split('have no such output')[0].rsplit('\n\n', 1)[1]]:
        for words in re.findall(r'`([a-z -]+?)(?: \.\.\.)?`', cells):
            whole = f'{noun} {words}'  # `rack` behind `sim board`
            said.add(whole if whole in all_verbs() else words)
            noun = words.split()[0] if whole not in all_verbs() else noun
    lacking = [v for v in all_verbs() if v not in said and v.split()[0] not in said]
    need(not lacking, f'no schema is named for {lacking}')
    named = {n for r in rows for n in re.findall(r'`([a-z-]+\.json)`', r[2])} | {'error.json'}
    short = {f'ledger-{w}.json' for w in ('list', 'show', 'stats', 'export', 'verify')}
    there = {os.path.basename(p) for p in glob.glob(os.path.join(FOLDER, '*.json'))}
    need(there == named | short, f'schemas and SPEC.md: {there ^ (named | short)}')


@functools.cache
def all_verbs():
    text = subprocess.run([SIGNET, '--help'], capture_output=True, text=True, timeout=60).stdout
    return re.findall(r'^  (\S+(?: \S+)?) {2,}\S', text, re.M)


def main():
    schemas = Schemas()
    each_verb_has_one()
    with tempfile.TemporaryDirectory() as folder:
        line = Line(folder)
        v = Verbs(line, schemas)
        try:
            the_line(v, line)
        finally:
            line.close()
        with tempfile.TemporaryDirectory() as other, contextlib.closing(Line(other)) as board:
            once_more(Verbs(board, schemas), board)
        packets_without_boards(v, line)
        the_ledger(v)
        one_device(v, line)
        certificates(v, line)
        orders_and_keys(v, line)
        objects(v, line)
        servers(v, line)
        labels(v, line)
        a_board(v, line)
        a_log(v, line)
        a_tpm(v, line)
    known = {f'{n[:-5]}: {r["$ref"].split("/")[-1]}' for n, s in schemas.open.items() for r in s.get('anyOf', ()) if r['$ref'] != 'error.json'}
    # a warning may come with any verb: of a clock that jumped, or a disk that is slow
    need(known - schemas.said | {w for w in NOT_SAID if w.endswith(': warning')} == NOT_SAID, f'no run has {sorted(known - schemas.said)}')
    for name, schema in schemas.open.items():
        name = name[:-5]
        lacking = documented(schema, set()) - schemas.members.get(name, set()) - set(NO_MEMBER.get(name, '').split())
        need(name in NO_LINE or not lacking, f'{name}: no run says {sorted(lacking)}')
    print(f'schemas: ok ({len(schemas.open)} files, {len(schemas.said)} kinds of lines)')


main()
