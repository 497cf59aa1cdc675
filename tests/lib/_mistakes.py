# SPDX-License-Identifier: Apache-2.0
"""The mistakes of cli/mistakes: name, command line, files that are changed for it; the answer is the exit code and words
of it: where, what, and what to do."""
CONFIG = """{OID.Security: {1: {RID.Security.ServerURI: 'coaps://127.0.0.1:5684', RID.Security.Bootstrap: False,
 RID.Security.Mode: 0, RID.Security.ShortServerID: 1%s}},
 OID.Server: {1: {RID.Server.ShortServerID: 1, RID.Server.Lifetime: 60,
 RID.Server.NotificationStoring: False, RID.Server.Binding: 'U'}}}
"""
ORDER = '''name: one
quota: 3
template: template
ledger: one.db
names: {pattern: "urn:dev:os:x-{serial:03}", first: 1}
output: {packets: one.ndjson}
'''
TWO = ORDER.replace('one', 'two')
TABLE = TWO.replace('{pattern: "urn:dev:os:x-{serial:03}", first: 1}', '{manifest: devices.csv}')
BOARD = TWO.replace('output: {packets: two.ndjson}', 'board: {recipe: smp-file, flasher: none, packet_path: /x}\nslots: [{port: x}]\nservers: [{file: export.json}]')
CSV = 'endpoint\nurn:a1\nurn:a2\nurn:a3\n'
SERVER = '{"kind": "leshan", "url": "https://127.0.0.1:1"}\n'
FILES = {
    'station.key': bytes(range(160, 192)),  # a random one looks like a packet once in 500 times
    'template': CONFIG % '', 'cfg': CONFIG % ", RID.Security.PKOrIdentity: b'me', RID.Security.SecretKey: b'0123456789abcdef'",
    'order.yaml': ORDER, 'two.yaml': TWO, 'devices.csv': CSV, 'server.json': SERVER, 'token': 'hunter2\n',
    'export.json': '{"kind": "export", "file": "out.csv"}', 'object.xml': '<LWM2M><Object ObjectType="MODefinition"><Name>A</Name></Object></LWM2M>',
}
# as checkpoints are
NOTE = 'signet/x/1\n3\nlHNIHuFg9erho/aflbiwZjYVCY2YKOMSS8849XklVMg=\n\n\u2014 signet/x/1 ZSKJVSib4qnyBamDe7KW61a8Ad+sB6t9FRYON0cDzzDO8gxBimuLEzXo2SQVH799mmwOcSCTqXq0Wv0O6xEwszTLOwQ=\n'
MISTAKES = []


def add(name, line, *answer, code=1, **changes):
    """Names of files: two__yaml is two.yaml."""
    MISTAKES.append((name, line, {k.replace('__', '.'): v for k, v in changes.items()}, (code, *answer)))


def order(name, old, new, *answer, base=TWO, code=1, **changes):
    assert old in base, (name, old)
    add(name, 'run --dry-run two.yaml', *answer, code=code, two__yaml=base.replace(old, new, 1), **changes)


# work orders: what YAML is
order('a tab', 'quota: 3', 'quota: 3\n\tx: y', 'two.yaml:3:1: a tab stands in the indentation', '\n^\n', 'blanks only')
order('a line too far right', 'quota: 3', '  quota: 3', 'two.yaml:2:3: this line is indented further', '  quota: 3\n  ^', 'in the column of the key above')
order('no blank behind a colon', 'quota: 3', 'quota:3', 'two.yaml:2:6: no blank stands behind the colon', 'quota:3\n     ^', 'write a blank')
order('the same in the first line', 'name: two', 'name:two', 'two.yaml:1:5: no blank', 'write a blank')
order('the same everywhere', TWO, 'name:two\nquota:3\n', 'two.yaml:1:1: no blank', 'write a blank')
order('a brace that is not closed', 'first: 1}', 'first: 1', 'two.yaml:5:8: this { is not closed', '{name: value, name: value}')
order('a bracket that is not closed', 'output: {packets: two.ndjson}', 'on_pass: [/bin/true', 'two.yaml:6:10: this [ is not closed', '[value, value]')
order('a quote that is not closed', '03}",', '03},', 'two.yaml:5:18: this quote is never closed', 'close it')
order('a placeholder without quotes', '"urn:dev:os:x-{serial:03}"', '{serial}', "two.yaml:5:18: 'pattern' takes one value", '^', 'quotes')
order('a colon in a value', 'name: two', 'name: two: b', 'two.yaml:1:10: a second colon', 'into quotes')
order('an at sign', 'name: two', 'name: @two', 'two.yaml:1:7: a value cannot begin', 'into quotes')
order('a star', 'name: two', 'name: *two', 'a word that begins with *', 'quotes')
order('an exclamation mark', 'name: two', 'name: !x!two', 'a word that begins with !', 'quotes')
order('a backslash in double quotes', 'name: two', 'name: "C:\\work"', 'a backslash in double quotes', 'single quotes')
order('a list where keys go', TWO, '- a\n- b\n', 'two.yaml:1:1: here go keys and values', 'one key and its value in each line')
order('a second document', 'output:', '---\noutput:', 'two.yaml:6:1: a second document', 'a file of its own')
add('Latin-1', 'run --dry-run two.yaml', 'two.yaml:1:9: this is not UTF-8', 'save the file as UTF-8', two__yaml=TWO.replace('two', 'tw\xf6').encode('latin-1'))
add('a line without a colon', 'run --dry-run two.yaml', 'two.yaml:3:1: ', '^', 'name: value', two__yaml='name: two\nquota: 3\ntemplate\nledger: two.db\n')
add('an order that is empty', 'run --dry-run two.yaml', 'two.yaml is empty', 'copied whole', two__yaml='')
add('comments alone', 'run --dry-run two.yaml', 'two.yaml:1:1: the file is empty', 'first line', two__yaml='# later\n')
# work orders: what the keys mean
order('a key with a slip', 'quota', 'qouta', "two.yaml:2:1: unknown key 'qouta'", 'qouta:..\n^', "did you mean 'quota'?")
order('a nested key with a slip', 'pattern', 'patern', "two.yaml:5:9: unknown key 'patern'", "did you mean 'pattern'?")
order('a slip in a pattern', '{serial:03}', '{serail:03}', "two.yaml:5:19: 'urn:dev:os:x-{serail:03}' is not a pattern of names", '^', '{serial}')
order('a key twice', 'output:', 'quota: 4\noutput:', "two.yaml:6:1: 'quota' is there twice", 'keep one')
order('a number in words', 'quota: 3', 'quota: three', "two.yaml:2:8: 'quota' takes a whole number, not 'three'", '       ^', 'such as 10')
order('half a device', 'quota: 3', 'quota: 3.5', "two.yaml:2:8: 'quota' takes a whole number", 'such as')
order('no device', 'quota: 3', 'quota: 0', "two.yaml:2:8: 'quota' is from 1", 'between the two')
order('yes for true', 'output:', 'prove: yes\noutput:', "two.yaml:6:8: 'prove' is true, false", 'write true')
order('yes for true, again', 'output:', 'erase_finished: yes\noutput:', "two.yaml:6:17: 'erase_finished' is true or false, not 'yes'", 'write true')
order('no name', 'name: two\n', '', "two.yaml:1:1: the order has no 'name'", 'names it in the ledger')
order('no quota', 'quota: 3\n', '', "the order has no 'quota'", 'how many devices')
order('no template', 'template: template\n', '', "the order has no 'template'", 'configuration')
order('no ledger', 'ledger: two.db\n', '', "the order has no 'ledger'", 'what was made')
order('neither board nor output', 'output: {packets: two.ndjson}', '', "no 'board' and no 'output'", 'packets alone')
order('no names', 'names: {pattern: "urn:dev:os:x-{serial:03}", first: 1}\n', '', 'names come from a manifest or a pattern', 'manifest: devices.csv')
order('slots without a board', 'output:', 'slots: [{port: x}]\noutput:', "'slots' needs a 'board'", 'recipe')
order('a board without slots', '\nslots: [{port: x}]', '', "'slots' has none, and there is a board", 'slots: [', base=BOARD)
order('a slot that is nowhere', '{port: x}', '{name: a}', 'two.yaml:7:9: a slot has a port', 'list of boards', base=BOARD)
order('a recipe with a slip', 'smp-file', 'smp-fiel', "slot 1: unknown recipe 'smp-fiel'", "did you mean 'smp-file'?", base=BOARD)
order('a flasher with a slip', 'flasher: none', 'flasher: nrfutl', "'nrfutl'", 'did you mean', base=BOARD)
order('one port twice', '{port: x}', '{port: x}, {port: ./x}', 'two.yaml:7:20: slots 1 and 2 are one place', '^', 'leave one of the two', base=BOARD)
order('a placeholder of a hook with a slip', 'slots:', 'on_pass: [/bin/true, "{slott}"]\nslots:', "two.yaml:7:23: on_pass has an unknown placeholder '{slott}'", "did you mean '{slot}'?", base=BOARD)
order('a hook that is one text', 'output:', 'on_pass: /bin/true\noutput:', "two.yaml:6:10: 'on_pass' takes a list of words", '[/usr/bin/lamp')
order('a server without a file', 'slots:', 'slots:', "a server has a 'file'", 'JSON', base=BOARD.replace('{file: export.json}', '{name: x}'))
order('a profile with a slip', 'ledger:', 'device: zephir\nledger:', "'zephir'", 'did you mean')
order('a path that is not there', 'template: template', 'template: templat', "cannot open 'templat'", "did you mean 'template'?")
order('a folder that is not there', 'template: template', 'template: no/template', "cannot open 'no/template'", "no folder 'no/'")
order('a folder for a file', 'template: template', 'template: cert', "cannot read 'cert'", 'name a file')
order('a secret in the template', 'template: template', 'template: cfg', '/0/1/5', 'each device gets its own')
# files that are something else
for what, path, said, do in (
        ('a ledger', 'one.db', 'one.db is a ledger, not a work order', 'name the work order'),
        ('a configuration', 'cfg', 'cfg is a configuration, not a work order', "template: cfg"),
        ("a server's file", 'server.json', 'server.json is the JSON file of a server, not a work order', 'servers: [{file: server.json}]'),
        ('a manifest', 'devices.csv', 'devices.csv is a table (CSV), not a work order', 'manifest: devices.csv'),
        ('a packet', 'packet', 'packet is a packet (SenML CBOR), not a work order', 'signet packet show'),
        ('a certificate', 'ca.pem', 'ca.pem is a certificate, not a work order', 'signet cert show'),
        ('gzip', 'gz', 'gz is compressed (gzip), not a work order', 'zcat gz'),
        ('a shortcut', 'lnk', 'lnk is a Windows shortcut (.lnk), not a work order', 'copy the file that it points to'),
        ('zeros', 'zeros', 'zeros is filled with zeros, not a work order', 'copy it again'),
        ('a spreadsheet', 'book.xlsx', 'book.xlsx is a spreadsheet', 'CSV UTF-8')):
    add(f'{what} for an order', f'run --dry-run {path}', said, do)
