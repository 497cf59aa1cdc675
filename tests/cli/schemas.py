#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What verbs say with --json is as docs/schemas has it: each line of real runs, and no member that a schema does not know."""
import glob, json, os, subprocess, tempfile, warnings
import jsonschema
from _line import Line
from _signet import SIGNET, SOURCE, TEMPLATE, need

warnings.simplefilter('ignore', DeprecationWarning)  # RefResolver is what Debian 12 has
FOLDER = os.path.join(SOURCE, 'docs', 'schemas')
NOT_SAID = {'events: page', 'events: retry', 'events: warning'}  # no run here has them


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


class Schemas:
    def __init__(self):
        self.open, self.said = {}, set()
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
        ref = 'error.json' if event == 'error' else f'{name}.json#/$defs/{kind}'
        for which, there in ((ref, self.strict), (f'{name}.json', self.open)):
            found = self.errors(there, which, value)
            need(not found, f'{which}: {line}: ' + '; '.join(e.message for e in found))
        self.said.add(f'{name}: {kind}')
        return value

    def refuses(self, name, line):
        """A schema that takes anything says nothing."""
        value = json.loads(line)
        required = {k for k in value if k not in self.may_lack(name, value)}
        for member in required:
            for wrong in ({k: v for k, v in value.items() if k != member}, {**value, member: {'an': 'object'}}):
                need(self.errors(self.open, f'{name}.json', wrong), f'{name}: takes {wrong}')

    def may_lack(self, name, value):
        definition = self.open[f'{name}.json']['$defs'].get(value['event'], {})
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
        return self.lines(name, p.stdout)


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


def main():
    schemas = Schemas()
    with tempfile.TemporaryDirectory() as folder:
        line = Line(folder)
        v = Verbs(line, schemas)
        try:
            the_line(v, line)
        finally:
            line.close()
        packets_without_boards(v, line)
        the_ledger(v)
        one_device(v, line)
        certificates(v, line)
    known = {f'{n[:-5]}: {r["$ref"].split("/")[-1]}' for n, s in schemas.open.items() for r in s.get('anyOf', ()) if r['$ref'] != 'error.json'}
    need(known - schemas.said == NOT_SAID, f'no run has {sorted(known - schemas.said)}')
    print(f'schemas: ok ({len(schemas.open)} files, {len(schemas.said)} kinds of lines)')


main()
