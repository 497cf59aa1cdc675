#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Wrong and right work orders and manifests, as a user meets them: signet run --dry-run."""
import hashlib, json, os, re, subprocess, sys, tempfile

SIGNET = os.path.join(os.environ['SIGNET_BUILD'], 'signet')

TEMPLATE = """{
    OID.Security: {
        1: {
            RID.Security.ServerURI     : 'coaps://eu.iot.avsystem.cloud:5684',
            RID.Security.Bootstrap     : False,
            RID.Security.Mode          : 0,
            %s
            RID.Security.ShortServerID : 1,
        },
    },
    OID.Server: {
        1: {
            RID.Server.ShortServerID       : 1,
            RID.Server.Lifetime            : 86400,
            RID.Server.NotificationStoring : False,
            RID.Server.Binding             : 'U',
        },
    },
}
"""
ORDER = """name: batch-7
quota: %d
template: endpoint_cfg
ledger: ledger.db
station: bench-1
board: {recipe: anjay-zephyr}
slots: [{port: rack/1}]
"""
KEY = '000102030405060708090a0b0c0d0e%02x'


def need(condition, text):
    if not condition:
        print(f'FAILED: {text}')
        sys.exit(1)


class Desk:
    def __init__(self, folder):
        self.folder = folder
        self.template()

    def at(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, data, mode=0o600):
        if isinstance(data, str):
            data = data.encode()
        with open(os.open(self.at(name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), 'wb') as f:
            f.write(data)

    def template(self, more=''):
        self.write('endpoint_cfg', TEMPLATE % more)

    def run(self, *args):
        p = subprocess.run([SIGNET, 'run', 'order.yaml', '--dry-run', *args], cwd=self.folder, text=True,
                           capture_output=True, timeout=120, stdin=subprocess.DEVNULL, errors='replace')
        return p.returncode, p.stdout + p.stderr

    def order(self, more='', quota=2, text=None):
        text = text or ORDER % quota + more
        if 'board:' in text and 'servers:' not in text:  # the keys that are made have a receiver
            self.write('keys.json', '{"kind": "export", "file": "keys.csv", "columns": "e=endpoint, k=key_hex, c=cert_base64"}')
            text += 'servers: [{file: keys.json}]\n'
        self.write('order.yaml', text)

    def manifest(self, csv, more='', quota=2):
        self.write('devices.csv', csv)
        self.order('names: {manifest: devices.csv%s}\n' % more, quota)

    def good(self, what, *args):
        code, out = self.run(*args)
        need(code == 0, f'{what}: exit {code}: {out}')
        return out

    def bad(self, what, *words, secret=None):
        """Is refused, in these words."""
        code, out = self.run()
        need(code in (1, 2), f'{what}: exit {code}: {out}')
        for word in words:
            need(word in out, f'{what}: no {word!r} in: {out}')
        if secret:
            need(secret not in out, f'{what}: the secret {secret} is told: {out}')
        need(not os.path.exists(self.at('ledger.db')), f'{what}: a ledger was made')
        return out


def wrong_keys(d):
    base = ORDER % 2
    files = base.replace('board: {recipe: anjay-zephyr}\n', 'output: {packets: p/}\n').replace('slots: [{port: rack/1}]\n', '')
    def flasher(keys):
        return base.replace('anjay-zephyr}', 'anjay-zephyr, flasher_tool: /bin/true, %s}' % keys)
    d.write('unknown.json', '{"kind": "koiote"}')
    d.write('known.json', '{"kind": "thingsboard", "url": "https://127.0.0.1", "port": 1}')
    d.write('export.json', '{"kind": "export", "file": "none/x.csv"}')
    for what, text, *words in [
        ('no YAML', base + 'names: {a', 'order.yaml:'),
        ('a misspelt key', base + 'nmaes: {first: 1}\n', "order.yaml:8:1: unknown key 'nmaes'", "did you mean 'names'"),
        ('brackets without end', base + 'servers: ' + '[{a: ' * 40000, 'brackets are nested too deep', 'write fewer levels'),
        ('a misspelt key inside', base + 'names: {patern: x}\n', "unknown key 'patern'", "did you mean 'pattern'"),
        ('a key twice', base + 'quota: 3\n', "'quota' is there twice"),
        ('a word for a number', base.replace('quota: 2', 'quota: two'), "takes a whole number, not 'two'"),
        ('no quota', base.replace('quota: 2\n', ''), "no 'quota'"),
        ('a misspelt key of a slot', base.replace('port: rack/1', 'prot: rack/1'), "unknown key 'prot'", "did you mean 'port'"),
        ('a key of another slot', base.replace('port: rack/1', 'colour: red'), "unknown key 'colour'", 'known: '),
        ('no slots', base.replace('slots', 'on_pass'), "'on_pass' takes"),
        ('no board', base.replace('board: {recipe: anjay-zephyr}\n', '').replace('slots: [{port: rack/1}]\n', ''),
         "no 'board' and no 'output'", 'output: {packets:'),
        ('board and output', base + 'output: {packets: p/}\n', 'one of the two'),
        ('an output without folder or file', base + 'output: {packets: p}\n', 'order.yaml:8:19', 'FILE.ndjson'),
        ('a long delimiter', base + 'names: {manifest: d.csv, delimiter: tabs}\n', 'the word tab'),
        ('a letter as a delimiter', base + 'names: {manifest: d.csv, delimiter: x}\n', "not 'x'"),
        ('two marks as a delimiter', base + 'names: {manifest: d.csv, delimiter: ";;"}\n', "not ';;'"),
        ('a delimiter and no manifest', base + 'names: {delimiter: ";"}\n', "goes with a 'manifest'"),
        ('a proof elsewhere', base + 'prove: {uri: "http://x"}\n', "the uri has the scheme 'http'"),
        ('a proof of no kind', base + 'prove: perhaps\n', "'prove' is true, false"),
        ('two servers of a name', base + 'servers: [{file: a/s.json}, {file: b/s.json}]\n', "two servers are called 's'"),
        ('a server without file', base + 'servers: [{token_file: t}]\n', "a server has a 'file'"),
        ('a short PSK', base + 'credentials: {psk_bytes: 15}\n', 'from 16 to 64, not 15'),
        ('a pattern without number', base + 'names: {pattern: "urn:x"}\n', 'is not a pattern of names'),
        ('a pattern with a column', base + 'names: {pattern: "urn:{imei}-{serial}"}\n', 'there is no manifest'),
        ('an identity for all', base + 'names: {pattern: "u{serial}"}\ncredentials: {identity: me}\n',
         "all devices would have the identity 'me'"),
        ('numbers where boards have names', base + 'credentials: {identity: "me-{serial}"}\n', 'boards with names of their own have none', '{endpoint}'),
        ('no manifest', base + 'names: {manifest: none.csv}\n', 'none.csv', 'No such file'),
        ('no template', base.replace('endpoint_cfg', 'gone'), 'gone', 'No such file'),
        ('a control character', base.replace('name: ', 'name: "\\x1b[31m"\n#'), "'name' holds a control character"),
        ('a hook that is not there', base + 'on_pass: [./lamp, "{slot}"]\n', 'on_pass: cannot find the program', '/./lamp'),
        ('a hook with a long path', base + f'on_pass: [{2042 * "x/"}lamp]\n', "this folder's path is too long", 'shorter path'),
        ('very many placeholders', base + f'names: {{pattern: "{1025 * "{serial}"}"}}\n', 'more than 1024 placeholders'),
        ('a hook that is nowhere', base + 'on_fail: [no-such-lamp]\n', 'on_fail: no-such-lamp is not installed'),
        ('a database of another kind', base.replace('ledger.db', '"mysql://x"'), 'postgresql://HOST/DATABASE'),
        ('an unknown server', base + 'servers: [{file: unknown.json}]\n', "unknown kind of server 'koiote'", "'coiote'"),
        ('a server without token', base + 'servers: [{file: known.json}]\n', "takes a token, and none is given", 'token_file'),
        ('an export nowhere', base + 'servers: [{file: export.json}]\n', "opening the export 'none/x.csv': No such file"),
        ('an option that the flasher has not', flasher('flasher: exec, flasher_comand: "load {image}"'), "exec: unknown option 'comand'",
         "did you mean 'command'?"),
        ('an option with an escape in its name', flasher('"flasher_\\e[31mX": a'), "unknown key 'flasher_\\x1b[31mX'"),
        ('an option of another flasher', flasher('flasher: nrfjprog, flasher_target: x'), "unknown option 'target'"),
        ('an option without a command', flasher('flasher: exec'), 'the flasher exec needs a command'),
        ('an option twice', flasher('flasher: exec, flasher_command: a, flasher_command: b'), "order.yaml:", "'flasher_command' is there twice"),
        ('a list as an option', flasher('flasher: exec, flasher_command: [a]'), "'flasher_command' takes one value"),
        ('more options than any flasher has', flasher(', '.join(f'flasher_{x}: x' for x in 'abcdefghi')), "more than 8 keys begin with 'flasher_'"),
        ('nothing', '# nothing\n', 'the file is empty'),
        ('a list', '[a]\n', 'here go keys and values'),
        ('a word for a board', base.replace('{recipe: anjay-zephyr}', 'x'), 'order.yaml:', 'here go keys and values'),
        ('a board without recipe', base.replace('recipe: anjay-zephyr', 'baud: 115200'), "the board has no 'recipe'"),
        ('a negative speed', base.replace('anjay-zephyr', 'anjay-zephyr, baud: -1'), "'baud' is from 50 to"),
        ('a slot that is nowhere', base.replace('port: rack/1', 'name: a'), 'a slot has a port', 'list of boards'),
        ('a slot in two places', base.replace('port: rack/1', 'port: rack/1, hub: 1-2'), 'a slot has a port'),
        ('a slot with a long name', base.replace('port: rack/1', 'port: rack/1, name: ' + 41 * 'x'), "a slot's name has 1 to 40"),
        ('a server with a long name', base + f'servers: [{{file: s.json, name: {41 * "x"}}}]\n', "a server's name has 1 to 40"),
        ('a slot and no list', base.replace('[{port: rack/1}]', '{port: rack/1}'), "'slots' takes a list"),
        ('too many servers', base + f'servers: [{", ".join(["{file: s.json}"] * 9)}]\n', 'more than', 'servers'),
        ('a board and no slots', base.replace('slots: [{port: rack/1}]\n', ''), "'slots' has none, and there is a board"),
        ('slots and no board', base.replace('board: {recipe: anjay-zephyr}\n', 'output: {packets: p/}\n'), "'slots' needs a 'board'"),
        ('files without names', files, 'names come from a manifest or a pattern'),
        ('records of no form', files.replace('p/', 'p/, records: r.txt'), 'FILE.csv or FILE.ndjson'),
        ('one file for both', files.replace('p/', 'p.ndjson, records: p.ndjson'), 'are one file'),
        ('a zero byte', base.replace('name: ', 'name: "a\\0b"\n#'), "'name' holds a zero byte"),
        ('an empty path', base.replace('endpoint_cfg', '""'), "'template' is empty"),
        ('a long path', base.replace('endpoint_cfg', 4096 * 'x'), 'a path is too long'),
        ('a hook that is one word', base + 'on_pass: lamp\n', "'on_pass' takes a list of words", 'no shell'),
        ('a hook without words', base + 'on_pass: []\n', "'on_pass' takes a list of words"),
        ('a hook of 64 words', base + f'on_pass: [{", ".join(["x"] * 64)}]\n', "'on_pass' has more than 63 words"),
        ('a hook of 63 words', base + f'on_pass: [no-such-lamp{62 * ", x"}]\n', 'on_pass: no-such-lamp is not installed'),
        ('a map in a hook', base + 'on_pass: [lamp, {a: b}]\n', "'on_pass' takes one value"),
        ('neither true nor false', base + 'names: {manifest: d.csv, from_board: maybe}\n', "'from_board' is true or false, not 'maybe'"),
        ('an operator without a name', base + 'operator: ""\n', "'operator' is empty"),
        ('a shift without a name', base + 'shift: ""\n', "'shift' is empty"),
        ('no such recipe', base.replace('anjay-zephyr', 'anjay-zefyr'), 'anjay-ze'),
    ]:
        d.order(text=text)
        d.bad(what, *words)


def looks_at_boards(d):
    """The dry run says where a board would be erased without a look at what it holds."""
    d.write('initial.hex', ':0400000001020304F2\n:00000001FF\n')
    load = 'flasher: exec, flasher_command: "/bin/true {image}%s", initial: initial.hex'
    for keys, more, blind in [
        (load % '', '', True),
        (load % '', 'erase_finished: true\n', False),
        (load % ' ; /bin/true', '', False),
        (load % ' ; /bin/true' + ', ready_text: ""', '', True),
        (load % ' ; /bin/true' + ', provisioned_text: ""', '', True),
        ('flasher: none, initial: initial.hex', '', False),
    ]:
        text = (ORDER % 2).replace('recipe: anjay-zephyr', 'recipe: anjay-zephyr, ' + keys) + 'names: {pattern: "urn:x-{serial}"}\n' + more
        d.order(text=text)
        out = d.good(keys)
        need(('erased without a look' in out) == blind, f'{keys} {more}: {out}')


def right_manifests(d):
    d.manifest('endpoint\nurn:a\nurn:b\n')
    out = d.good('a plain manifest')
    need('urn:a to urn:b' in out and 'a new PSK of 32 bytes each' in out, out)
    need(not os.path.exists(d.at('ledger.db')), 'a dry run made a ledger')
    plan = json.loads(d.good('JSON', '--json').splitlines()[-1])
    need(plan['event'] == 'plan' and plan['last'] == 'urn:b' and plan['accounts'][0]['mode'] == 'psk' and
         plan['slots'] == [{'name': '1', 'port': 'rack/1'}], plan)
    d.template("RID.Security.SecretKey: b'{psk:hex}',")
    for what, csv, more in [
        ('BOM and semicolons', b'\xef\xbb\xbfendpoint;psk\r\nurn:a;%b\r\nurn:b;%b\r\n', ', delimiter: ";"'),
        ('tabs', b'endpoint\tpsk\nurn:a\t%b\nurn:b\t%b\n', ', delimiter: tab'),
        ('a pattern of a column', b'imei,psk\n35,%b\n36,%b', ', pattern: "urn:dev:os:{imei}"'),
        ('empty columns and rows', b'sep=,\nendpoint,psk,,\nurn:a,%b,,\nurn:b,%b,,\n,,,\n,,,\n', ''),
        ('quotes and blank lines', b'psk,endpoint\r\n\r\n"%b","urn:a"\r\n"%b",urn:b\r\n\r\n', ''),
    ]:
        d.manifest(csv % ((KEY % 1).encode(), (KEY % 2).encode()), more)
        d.good(what)
    d.manifest(f'endpoint,psk\nurn:a,{KEY % 1}\nurn:b,{KEY % 2}\nurn:c,{KEY % 3}\n')
    need('3 rows, the quota is 2' in d.good('more rows than the quota'), 'no warning')


def wrong_manifests(d):
    d.template("RID.Security.SecretKey: b'{psk:hex}',")
    rows = [f'urn:abc:{i},{KEY % i}' for i in range(2, 40)]
    at = lambda line, text: '\n'.join(['endpoint,psk'] + rows[:line - 2] + [text] + rows[line - 1:]) + '\n'
    for what, csv, *words in [
        ('a name twice', at(31, f'urn:abc:7,{KEY % 200}'), "devices.csv:31:1: the endpoint 'urn:abc:7' is that of line 7 too"),
        ('a key twice', at(31, f'dev-x,{KEY % 7}'), 'devices.csv:31:1: the key is that of line 7 too'),
        ('a short key', at(9, f'dev-x,{"ab" * 15}'), 'devices.csv:9:7: psk: the key has 15 bytes'),
        ('a long key', at(9, f'dev-x,{"ab" * 65}'), 'devices.csv:9:7: psk: the key has 65 bytes'),
        ('odd hex', at(9, f'dev-x,{"ab" * 16}a'), 'devices.csv:9:7: psk: is not pairs of hex digits'),
        ('no key', at(9, 'dev-x,'), 'devices.csv:9:7: psk: the key has 0 bytes'),
        ('the sample', at(9, f'dev-x,{b"3x@mpl3P5K53cr3tK3y".hex()}'), 'devices.csv:9:7: psk: the key is the sample'),
        ('a short row', at(9, 'dev-x'), 'devices.csv:9:6: 1 fields, the header has 2'),
        ('a bad name', at(9, f'"urn;x",{KEY % 99}'), "devices.csv:9:1: endpoint 'urn;x'"),
        ('an open quote', at(9, f'"dev-x,{KEY % 99}'), 'devices.csv:9:1: a quote is opened'),
        ('a quote inside', at(9, f'urn:"x",{KEY % 99}'), 'devices.csv:9:5: a quote stands where none can be'),
        ('no rows', 'endpoint,psk\n', 'no rows'),
        ('nothing', '', 'is empty'),
        ('a missing column', 'endpoint,key\ndev-x,00\n', 'endpoint_cfg:7:', '{psk} names no column'),
        ('a wrong delimiter', f'endpoint;psk\nurn:x;{KEY % 1}\n', "devices.csv:1:1: the fields end with ';', not with ','", 'delimiter: ";"'),
        ('a sep line', f'sep=;\nendpoint;psk\nurn:x;{KEY % 1}\n', "devices.csv:1:1: the fields end with ';'", 'delimiter: ";"'),
        ('a blank in the header', f'endpoint, psk\ndev-x,{KEY % 1}\n', '{psk} names no column', "column ' psk' has a blank"),
        ('another name', f'Endpoint,psk\ndev-x,{KEY % 1}\n', "no column 'endpoint'", "did you mean its column 'Endpoint'?"),
        ('a spreadsheet', 'PK\x03\x04', 'devices.csv is an archive (zip)', 'unpack it'),
        ('few rows', f'endpoint,psk\ndev-x,{KEY % 1}\n', '1 rows, the quota is 2'),
    ]:
        d.manifest(csv)
        d.bad(what, *words, secret='ab' * 15)
    d.manifest(at(9, 'urn:\xff,00').encode('latin-1'))
    d.bad('no UTF-8', 'devices.csv:9:1: endpoint: the value is not UTF-8')
    d.manifest('endpoint,psk\n'.encode('utf-16'))
    d.bad('UTF-16', 'is text in UTF-16')
    bad = at(9, 'dev-x,zz').replace(rows[20], 'urn:y')
    d.manifest(bad)
    out = d.bad('two bad rows', 'devices.csv:9:7: psk', 'devices.csv:22:6: 1 fields', '2 rows are bad; the first: devices.csv:9:7')
    code, out = d.run('--json')
    events = [e for line in out.splitlines() if line.startswith('{') for e in [json.loads(line)] if e['event'] != 'warning']
    need([e['event'] for e in events] == ['error'] * 3 and events[0]['stage'] == 'manifest', out)


def secrets_in_templates(d):
    names = 'names: {pattern: "urn:{serial}"}\n'
    d.template("RID.Security.PKOrIdentity: b'id', RID.Security.SecretKey: b'0123456789abcdef',")
    d.order(names)
    d.bad('a shared secret', 'endpoint_cfg:7:47: /0/1/5: the template holds a secret key', 'shared_secret: true',
          secret='0123456789abcdef')
    d.order(names + 'credentials: {shared_secret: true}\n')
    need('one secret in all devices' in d.good('a shared secret in so many words'), 'the plan')
    d.order(names, quota=1)
    d.good('one device')
    with open(os.path.join(os.environ['SIGNET_SOURCE'], 'examples/configs/endpoint_cfg')) as f:
        ours = re.search(r"bytes.fromhex\('(\w+)'\)", f.read())
    for key, secret in ("b'3x@mpl3P5K53cr3tK3y'", '3x@mpl3P5K53cr3tK3y'), (ours[0], ours[1]):
        d.template(f'RID.Security.SecretKey: {key},')
        d.order(names + 'credentials: {shared_secret: true}\n')
        d.bad('the sample', 'sample that everyone knows', secret=secret)
    d.template()
    d.bad('nothing to share', 'the template holds none')
    d.template("RID.Security.SecretKey: b'{psk}',")
    d.manifest('endpoint,psk\nurn:a,00\nurn:b,11\n')
    d.bad('no encoding', 'endpoint_cfg:7:', 'bytes need an encoding')


def servers(d):
    d.template("RID.Security.SecretKey: b'{psk:hex}',")
    d.write('shop.json', json.dumps({'kind': 'export', 'file': d.at('export.csv')}))
    d.write('things.json', json.dumps({'kind': 'thingsboard', 'url': 'https://127.0.0.1', 'port': 9}))
    csv = f'endpoint,psk\nurn:a,{KEY % 1}\nurn:b,{KEY % 2}\n'
    d.manifest(csv)
    order = open(d.at('order.yaml')).read().replace('servers: [{file: keys.json}]\n', '')
    d.order(text=order + 'servers: [{file: shop.json}]\n')
    need('server    shop' in d.good('an export needs no token'), 'the plan')
    d.order(text=order + 'servers: [{file: things.json}]\n')
    code, out = d.run()
    need(code == 1 and 'token' in out and 'token_file' in out, f'no token: {code}: {out}')
    d.write('token', 'x')
    d.order(text=order + 'servers: [{name: things, file: things.json, token_file: token}]\n')
    d.bad('a server that is away', 'things')
    for token, words in (('two words', 'token: the token is not one word'), ('w\xf6rd', 'the token is not one word'), (' \n', 'token: the token is empty')):
        d.write('token', token)
        d.bad('a bad token', words, secret='two words')
    d.write('token', 'x \n')
    need('token' not in d.bad('blanks behind a token', 'things'), 'they are part of it')


def devices_that_a_server_refuses(d):
    """It is asked before the first device is made, for each row, and that takes no answer of its own."""
    d.template("RID.Security.PKOrIdentity: b'{id:hex}', RID.Security.SecretKey: b'{psk:hex}',")
    d.write('token', 'x')
    d.write('things.json', json.dumps({'kind': 'thingsboard', 'url': 'https://127.0.0.1', 'port': 9}))
    order = ORDER % 3 + 'names: {manifest: devices.csv}\nservers: [{name: things, file: things.json, token_file: token}]\n'
    d.write('devices.csv', f'endpoint,id,psk\nurn:a,6161,{KEY % 1}\nurn:b,fffe,{KEY % 2}\nurn:c,6363,{KEY % 3}\n')
    d.order(text=order)
    d.bad('an identity that is no text', 'devices.csv:3', 'things would refuse the device')
    d.template()
    text = open(d.at('endpoint_cfg')).read()
    d.write('endpoint_cfg', text.replace('Mode          : 0', 'Mode          : 2'))
    subprocess.run([SIGNET, 'cert', 'make', '-e', 'eu.iot.avsystem.cloud', '-o', d.at('server')], check=True, capture_output=True, timeout=60)
    for names in ('{pattern: "urn:{serial}"}', '{manifest: devices.csv}'):
        for info, words in (('{"RSAKeyLen": 2048}', 'EC keys only'), ('{}', 'the connection was refused')):
            d.write('info.json', info)
            d.write('devices.csv', 'endpoint\nurn:a\nurn:b\nurn:c\n')
            d.order(text=(ORDER % 3 + 'names: %s\ncredentials: {server_cert: server/client_cert.der, cert_info: info.json}\n' % names
                          + 'servers: [{name: things, file: things.json, token_file: token}]\n'))
            need(('EC keys' in d.bad(f'{info} {names}', words)) == ('RSA' in info), f'{info} {names}')


def ledgers(d):
    d.template()
    for ledger, words in (('nowhere/ledger.db', "nowhere/ledger.db' cannot be made"), ('"mysql://host/db"', 'no file and no database that is known')):
        d.order('names: {pattern: "urn:{serial}"}\n')
        d.order(text=open(d.at('order.yaml')).read().replace('ledger.db', ledger, 1))
        d.bad('a ledger that cannot be', words)


def names(d):
    """The last name is the longest; and the last may be another order's."""
    d.template()
    d.order('names: {pattern: "urn:%s{serial}"}\n' % ('x' * 123), quota=9)
    d.good('128 bytes')
    d.order('names: {pattern: "urn:%s{serial}"}\n' % ('x' * 123), quota=10)
    d.bad('129 bytes in the tenth', '129 bytes')
    d.write('minted.yaml', 'name: other\nquota: 1\ntemplate: endpoint_cfg\nledger: ledger.db\nstation: a\n'
            'names: {pattern: "urn:{serial}", first: 7}\noutput: {packets: p.ndjson}\n')
    p = subprocess.run([SIGNET, 'run', 'minted.yaml'], cwd=d.folder, capture_output=True, text=True, timeout=60)
    need(p.returncode == 0, p.stderr)
    for quota, told in ((6, False), (7, True), (8, False)):  # the first and the last are looked at
        d.order('names: {pattern: "urn:{serial}"}\n', quota=quota)
        need(("'urn:7' is a device's of order 'other'" in d.good('names of another')) == told, f'{quota} names')
    os.remove(d.at('ledger.db'))


def boards_by_name(d):
    """Boards have names, the manifest what belongs to them; who is not in it gets nothing."""
    os.makedirs(d.at('rack'))
    rack = subprocess.Popen([SIGNET, 'sim', 'rack', d.at('rack'), '--slots', '2', '-u'], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE)
    rack.stdout.readline()
    d.template("RID.Security.SecretKey: b'{psk:hex}',")
    d.manifest(f'endpoint,psk\nurn:other,{KEY % 1}\nurn:dev:os:signet-rack-00200001,{KEY % 2}\n', ', from_board: true')
    need('looked up' in d.good('names from boards'), 'the plan')
    with open(d.at('order.yaml'), 'a') as f:
        f.write('retries: 0\n')
    d.order(text=open(d.at('order.yaml')).read().replace('- {', '').replace('[{port: rack/1}]',
                                                                            '[{port: rack/1}, {port: rack/2}]'))
    try:
        p = subprocess.run([SIGNET, 'run', 'order.yaml', '--wait', '1'], cwd=d.folder, capture_output=True, text=True,
                           timeout=120, stdin=subprocess.DEVNULL)
    finally:
        rack.stdin.close()
        rack.kill()
        rack.wait(timeout=60)
    out = p.stdout + p.stderr
    devices = subprocess.run([SIGNET, 'ledger', 'export', 'ledger.db'], cwd=d.folder, capture_output=True,
                             text=True).stdout
    need(p.returncode == 3 and "the order has no device" in out, out)
    rows = [line for line in devices.splitlines() if 'signet-rack' in line]
    need(len(rows) == 1 and 'signet-rack-00200001' in rows[0] and ',done,' in rows[0], f'{devices}{out}')
    need(hashlib.sha256(bytes.fromhex(KEY % 2)).hexdigest() in rows[0], 'the key of the manifest')
    os.remove(d.at('ledger.db'))


def no_trace(d):
    """A template may be changed after a dry run, and not once the order runs."""
    d.template()
    d.order('names: {pattern: "urn:{serial}"}\n')
    d.good('a dry run')
    d.template("RID.Security.PKOrIdentity: b'{serial:text}',")
    d.good('another template')
    subprocess.run([SIGNET, 'run', 'order.yaml', '--wait', '1'], cwd=d.folder, capture_output=True, timeout=120,
                   stdin=subprocess.DEVNULL)
    need(os.path.exists(d.at('ledger.db')), 'the run made no ledger')
    d.good('the same again')
    d.template()
    code, out = d.run()
    need(code == 1 and 'give the new order another name' in out, f'another template: {out}')
    os.remove(d.at('ledger.db'))


def main():
    for part in (wrong_keys, looks_at_boards, right_manifests, wrong_manifests, secrets_in_templates, servers, devices_that_a_server_refuses, ledgers,
                 names, boards_by_name, no_trace):
        with tempfile.TemporaryDirectory() as folder:
            part(Desk(folder))
    print('run_order: ok')


main()