for path, said, do in (('packet', 'a packet (SenML CBOR)', 'signet packet show'), ('one.db', 'a ledger', 'name the work order'),
                       ('order.yaml', 'a work order', 'its ledger is one.db'), ('server.json', 'the JSON file of a server', 'servers:'),
                       ('ca.pem', 'a certificate', 'signet cert show'), ('gz', 'compressed (gzip)', 'zcat gz'), ('zeros', 'filled with zeros', 'copy it again')):
    add(f'{path} for a configuration', f'packet make -c {path} -o out', f'{path} is {said}, not a configuration', do)
for verb in ('list', 'verify', 'stats', 'export'):
    add(f'an order for a ledger, {verb}', f'ledger {verb} order.yaml', 'order.yaml is a work order, not a ledger', 'its ledger is one.db')
for path, said, do in (('cfg', 'a configuration', 'template: cfg'), ('gz', 'compressed (gzip)', 'zcat'), ('devices.csv', 'a table (CSV)', 'manifest: devices.csv'),
                       ('server.json', 'the JSON file of a server', 'servers:')):
    add(f'{path} for a ledger', f'ledger list {path}', f'{path} is {said}, not a ledger', do)
for path, said, do in (('cfg', 'a configuration', 'signet packet make'), ('order.yaml', 'a work order', 'signet run'), ('one.db', 'a ledger', 'work order'),
                       ('ca.pem', 'a certificate', 'signet cert show'), ('gz', 'compressed (gzip)', 'zcat'), ('zeros', 'filled with zeros', 'copy it again')):
    add(f'{path} for a packet', f'packet show {path}', f'{path} is {said}, not a packet', do)
add('an empty packet', 'packet show empty', 'empty is empty', 'copied whole', empty='')
for path, said, do in (
        ('p12', 'a PKCS#12 container (.p12, .pfx)', 'openssl pkcs12 -in p12'), ('p7b', 'a PKCS#7 container (.p7b, .p7c)', 'openssl pkcs7 -print_certs -in p7b'),
        ('openssh', "a private key in OpenSSH's own form", 'ssh-keygen -p'), ('sealed.pem', 'an encrypted private key', 'openssl pkey -in sealed.pem'),
        ('trusted.pem', "a certificate with OpenSSL's trust settings", 'openssl x509 -in trusted.pem'), ('csr.pem', 'a certificate request', 'authority'),
        ('pub.pem', 'a public key', 'name the certificate'), ('array.h', 'an array of C source', 'xxd -r -p'), ('hex', 'hex digits in text', 'xxd -r -p hex'),
        ('base64', 'bytes in base64', 'base64 -d base64'), ('cfg', 'a configuration', 'template'), ('one.db', 'a ledger', 'work order'),
        ('order.yaml', 'a work order', 'signet run'), ('gz', 'compressed (gzip)', 'zcat')):
    add(f'{path} for a certificate', f'cert show {path}', f'{path} is {said}, not a certificate', do)
add('half a PEM', 'cert show cut.pem', 'cut.pem:1:1: malformed PEM: no END line', '-----BEGIN CERTIFICATE-----\n^', 'cut short')
add('a PEM with a bad character', 'cert show odd.pem', 'odd.pem:2:1: malformed PEM: the certificate is not base64', 'copy the file again')
add('a chain of PEM', 'packet make -c cfg -o out --seal-to two.pem', 'two.pem:', ':1: more than one certificate', 'keep the first')
# the server's JSON
JSON = 'server check server.json'
def server(name, text, *answer, code=1, line=JSON):
    add(name, line, *answer, code=code, server__json=text)
server('a trailing comma', '{"url": "https://127.0.0.1:1",\n}', 'server.json:1:30: a comma behind the last entry', '^', 'take it out')
server('no comma', '{"url": "https://127.0.0.1:1"\n"port": 3}', 'server.json:2:1: a comma or } should follow', 'between entries')
server('single quotes', "{'url': 'https://127.0.0.1:1'}", 'server.json:1:2: a single quote', 'double quotes')
server('curly quotes', '{\u201curl\u201d: 1}', 'server.json:1:2: a curly quote', 'straight quotes')
server('a brace that is not closed in JSON', '{"url": "https://127.0.0.1:1"', 'server.json:1:1: this { is never closed', 'close it with }')
server('a quote that is not closed in JSON', '{"url": "https://127.0.0.1:1\n}', 'server.json:1:9: this quote is never closed', 'close it')
server('a comment', '{"url": "https://127.0.0.1:1" // x\n}', 'server.json:1:31: a comment', 'take it out')
server('a word of Python', '{"url": "https://127.0.0.1:1", "x": True}', 'server.json:1:37: this is no word of JSON', 'write true')
server('a text without quotes', '{"url": coiote}', 'server.json:1:9: a text without quotes', 'double quotes')
server('a name without quotes', '{url: "https://127.0.0.1:1"}', 'server.json:1:2: a name in double quotes', '"name": value')
server('a list', '[]', 'server.json:1:1: this must be a JSON object', 'write one object')
server('a member with a slip', '{"ulr": "https://127.0.0.1:1"}', 'server.json:1:2: unknown member "ulr"', "did you mean 'url'?")
server('a member with a slip, and its secret', '{"url": "https://127.0.0.1:1", "geheim": "x y z"}', 'server.json:1:32: unknown member "geheim"', '"geheim":.........\n')
order('a key with a slip, and its secret', 'quota: 3', 'quota: 3\ngeheim: x y z', "unknown key 'geheim'", 'geheim:......\n')
server('a member twice', '{"url": "https://127.0.0.1",\n "url": "b"}', 'server.json:2:6: a member stands twice', 'keep one')
server('a port that is none', '{"url": "https://127.0.0.1", "port": 99999}', 'server.json:1:38: "port" must be a port', 'hint: ')
server('a number for a text', '{"url": 5}', 'server.json:1:9: "url" must be a string', 'hint: ')
server('a kind with a slip', '{"kind": "leshann", "url": "https://127.0.0.1:1"}', "unknown kind of server 'leshann'", "did you mean 'leshan'?")
server('an empty JSON', '', 'server.json is empty', 'copied whole')
server('an order for a server', ORDER, 'server.json is a work order, not a JSON file', 'its ledger is one.db')
server('a secret in JSON', '{"url": "https://127.0.0.1:1", "token": "hunter2" "x": 1}', 'server.json:1:51', 'between entries')
add('UTF-16 for a server', JSON, 'server.json is text in UTF-16', 'save it as UTF-8', server__json=SERVER.encode('utf-16'))
server('no authority', '{"kind": "leshan", "url": "https://127.0.0.1:1", "ca_file": "cb.pem"}', "cannot open 'cb.pem'", "did you mean 'ca.pem'?")
server('an authority that is no PEM', '{"kind": "leshan", "url": "https://127.0.0.1:1", "ca_file": "cfg"}', 'server.json:1:62: cfg is a configuration, not a certificate', 'packet make')
server('nobody listens', SERVER, 'https://127.0.0.1:1: the connection was refused', 'url and port')
server('two ports', '{"kind": "leshan", "url": "https://127.0.0.1:1", "port": 2}', 'the url has port 1, and port is 2', 'keep one')
server('no https', '{"kind": "leshan", "url": "127.0.0.1:1"}', 'must begin with https://', 'https://HOST')
server('no url', '{"kind": "leshan"}', 'has no url', 'url')
# configurations
def config(name, text, *answer, **more):
    add(name, 'packet make -c cfg -o out', *answer, cfg=text, **more)
GOOD = FILES['cfg']
config('a name with a slip', GOOD.replace('Lifetime', 'Lifetim'), "cfg:3:59: unknown name 'RID.Server.Lifetim'", '^', 'did you mean RID.Server.Lifetime?')
config('no comma in a configuration', GOOD.replace('Lifetime: 60,', 'Lifetime: 60'), "cfg:4:2: ',' or '}' should follow", '^', 'is a comma missing')
config('curly quotes in a configuration', GOOD.replace("'U'", '\u2019U\u2019'), 'cfg:4:', 'curly quote', 'straight quotes')
config('a brace that is not closed in a configuration', GOOD.rstrip()[:-1], 'cfg:1:1: this { is never closed', 'close it with }')
config('a quote that is not closed in a configuration', GOOD.replace("'U'", "'U"), 'cfg:4:', '^', 'hint: ')
config('a list in a configuration', '{OID.Server: [1]}', 'cfg:1:14: LwM2M has no lists', 'dictionary')
config('a call', "{OID.Server: {1: {0: open('x')}}}", 'cfg:1:22', '^', 'hint: ')
config('None', '{OID.Server: {1: {RID.Server.Lifetime: None}}}', 'cfg:1:40: None and null are no values', 'leave the resource out')
config('a key that is twice', '{OID.Server: {1: {}}, OID.Server: {2: {}}}', 'cfg:1:', 'keep one of the two')
config('a text for a number', GOOD.replace('Lifetime: 60', "Lifetime: 'x'"), 'RID.Server.Lifetime (/1/1/1) must be', 'without quotes')
config('a text for a number has its place', GOOD.replace('Lifetime: 60', "Lifetime: 'x'"), 'cfg:3:48: RID.Server.Lifetime', '^', 'without quotes')
config('a resource that is missing', GOOD.replace('RID.Server.Lifetime: 60,', ''), 'cfg:3:15: RID.Server.Lifetime (/1/1/1) is missing', '^', 'add it')
config('a scheme of another mode', GOOD.replace('coaps:', 'coap:'), 'cfg:1:21: RID.Security.ServerURI (/0/1/0) is coap, which mode psk does not go with', '^', 'write coaps://')
config('one number for two servers', GOOD.replace("'U'}}", "'U'}, 2: {RID.Server.ShortServerID: 1, RID.Server.Lifetime: 60, RID.Server.NotificationStoring: False, RID.Server.Binding: 'U'}}"), 'cfg:4:', 'in another instance too', '^', 'its own')
config('no certificate of the server', GOOD.replace('Mode: 0', 'Mode: 2'), 'cfg:2:2: /0/1 is in cert mode, but there is no certificate', '^', 'fetch it')
config('a certificate that is none', GOOD.replace('Mode: 0', 'Mode: 2').replace("RID.Security.PKOrIdentity: b'me'", "4: b'xx', RID.Security.PKOrIdentity: b'me'"), 'cfg:2:55: /0/1/4: ', '^', 'hint: ')
config('PEM in a configuration with a slip', GOOD.replace("b'me'", "b\'\'\'-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END CERTIFICATE-----\\n\'\'\'").replace('Lifetime', 'Lifetim'), "unknown name 'RID.Server.Lifetim'", '^', 'did you mean')
config('Python', 'import os\n{}', 'cfg:1:1: unknown name', '^', 'quotes')
config('an empty configuration', '', 'cfg is empty', 'copied whole')
add('UTF-16 for a configuration', 'packet make -c cfg -o out', 'cfg is text in UTF-16', 'save it as UTF-8', cfg=GOOD.encode('utf-16'))
add('a configuration that is not there', 'packet make -c cgf -o out', "cannot open 'cgf'", "did you mean 'cfg'?")
# manifests
def table(name, text, *answer, **more):
    add(name, 'run --dry-run two.yaml', *answer, two__yaml=TABLE, devices__csv=text, **more)
table('another delimiter', 'endpoint;psk\na;b\n', "devices.csv:1:1: the fields end with ';', not with ','", 'endpoint;psk\n^', 'delimiter: ";"')
table('tabs', 'endpoint\tpsk\na\tb\n', 'devices.csv:1:1: the fields end with tabs', 'delimiter: tab')
table('a blank in a header', 'endpoint ,x\na,b\nc,d\ne,f\n', "no column 'endpoint'", 'has a blank in its name')
table('a header with a slip', 'endpont,x\na,b\nc,d\ne,f\n', "no column 'endpoint'", "did you mean its column 'endpont'?")
table('no header', 'urn:a1,00112233445566778899aabbccddeeff\nurn:a2,x\n', 'devices.csv:1:1: column 1 has a name', 'urn:a1,....', 'names the columns')
table('a quote that is not closed in CSV', 'endpoint\n"a\nb\n', 'devices.csv:2:1: a quote is opened', '^', 'in quotes')
table('a quote in a field', 'endpoint\na"b\nb\n', 'devices.csv:2:2: a quote stands where none can be', '^', 'doubled')
table('a field too few', 'endpoint,x\na\nb,1\nc,1\n', 'devices.csv:2:2: 1 fields, the header has 2', '^', 'is a field missing')
table('a field too many', 'endpoint,x\na,1,2\nb,1\nc,1\n', 'devices.csv:2:6: 3 fields, the header has 2', '^', 'quotes')
table('a name twice', 'endpoint\na\na\nb\n', "devices.csv:3:1: the endpoint 'a' is that of line 2 too", '^', 'each device has its own')
table('a name with a blank', 'endpoint\na b\nc\nd\n', "devices.csv:2:1: endpoint 'a b'", '^', 'letters, digits')
table('a value of a column that no device takes', 'endpoint,host\na,h\nb,b b\nc,d\n', "devices.csv:3:3: host 'b b': template:1:21: RID.Security.ServerURI", '^', 'take the blank', template=(CONFIG % '').replace('127.0.0.1', '{host}'))
table('a name twice in a later column', 'x,endpoint\n1,a\n2,a\n3,b\n', "devices.csv:3:3: the endpoint 'a'", '^', 'each device')
table('a quote that is not closed in a later field', 'endpoint,x\na,1\nb,"2\n', 'devices.csv:3:3: a quote is opened', '^', 'in quotes')
table('too few rows', 'endpoint\na\n', 'devices.csv has 1 rows, the quota is 3', 'at most the number of rows')
table('a header alone', 'endpoint\n', 'devices.csv has a header and no rows', 'hint: ')
table('an empty manifest', '', 'devices.csv is empty', 'copied whole')
table('Latin-1 in a manifest', 'endpoint,x\na,\xe9\n'.encode('latin-1'), 'devices.csv:2:3: x: the value is not UTF-8', 'CSV UTF-8')
table('UTF-16 in a manifest', CSV.encode('utf-16'), 'devices.csv is text in UTF-16', 'UTF-8')
table('an order for a manifest', ORDER, 'devices.csv is a work order, not a manifest', 'its ledger')
table('a column that is not there', CSV, '{hots} names no column of devices.csv', 'hint: ', template=(CONFIG % '').replace('127.0.0.1', '{hots}'))
add('a manifest that is not there', 'run --dry-run two.yaml', "cannot open 'device.csv'", "did you mean 'devices.csv'?", two__yaml=TABLE.replace('devices.csv', 'device.csv'))
# definitions of objects
def xml(name, text, *answer):
    add(name, 'packet check --objects object.xml cfg', *answer, object__xml=text)
xml('an element that is not ended', '<LWM2M><Object><Name>x</Nam></Object></LWM2M>', 'object.xml:1:23: </Nam> does not end <Name>', '^', 'write </Name>')
xml('half a definition', '<LWM2M><Object><Name>x', 'object.xml:1:23: the file ends, and <Name> of line 1 is not ended', '^', 'copied whole?')
xml('an ampersand', '<LWM2M><Object><Name>a & b</Name></Object></LWM2M>', 'object.xml:1:2', 'cannot stand here', '&amp;')
xml('a web page', '<!DOCTYPE html><html></html>', 'object.xml is a web page (HTML)', 'download the file itself')
xml('JSON for a definition', SERVER, 'object.xml is the JSON file of a server', 'servers:')
xml('text behind the end', '<LWM2M></LWM2M><LWM2M/>', 'object.xml:1:16: this stands after the end', '^', 'one <LWM2M>')
# the command line
for line, said, do in (
        ('provision -c cfg --bord x', 'there is no option --bord', 'did you mean --recipe?'), ('run --dry-rnu order.yaml', '--dry-rnu', 'did you mean --dry-run?'),
        ('run -y order.yaml', 'there is no option -y', 'leave it out: nothing is asked'), ('run --wait', '--wait needs a value', "'signet run --help' lists"),
        ('run --page localhost:8470 order.yaml', "--page has its value behind '=': --page=localhost:8470", "'signet run --help' lists"), ('run --page 127.0.0.1:8470 order.yaml', "--page has its value behind '=': --page=127.0.0.1:8470", "'signet run --help' lists"), ('run --operator --watch order.yaml', '--operator needs a value, and --watch is an option', "'signet run --help' lists"), ('run --watch=yes order.yaml', '--watch takes no value', "'signet run --help' lists"), ('provision cfg', "'cfg' is one argument too many", 'did you mean --config cfg?'),
        ('packet make cfg', "'cfg' is one argument too many", 'did you mean --config cfg?'), ('run', 'ORDER.yaml is missing', "'signet run --help' lists"),
        ('runn order.yaml', "there is no command 'runn'", "did you mean 'run'?"), ('ledger lst one.db', "verb of 'ledger' called 'lst'", "did you mean 'ledger list'?"),
        ('backup one.db', "there is no command 'backup'", "did you mean 'ledger backup'?"), ('helpp', "'helpp'", "did you mean 'help'?"),
        ('run --wait soon order.yaml', "'soon' is not a number", '--help'), ('run --zzzzzzzz', 'there is no option --zzzzzzzz', 'there are --dry-run'),
        ('ptool --endpoint_cg cfg', 'unrecognized option: --endpoint_cg', 'did you mean --endpoint_cfg?'), ('ptool', '-c/--endpoint_cfg is required', 'with -c FILE'),
        ('ptool -c cfg -s server.json -e x', 'missing: -t/--token', 'to register')):
    add(line, line, said, do, code=2)
add('ptool without a file', 'ptool -c cgf', "cannot open 'cgf'", "did you mean 'cfg'?")
add('an order that is not there', 'run ordr.yaml', "cannot open 'ordr.yaml'", "did you mean 'order.yaml'?")
add('a ledger that is not there', 'ledger list on.db', 'on.db: there is no such ledger', "The work order's 'ledger'")
add('an order with a slip', 'ledger list -o oen one.db', 'no order oen', 'did you mean one?')
add('a device with a slip', 'ledger show one.db urn:dev:os:x-004', 'the ledger has no device urn:dev:os:x-004', 'hint: ')
add('an object with a slip', 'object show Securty', "there is no object 'Securty'", 'did you mean Security?')
add('a device with a slip, to rework', 'ledger rework one.db nosuch', 'the ledger has no device nosuch', 'signet ledger list LEDGER')
add('nobody at a port', 'smp echo -p tcp:127.0.0.1:1 hi', 'tcp:127.0.0.1:1: no connection', 'is the port right?')
add('nobody for a certificate', 'cert fetch 127.0.0.1:1', 'cannot connect to 127.0.0.1:1', 'that its TCP port? One over UDP, as LwM2M servers are, is asked with --dtls')
order('a ledger in a folder that is not there', 'two.db', 'no/two.db', "ledger 'no/two.db' cannot be made", 'is its folder there')
order('objects that are not there', 'output:', 'objects: objs\noutput:', "cannot open 'objs'", 'is the path right?')
order('a map for a list', '[{port: x}]', '{port: x}', "two.yaml:7:8: 'slots' takes a list", '^', 'into brackets', base=BOARD)
add('a token that is not there', 'server check server.json --token-file tken', "cannot open 'tken'", "did you mean 'token'?")
# each noun, with a file of another kind, a slip, or nothing at all
for line, said, do in (
        ('packet make -c packet', 'packet is a packet (SenML CBOR), not a configuration', 'packet show'), ('packet check order.yaml', 'order.yaml is a work order', 'its ledger is one.db'),
        ('packet show cert', "cannot read 'cert': Is a directory", 'name a file'), ('cert show order.yaml', 'order.yaml is a work order, not a certificate', 'its ledger'),
        ('cert make -e x -o order.yaml', "cannot make the folder 'order.yaml'", 'a file has this name'), ('cert make -e x -C order.yaml', 'order.yaml is a work order, not a JSON file', 'its ledger'),
        ('server check cfg', 'cfg is a configuration, not a JSON file', 'packet make'), ('server check cert', "cannot read 'cert': Is a directory", 'name a file'),
        ('server check server.json --token-file order.yaml', 'the access token holds blanks', 'was another file given?'),
        ('ledger verify one.db --vkey x', 'no Ed25519 key', 'a key is NAME+'), ('ledger verify one.db --since-checkpoint order.yaml', 'is no signed note', 'the file of a checkpoint'),
        ('ledger backup one.db one.db', "will not overwrite 'one.db'", 'name a new file'), ('ledger archive one.db a.db nosuch', 'the ledger has no order nosuch', 'ledger stats'),
        ('ledger import one.db cfg', 'cfg is a configuration, not a ledger', 'packet make'), ('ledger import one.db one.db', 'it is a copy of this ledger', "the other site"),
        ('ledger proof one.db x', 'the ledger has no device x', 'hint: '), ('ledger vkey one.db order.yaml', "order.yaml is a work order, not a signing key", 'station.key.sign'),
        ('ledger recover one.db', 'one.db is a ledger, not a work order', "a line 'ledger: one.db'"), ('report order.yaml', 'order.yaml is a work order, not a ledger', 'its ledger is one.db'),
        ('line status order.yaml', "no run of order 'one' is at work", 'start the order'), ('line pause one.db', 'one.db is a ledger, not a work order', 'name the work order'),
        ('station check one.db', 'one.db is a ledger, not a work order', 'name the work order'),
        ('page order.yaml', 'order.yaml is a work order, not a ledger', 'its ledger is one.db'), ('open -k key.pem a.manifest', "'a.manifest'", 'hint: '),
        ('order sign --sign key.pem order.yaml', 'key.pem is a private key, not a signing key', 'station.key.sign'), ('object import nosuch', "cannot open 'nosuch'", 'is the path right?'),
        ('prove order.yaml', 'order.yaml is a work order, not a packet', 'its ledger'), ('prove packet --uri coaps://127.0.0.1:1 -e x', 'nobody listens at 127.0.0.1:1', 'host and port right?'),
        ('evidence one.db', 'one.db is a ledger, not a work order', 'name the work order'), ('sim tell nosock state', 'nothing simulated is at nosock', 'hint: '),
        ('init cfg', "cannot make 'cfg/order.yaml'", 'hint: '), ('smp echo -p /dev/ttyNONE hi', '/dev/ttyNONE: cannot open the port', 'signet board list'),
        ('smp upload -p tcp:127.0.0.1:1 nofile /x', "cannot open 'nofile'", 'is the path right?'), ('authority show order.yaml', 'order.yaml is a work order, not the file of an authority', 'its ledger')):
    add(line, line, said, do)
for line, said in (
        ('page one.db --listen 127.0.0.1:99999', 'is no address of a page'), ('page one.db --listen 0.0.0.0:1', 'needs TLS and logins'), ('report one.db --by wek', "not by 'wek'"),
        ('report one.db --since 28.11.2026', "'28.11.2026' is no time such as"), ('station key rotate order.yaml --to usb', "'usb' is no form"), ('smp echo -p order.yaml hi', 'this is not a serial port'),
        ('smp echo -p tcp:localhost hi', 'not an address'), ('sim flasher --as avrdude', "not 'avrdude'"), ('open -k key.pem order.yaml', 'is no FILE.manifest'), ('line slot order.yaml 1 of', "not 'of'"),
        ('sim board --misbehave drop', 'no such misbehaviour')):
    add(line, line, said, 'hint: ', code=2)
order('a curly quote', '"urn:dev:os:x-{serial:03}"', '“urn:dev:os:x-{serial:03}”', 'two.yaml:5:', 'a curly quote', '^', 'straight quotes')
order('a number with a unit', 'quota: 3', 'quota: 3k', "two.yaml:2:8: 'quota' takes a whole number, not '3k'", '^', 'digits alone')
order('a percent sign', 'ledger:', 'min_yield: 90%\nledger:', "'min_yield' takes a whole number, not '90%'", '^', 'digits alone')
# what is found when the order has been read: the place is that of the value
LABEL = 'label: {template: l.zpl, printer: "tcp://127.0.0.1:1"}\noutput:'
ZPL = '^XA\n^FO10,10^FD{endpoint}^FS^XZ\n'
def later(name, key, *answer, base=TWO, **changes):
    order(name, 'output:' if base is TWO else 'slots:', f"{key}\n{'output:' if base is TWO else 'slots:'}", *answer, base=base, **changes)
later('a printer without tcp', LABEL.replace('tcp://', '').split('\n')[0], "two.yaml:6:36: '127.0.0.1:1' has no tcp://", '^', 'label: {', l__zpl=ZPL)
later('a printer at no port', LABEL.replace(':1"', ':99999"').split('\n')[0], "two.yaml:6:36: 'tcp://127.0.0.1:99999' is no address of a printer", '^', l__zpl=ZPL)
for name, zpl, *answer in (
        ('an empty label', '', 'two.yaml:6:19: l.zpl is empty', '^', 'copied whole'),
        ('half a label', ZPL.replace('^XZ', ''), 'l.zpl:1:1: no label that is whole', '^', 'ends with ^XZ'),
        ('two labels', ZPL * 2, 'more than one label', '^', '^XA'),
        ('a picture for a label', b'\x89PNG\r\n\x1a\n' + bytes(60), 'two.yaml:6:19: l.zpl is a picture, not a label in ZPL', '^', 'is meant'),
        ('a label in UTF-16', ZPL.encode('utf-16'), 'l.zpl is text in UTF-16', '^', 'save it as UTF-8'),
        ('a label in Latin-1', ZPL.replace('}^', '}\xe9^').encode('latin-1'), 'l.zpl:2:22: this is not UTF-8', '^', 'save the file')):
    later(name, LABEL.split('\n')[0], *answer, l__zpl=zpl)
later('an order for a label', LABEL.split('\n')[0].replace('l.zpl', 'order.yaml'), 'two.yaml:6:19: order.yaml is a work order, not a label in ZPL', '^', 'its ledger')
later('a placeholder of an identity with a slip', 'credentials: {identity: "{endpont}"}', "two.yaml:6:26: credentials.identity '{endpont}'", '^', 'did you mean {endpoint}?')
order('a serial of no form', '{serial:03}', '{serial:3x}', "two.yaml:5:19: names 'urn:dev:os:x-{serial:3x}'", '^', '{serial:06}')
order('a name with blanks', 'urn:dev:os:x-{serial:03}', 'urn:dev: os {serial}', "two.yaml:5:19: names 'urn:dev: os {serial}'", '^', 'letters, digits')
later('a key in the wrong place', 'credentials: {authority: {chain: ca.pem}}', "two.yaml:6:15: unknown key 'authority'", '^', 'a key of the file itself')
later('an authority without its key', 'authority: {chain: ca.pem, key: kex.pem}', "two.yaml:6:33: authority: the authority's key: cannot open 'kex.pem'", '^', "'key.pem'?")
later('chain and key swapped', 'authority: {chain: key.pem, key: ca.pem}', 'key.pem:1:1: there is a private key in this certificate file', '^', 'certificate only')
later('an authority that is none', 'authority: {chain: ca.pem, key: key.pem}', "two.yaml:6:20: authority: 'ca.pem': the issuer's certificate", '^', 'CA:TRUE')
later('an order to seal to', 'seal_to: [order.yaml]', "two.yaml:6:11: cannot seal to 'order.yaml': order.yaml is a work order", '^', 'its ledger')
later('a check digit with a slip', 'scan: {column: imei, check: lunh}', "two.yaml:6:29: there is no check digit 'lunh'", '^', 'luhn')
later('when with a slip', 'scan: {column: imei, when: befor}', "two.yaml:6:28: 'when' is before or after", '^', 'hint: ')
later('hosts with a blank', 'prove: {follow: "a b"}', "two.yaml:6:18: 'follow' has hosts", '^', 'commas between')
later('a shift with a bell', 'shift: "a\\x07b"', "two.yaml:6:8: 'shift' holds a control character", '^', 'take it out')
later('an operator with a long name', f'operator: {"x" * 200}', 'two.yaml:6:1: operator: a name has at most 120 bytes', '^', 'shorter')
later('a work folder that is a file', 'work: order.yaml', "two.yaml:6:7: cannot make the folder 'order.yaml'", '^', 'a file has this name')
later('a profile with a mode of another', 'device: ./p.yaml', "./p.yaml:2:9: 'modes' cannot have 'pks'", '^', 'psk, rpk', p__yaml='name: x\nmodes: [pks]\nbase: any\n')
for name, url, *answer in (
        ('a database that nobody runs', 'postgresql://127.0.0.1:1/x', 'two.yaml:4:10: postgresql://127.0.0.1:1/x: cannot reach', '^', 'is it running'),
        ('another database', 'mysql://127.0.0.1/x', "two.yaml:4:10: ledger 'mysql://127.0.0.1/x' is no file", '^', 'postgresql://HOST'),
        ('a password in an address of another', 'mysql://u:hunter2@127.0.0.1/x', "two.yaml:4:1: ledger 'mysql://...' is no file", '^', 'postgresql://HOST'),
        ('a password with a slash', 'postgresql://u:p/hunter2@127.0.0.1/x', "two.yaml:4:1: the ledger's address has an '@' behind a '/'", '^', '.pgpass'),
        ('a ledger that is a folder', 'cert', 'two.yaml:4:10: cert: this is not a plain file', '^', 'name the file'),
        ('a ledger that is a table', 'devices.csv', 'two.yaml:4:10: devices.csv is a table (CSV)', '^', 'manifest:')):
    order(name, 'ledger: two.db', f'ledger: "{url}"', *answer)
order('a column of keys in place of a number', TABLE, TABLE, 'devices.csv:2:8: psk: is no whole number', '^', 'digits alone', base=TABLE,
      devices__csv='endpoint,psk\nurn:a1,hunter2\nurn:a2,hunter2\nurn:a3,hunter2\n',
      template=(CONFIG % '').replace('RID.Server.Lifetime: 60', 'RID.Server.Lifetime: "{psk}"'))
for name, old, new, *answer in (
        ('an image that is not there', 'flasher: none', 'flasher: nrfutil, initial: nix.hex', "two.yaml:6:54: slot 1: cannot open 'nix.hex'", 'hint: '),
        ('an image that is cut', 'flasher: none', 'flasher: nrfutil, initial: a.hex', 'a.hex:1:10: not a hex digit', 'copied whole'),
        ('an option of no recipe', 'flasher: none', 'flasher: none, recipe_foo: 1', "two.yaml:6:49: slot 1: smp-file: unknown option 'foo'", 'it has none'),
        ('an option of no flasher', 'flasher: none', 'flasher: nrfutil, flasher_foo: 1', "unknown option 'foo'", 'known: recover'),
        ('an SMP that is not there', 'flasher: none', 'flasher: none, smp_version: 7', 'two.yaml:6:46: slot 1: the SMP version', 'hint: '),
        ('an option of no port', 'flasher: none', 'flasher: none, port_options: 8x1', "two.yaml:6:56: slot 1: '8x1'", 'dtr=off'),
        ('no path of the packet', ', packet_path: /x', '', 'two.yaml:6:17: slot 1: smp-file needs the path', 'such as'),
        ('two slots of a name', '{port: x}', '{port: x, name: a}, {port: y, name: a}', "two.yaml:7:29: two slots are called 'a'", "another 'name'"),
        ('a golden board without a slot', 'slots:', 'golden: {slot: "9", board: "1", endpoint: a}\nslots:', "two.yaml:7:17: golden: '9' is no slot", "one of 'slots'"),
        ('a token that an order has not', '{file: export.json}', '{file: server.json, token_file: nix}', "two.yaml:8:43: server.json: cannot open 'nix'", 'is the path right?')):
    order(name, old, new, *answer, '^', base=BOARD, a__hex=':10000000zz\n')
server('a url of another scheme', '{"kind": "leshan",\n "url": "ftp://x"}', "server.json:2:3: the server's url must begin with https://", '^', 'such as')
server('a url with no such port', '{"kind": "leshan",\n "url": "https://127.0.0.1:99999"}', "server.json:2:3: the server's url has the port 99999", '^', '1 to 65535')
server('plain http', '{"kind": "leshan",\n "url": "http://127.0.0.1:1"}', "server.json:2:3: the server's url is plain http", '^', 'allow_http')
server('a kind with a slip has its place', '{"kind": "leshann", "url": "https://x"}', "server.json:1:11: unknown kind of server 'leshann'", '^', "'leshan'?")
server('a pin that is none', '{"kind": "leshan", "url": "https://127.0.0.1:1",\n "pin": "sha256//xx"}', "server.json:2:10: 'sha256//xx' is no pin", '^', 'cert fetch')
server('a format of no export', '{"kind": "export", "file": "x.csv",\n "format": "cvs"}', 'server.json:2:3: an export has no such format', '^', 'ndjson')
server('nobody listens there', '{"kind": "leshan",\n "url": "https://127.0.0.1:1"}', 'server.json:2:10: https://127.0.0.1:1: the connection was refused', '^', 'url and port')
for name, text, *answer in (
        ('a curve with a slip', '{"ellipticCurve": "secp256r2"}', "ci.json:1:20: ellipticCurve 'secp256r2'", 'secp256r1?'),
        ('a country in full', '{"countryName": "Poland"}', "ci.json:1:18: cannot make a certificate: countryName 'Poland'", 'PL or US'),
        ('a digest with a slip', '{"digest": "sha265"}', "ci.json:1:13: cannot make a certificate: digest 'sha265'", 'sha256?'),
        ('a validity that is none', '{"validityOffsetInSeconds": "-5"}', 'ci.json:1:29: "validityOffsetInSeconds" must be', 'whole number')):
    add(name, 'cert make -e x -C ci.json -o out', *answer, '^', ci__json=text)
add('a file of an authority with a slip', 'authority show a.yaml', "a.yaml:2:6: the authority's key: cannot open 'nix.pem'", '^', "hint: ", a__yaml='chain: ca.pem\nkey: nix.pem\n')
add('an order for an issuer', 'cert make -e x -o out --issuer ca.pem --issuer-key order.yaml', 'order.yaml is a work order, not a private key', 'its ledger')
add('an empty token', 'server check server.json --token-file t0', 't0: the access token is empty', 'get a new one', t0='')
add('a configuration that is too large', 'packet make -c cfg -o out', "'cfg' is larger than 1048576 bytes", 'the file that was meant', cfg='#' + 'x' * 1100000)
add('a certificate for the key of a page', 'page one.db --listen 127.0.0.1:0 --page-cert key.pem --page-key ca.pem', 'ca.pem is a certificate, not a private key', 'cert show')
add('a certificate to open with', 'open -k ca.pem a.manifest', 'ca.pem is a certificate, not a private key', 'cert show')
add('an executable with a value', 'packet make -c cfg -o out', 'cfg:4:66: RID.Server.RegistrationUpdateTrigger (/1/1/8) is executable', '^', 'leave it out', cfg=GOOD.replace("'U'", "'U', RID.Server.RegistrationUpdateTrigger: 1"))
add('a resource of another object', 'packet make -c cfg -o out', '/1/1/900 is not a resource of OID.Server', '^', 'signet object show', cfg=GOOD.replace("'U'", "'U', 900: 1"))
add('a file for the labels of a printer', 'sim printer order.yaml', 'order.yaml: File exists', 'a folder for its labels')
for line, said in (('sim server -m latency=x', "'latency=x' has no number"), ('smp settings write -p tcp:127.0.0.1:1 a', "a word is missing behind 'write'")):
    add(line, line, said, 'hint: ', code=2)
add('plain http for ptool', 'ptool -c cfg -e x -s server.json --token-file token', "server.json:1:31: the server's url", '^', 'https://', server__json='{"domain": "/a/", "port": 1, "url": "ftp://127.0.0.1"}')
# an output in place of a file that somebody needs
for line, what in (('packet make -c cfg -o cfg', "'cfg': it is a configuration"), ('packet make -c cfg -o order.yaml', "'order.yaml': it is a work order"),
                   ('packet make -c cfg -o one.db', "'one.db': it is a ledger"), ('ledger checkpoint one.db -o server.json', "'server.json': it is the JSON file of a server"),
                   ('provision -c cfg -o key.pem', "'key.pem': it is a private key")):
    add(f'an output over {what}', line, 'will not write over ' + what, 'name another file')
add('an output in no folder', 'packet make -c cfg -o no/out', "cannot write 'no/out': there is no folder 'no'", 'make the folder')
# configurations
config('a semicolon', GOOD.replace('Lifetime: 60,', 'Lifetime: 60;'), "cfg:3:71: ',' or '}'", '^', 'write a comma')
config('a comment of C', '// mine\n' + GOOD, 'cfg:1:1: a comment does not begin with //', '^', 'with #')
config('a parenthesis that is not closed', GOOD.replace('60,', '(24*60,'), 'cfg:3:69: this ( is not closed', '^', 'close it')
config('a server without a scheme', GOOD.replace('coaps://', ''), 'cfg:1:21: RID.Security.ServerURI (/0/1/0) has no scheme', '^', 'write coaps://')
config('a fraction of a second', GOOD.replace('60,', '60.5,'), 'cfg:3:48: RID.Server.Lifetime (/1/1/1) must be an integer', '^', 'a whole number')
config('a unit', GOOD.replace('60,', '60s,'), 'cfg:3:71: this does not belong to a number', '^', 'without a unit')
# servers
server('no domain', '{"kind": "coiote", "url": "https://127.0.0.1:1"}', 'server.json:1:1: the server information has no domain', '^', '"domain": "/acme/"', line='server check server.json --token-file token')
server('an auth with a slip', '{"kind": "leshan", "url": "https://127.0.0.1:1",\n "auth": "passwrd"}', "server.json:2:3: 'auth' has a word", '^', '"password"', line='server check server.json --token-file token')
server('a password without its user', '{"kind": "thingsboard", "url": "https://127.0.0.1:1",\n "auth": "password"}', "server.json:2:3: 'auth' is", '^', '"user": "NAME"', line='server check server.json --token-file token')
server('no file of an export', '{"kind": "export"}', 'server.json:1:1: the export has no file', '^', 'devices.csv', line='register -s server.json -e x -c cfg')
add('a token of two lines', 'server check server.json --token-file token', 'token: the access token holds blanks', 'one word', token='a\nb\n')
# slots and what they run
for name, place, *answer in (
        ('a port of Windows', '{port: COM3}', "two.yaml:7:16: slot 1: 'COM3' is a name of Windows", '/dev/ttyACM0'),
        ('a folder for a port', '{port: cert}', "slot 1: ", "cert' is a folder, not a serial port", 'signet board list'),
        ('a file for a port', '{port: cfg}', "slot 1: ", "cfg' is a file, not a serial port", 'signet board list'),
        ('port 0', '{port: "tcp:10.0.0.1:0"}', "slot 1: '10.0.0.1:0' has no port of TCP or UDP", 'ports are 1 to 65535'),
        ('an address without a port', '{port: "tcp:10.0.0.1"}', "slot 1: '10.0.0.1' is not an address", 'tcp:HOST:PORT'),
        ('a hub that is none', '{hub: usb1}', "two.yaml:7:15: 'usb1' is no hub path", '1-4.2')):
    order(name, '{port: x}', place, *answer, base=BOARD)
for name, old, new, *answer in (
        ('a hook that is not there', 'slots:', 'on_pass: [lampp, x]\nslots:', 'two.yaml:7:', 'on_pass: lampp is not installed', '^'),
        ('a hook that is a folder', 'slots:', 'on_pass: [./cert]\nslots:', 'two.yaml:7:11: on_pass: ', 'is a folder, not a program', '^'),
        ('a programmer that is elsewhere', 'flasher: none', 'flasher: jlink, flasher_tool: tools/jl', "two.yaml:6:57: slot 1: cannot find the program", '^'),
        ('a folder without images', 'flasher: none', 'flasher: jlink, image_dir: cert', "two.yaml:6:54: slot 1: 'cert' has neither initial.hex nor final.hex", '^', 'name the images'),
        ('a picture for an image', 'flasher: none', 'flasher: jlink, initial: a.hex', 'a.hex is a picture, not a firmware image', 'is meant')):
    order(name, old, new, *answer, base=BOARD, a__hex=b'\x89PNG\r\n\x1a\n' + bytes(60))
for name, url, *answer in (
        ('a database with a slip behind ?', 'postgresql://127.0.0.1/x?sslmod=disable', "two.yaml:4:1: the ledger's address cannot be read", '^', 'are all names behind ?'),
        ('a database at no host', 'postgresql://no.such.invalid/x?sslmode=disable', 'two.yaml:4:10: postgresql://no.such.invalid', 'there is no such host', '^', 'are host and port')):
    order(name, 'ledger: two.db', f'ledger: "{url}"', *answer)
# the page, keys, and the command line
PAGE = 'page one.db --listen 127.0.0.1:0 --page-cert ca.pem --page-key key.pem --page-logins lg'
add('a password in a file of logins', PAGE, 'lg:1:1: this is no login', '....:.......\n^', 'add the person anew', lg='anna:hunter2\n')
add('an order for logins', PAGE.replace('lg', 'order.yaml'), 'order.yaml is a work order, not a file of logins', 'its ledger is one.db')
for line, said, do in (
        ('page password anna order.yaml', "'order.yaml' is a file", 'FILE stands before NAME'), ('cert fetch https://127.0.0.1:1/', "'https://127.0.0.1:1/' is not HOST:PORT", 'did you mean 127.0.0.1:1?'),
        ('run \u2013dry-run order.yaml', 'begins with a long dash', 'write --dry-run'), ('run -dry-run order.yaml', 'two dashes stand before a long option: --dry-run', 'hint: '),
        ('--json ledger list one.db', '--json stands before the command', 'options stand behind it')):
    add(line, line, said, do, code=2)
for line, said, do in (
        ('order verify --vkey garbage order.yaml', 'is not signed by its owner', 'ORDER.yaml.sig'), ('order owner order.yaml garbage', "'garbage' is no Ed25519 key of a signer", 'NAME+8 hex digits')):
    add(line, line, said, do)
# names, hooks and printers that were taken without a word
order('names without keys', '{pattern: "urn:dev:os:x-{serial:03}", first: 1}', 'urn:dev:{serial}', 'two.yaml:5:8: here go keys and values in braces', '^', 'its keys are manifest, delimiter, pattern')
order('names that are glued', '{pattern: "urn:dev:os:x-{serial:03}", first: 1}', 'manifest:devices.csv', 'two.yaml:5:8: no blank stands behind the colon', '^', 'write a blank')
for name in ('on_pass', 'on_fail', 'on_made_before'):
    later(f'{name} without a board', f'{name}: [/bin/true]', f"two.yaml:6:1: '{name}' needs a 'board'", '^', "'notify'")
for printer in ('zebra', '10.0.0.7', 'zebra.lan'):
    later(f'a printer called {printer}', LABEL.replace('tcp://127.0.0.1:1', printer).split('\n')[0], f"two.yaml:6:36: '{printer}' has no tcp:// in front", '^', './FILE or FILE.zpl for a file', l__zpl=ZPL)
later('a printer that is off', LABEL.split('\n')[0], "two.yaml:6:36: printer 'tcp://127.0.0.1:1'", '^', 'is the printer on', l__zpl=ZPL)
later('a folder of labels that is not there', LABEL.split('\n')[0].replace('tcp://127.0.0.1:1', 'no/l.zpl'), "two.yaml:6:36: cannot write 'no/l.zpl': there is no folder 'no'", '^', 'make the folder', l__zpl=ZPL)
order('a device that is no port', '{port: x}', '{port: /dev/null}', "two.yaml:7:16: slot 1: '/dev/null' is a device for bytes, not a serial port", '^', 'signet board list', base=BOARD)
# files of Signet's own in the wrong place
for line, said, do in (
        ('order sign --sign ca.pem order.yaml', 'ca.pem is a certificate, not a signing key', 'station.key.sign'), ('order sign --sign station.key order.yaml', 'station.key is binary data, not a signing key', 'station.key.sign'),
        ('order grant --sign ca.pem', 'ca.pem is a certificate, not a private key', 'signet cert show'), ('order grant --sign other.pem --uses 3 order.yaml', "order.yaml is a work order, not a file of a TPM's key", 'its ledger'),
        ('run station.key', 'station.key is binary data, not a work order', 'that is meant'), ('run order.yaml.sig', 'order.yaml.sig is a signed note, not a work order', 'name what it is about'),
        ('packet make -c station.key.sign', 'station.key.sign is a signing key, not a configuration', 'checkpoints'), ('authority grant order.yaml g', 'g is a signed note', 'name what it is about'),
        ('ledger backup one.db no/b.db', "cannot write 'no/b.db': there is no folder 'no'", 'make the folder'), ('ledger archive one.db no/b.db one', "cannot write 'no/b.db': there is no folder 'no'", 'make the folder'),
        ('packet show p64', 'p64 is bytes in base64, not a packet', 'base64 -d p64'), ('packet check p64', 'p64 is bytes in base64', 'base64 -d p64'),
        ('object import empty_folder', "'empty_folder' has no definition of an object", 'NAME.xml'), ('packet check --objects empty_folder cfg', "'empty_folder' has no definition", 'NAME.xml')):
    add(line, line, said, do, g=NOTE, order__yaml__sig=NOTE, p64='gqUhYi8wIgwhYi8wIgwhYi8wIgwhYi8wIgwhYi8wIgwh\n', empty_folder=None)
config('a resource of the wrong object', GOOD.replace('RID.Server.Lifetime', 'RID.Security.Lifetime'), "cfg:3:61: unknown name 'RID.Security.Lifetime'", '^', 'did you mean RID.Server.Lifetime?')
config('a resource of no object', GOOD.replace('RID.Server.Lifetime', 'RID.Lifetime'), "cfg:3:52: unknown name 'RID.Lifetime'", '^', 'did you mean RID.Server.Lifetime?')
PAGE = 'page one.db --listen 127.0.0.1:0 --page-cert '
add('a configuration for a certificate of a page', PAGE + 'cfg --page-key key.pem', 'cfg is a configuration, not a certificate', 'signet packet make')
add('a key of another certificate', PAGE + 'ca.pem --page-key other.pem', 'other.pem, ca.pem: the private key does not belong', 'signet cert show')
server('nobody to register at', SERVER, 'server.json:1:28: https://127.0.0.1:1: the connection was refused', '^', 'url and port', line='register -s server.json -e x -c cfg --attempts 1')
for fault in ('slow=abc', 'html=3', 'drop*x', '429=-1'):
    add(f'a fault {fault}', f'sim server -m {fault}', 'has no number', 'such as latency=200', code=2)
add('a certificate that is bad by no word', 'sim server -m bad-tls=x', "not bad by 'x'", 'expired', code=2)
# more of what people type
for line, said, do in (
        ('packet make -c @ -o out', '--config is empty', 'variable of the shell unset'), ('run @', 'ORDER.yaml is empty', 'variable of the shell unset'), ('run --operator @ order.yaml', '--operator is empty', 'variable of the shell unset'),
        ('ledger show one.db @', 'ENDPOINT is empty', 'variable of the shell unset'), ('smp info -p x --baud 115.2k', "--baud: '115.2k' is not a number", 'from 50 to 20000000, in digits alone'),
        ('order.yaml', "'order.yaml' is a file, and no command", 'signet run order.yaml'), ('cfg', "'cfg' is a file, and no command", 'signet packet make -c cfg'), ('run --json=yes order.yaml', '--json takes no value', '--help'),
        ('show packet', "there is no command 'show'", "'packet show'"), ('verify one.db', "there is no command 'verify'", "'ledger verify'"), ('packet convert cfg', "verb of 'packet' called 'convert'", 'there are make, show, check'),
        ('register -s server.json -e x --find --remove', '--find and --remove', 'one of the two')):
    add(line, line, said, 'hint: ', do, code=2)
for path, what in (('main.c', 'no packet'), ('sealed.pem', 'an encrypted private key'), ('csr.pem', 'a certificate request'), ('gz', 'compressed (gzip)')):
    add(f'a packet over {path}', f'packet make -c cfg -o {path}', f"will not write over '{path}': it is {what}", 'name another file', main__c='int main(void) { return 0; }\n')
add('a proof in clear of a PSK', 'prove packet --uri coap://127.0.0.1:1 -e x', 'mode psk, which coap:// does not go with', 'write coaps://')
add('an endpoint without a name', 'server check server.json --token-file order.yaml', 'order.yaml: the access token holds blanks', 'was another file given?')
config('a mode that is none', GOOD.replace('Mode: 0', 'Mode: 7'), 'cfg:2:2: RID.Security.Mode (/0/1/2) must be 0 to 4, not 7', '^', '0 is psk, 1 rpk, 2 cert, 3 nosec, 4 est')
config('a brace too few', GOOD.replace('{1: {RID.Security', '{RID.Security', 1), 'this stands after the end', '^', 'is a } too many before it')
config('a blank in a URI', GOOD.replace("0.0.1:5684'", "0.0.1:5684 '"), 'cfg:1:21: RID.Security.ServerURI (/0/1/0) has a character at place 23', '^', 'take the blank')
server('no braces', '"kind": "leshan"', 'server.json:1:1: this must be a JSON object', '^', 'put all into braces')
for key, home in (('manifest', "'names': names: {manifest: ...}"), ('recipe', "'board': board: {recipe: ...}"), ('cert_info', "'credentials': credentials: {cert_info: ...}"), ('port', "'slots': slots: [{port: ...}]")):
    order(f'{key} at the top', 'quota: 3', f'quota: 3\n{key}: x', f"two.yaml:3:1: unknown key '{key}'", '^', f'it is a key of {home}')
for given, meant in (('retry', "did you mean 'retries'?"), ('stop_after', 'known: stop_after_refusals, stop_after_failures')):
    order(f'half of a key: {given}', 'quota: 3', f'quota: 3\n{given}: 1', f"two.yaml:3:1: unknown key '{given}'", '^', meant)
order('seal_to alone', 'slots:', 'seal_to: [ca.pem]\nslots:', "two.yaml:7:1: 'seal_to' goes with an 'output' or an export", '^', 'output: {packets:', base=BOARD.replace('export', 'server'))
order('a file of events in no folder', 'slots:', 'notify: [{name: a, file: no/x.json}]\nslots:', "cannot write 'no/x.json': there is no folder 'no'", '^', 'make the folder', base=BOARD)
later('a certificate for an authority', 'authority: ca.pem', 'two.yaml:6:1: authority: ca.pem is a certificate, not the file of an authority', '^', 'it is YAML')
for name, old, new, *answer in (
        ('a port without its folder', '{port: x}', '{port: ttyACM0}', "two.yaml:7:16: slot 1: 'ttyACM0' is not there: ports are in /dev, such as /dev/ttyACM0", 'signet board list'),
        ('a port with a blank', '{port: x}', '{port: "/dev/ttyACM0 "}', "two.yaml:7:16: 'port' ends with a blank", 'take the blank out'),
        ('a speed of nothing', 'packet_path: /x', 'packet_path: /x, baud: 0', "two.yaml:6:65: 'baud' is from 50 to", 'between the two'),
        ('slots as a number', '[{port: x}]', '4', "two.yaml:7:8: 'slots' takes a list", 'into brackets'),
        ('slots as words', '[{port: x}]', '[/dev/ttyACM0]', 'two.yaml:7:9: here go keys and values in braces', 'such as {port: /dev/ttyACM0}; its keys are port'),
        ('a server as a word', '[{file: export.json}]', '[export.json]', 'two.yaml:8:11: here go keys and values in braces', 'such as {file: server.json}; its keys are file, name')):
    order(name, old, new, *answer, '^', base=BOARD)
for name, old, new, *answer in (
        ('a quota below what is made', 'quota: 3', 'quota: 2', "two.yaml:2:1: 3 devices of order one are begun, and its 'quota' here is 2", 'at least what is begun'),
        ('other names in an order that is begun', 'x-{', 'y-{', "two.yaml:1:7: order 'one' was started with another order or other files of it", 'give the new order another name')):
    add(name, 'run two.yaml', *answer, '^', two__yaml=ORDER.replace(old, new))
add('an output that is there', 'run --dry-run two.yaml', "two.yaml:6:19: 'one.ndjson' is there already", '^', 'move it away', two__yaml=TWO.replace('two.ndjson', 'one.ndjson'))
add('an export of no order', 'ledger export --order oen one.db', 'the ledger has no order oen', 'did you mean one?')
add('a state that is none', 'ledger list --state made one.db', "there is no state 'made': reserved, keyed, writing", '--help', code=2)
# more kinds: words that belong together, texts of several lines, tables that programs make, simulators, signatures
order('half of a key with two ends', 'output:', 'credentials: {psk_len: 32}\noutput:', "two.yaml:6:15: unknown key 'psk_len'", '^', 'known: psk_bytes, psk_hex')
order('a text of several lines', 'name: two', 'name: |\n  two', "two.yaml:1:7: 'name' is a text of several lines", '^', 'in one line, without | or >')
order('a blank of a word processor', 'quota: 3', 'quota:\u00a03', 'two.yaml:2:7: a no-break space', '^', 'write a blank')
order('a number that is too large', 'quota: 3', 'quota: 99999999999999999999', "two.yaml:2:8: 'quota' is from 1 to 1000000000, not 99999999999999999999", '^', 'between the two')
order('a path that is nothing', 'packets: two.ndjson', 'packets', "two.yaml:6:17: 'packets' is empty", '^', '"name: value"')
later('an operator of no name', 'operator: ""', "two.yaml:6:11: 'operator' is empty", '^', 'or leave the key out')
table('a table of HTML', '<table><tr><td>endpoint</td></tr></table>', 'two.yaml:5:19: devices.csv is a web page (HTML), not a manifest in CSV', '^', 'download the file itself')
table('a title above the header', 'Devices of week 48\nendpoint\nurn:a1\n', "devices.csv has no column 'endpoint'", '^', 'the first row names the columns')
table('a column twice', 'endpoint,endpoint\na,b\n', 'devices.csv:1:10: column 2 has the name of another column', '^', 'each by a name of its own')
table('a number that a spreadsheet shortened', 'endpoint\n3.5E+14\nb\nc\n', "devices.csv:2:1: endpoint '3.5E+14'", '^', 'give its column the format text')
for line, said, do in (
        ('dry-run order.yaml', "there is no command 'dry-run'", "'run --dry-run'"), ('sim scanner --misbehave ok,foo', "a scanner does not read as 'foo'", 'such as german'),
        ('sim printer pr --misbehave paper=x', "'paper=x' is no misbehaviour of a printer", 'paper=N'), ('sim board --misbehave restart=x', "misbehaviour restart: 'x' is no value", 'a number'),
        ('report one.db --since 2026-02-30', "'2026-02-30' is no time such as", '--help'), ('page one.db --listen 127.0.0.1:0 --page-cert ca.pem', 'a certificate of the page needs its key', '--page-key FILE')):
    add(line, line, said, do, code=2)
for line, said, do in (
        ('sim scanner --link order.yaml', 'order.yaml is there and is no link', 'move away what is there'), ('report one.db --order oen', 'the ledger has no order oen', 'did you mean one?'),
        ('ledger rework one.db --order oen', 'the ledger has no order oen', 'did you mean one?')):
    add(line, line, said, do)
VKEY = 'a+00000000+AAAA'
add('no signature of an owner', f'order verify --vkey {VKEY} order.yaml', 'order.yaml.sig: this is no signature of an owner', 'signet order sign', order__yaml__sig='x')
add('an order in another folder than its output', 'run --dry-run order.yaml', "order.yaml:6:19: 'one.ndjson' is there already, and this order wrote to '", '^', 'was its folder moved?')
for line, said, do in (
        ('ledger import --site a/b one.db one.db', "'a/b' is no name of a site", 'such as: plant-2'), ('ledger verify --unsigned x one.db', '--unsigned goes with --vkey', '--help')):
    add(line, line, said, do, code=2)
add('a ledger to import into that is not there', 'ledger import on.db one.db', 'on.db: there is no such ledger', '--new makes it')
later('an event that is none', 'notify: [{file: e.ndjson, events: [foo]}]', "two.yaml:6:36: 'events' has an unknown event 'foo'", '^', 'known: order, begin')
