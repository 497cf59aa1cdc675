#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""signet object import|list|show; definitions in configurations, orders and beside packets; secrets of all objects, and
private keys in the wrong place, in no form that packet show has."""
import base64, json, os, random, subprocess, sys, tempfile

BUILD = os.environ['SIGNET_BUILD']
ACCOUNT = '''    OID.Security: {0: {RID.Security.ServerURI: 'coap://127.0.0.1', RID.Security.Bootstrap: False, RID.Security.Mode: 3,
                       RID.Security.ShortServerID: 1}},
    OID.Server: {0: {RID.Server.ShortServerID: 1, RID.Server.Lifetime: 60, RID.Server.NotificationStoring: False,
                     RID.Server.Binding: 'U'}},
'''
FORMS = 'table', 'json', 'cfg', 'cbor-diag'
os.chdir(tempfile.mkdtemp())


def check(good, what):
    if not good:
        sys.exit(f'not so: {what}')


def signet(*args, code=0, **options):
    done = subprocess.run([f'{BUILD}/signet', *args], capture_output=True, timeout=60, **options)
    text = (done.stdout + done.stderr).decode()
    check(done.returncode == code, f'{args}: exit {done.returncode}: {text}')
    return done.stdout.decode() if '--reveal' in args else text


def item(rid, name, kind, operations='RW', instances='Single', mandatory='Optional', values=''):
    return (f'<Item ID="{rid}"><Name>{name}</Name><Operations>{operations}</Operations><MultipleInstances>{instances}'
            f'</MultipleInstances><Mandatory>{mandatory}</Mandatory><Type>{kind}</Type><RangeEnumeration>{values}'
            '</RangeEnumeration><Units></Units><Description><![CDATA[<b>]]></Description></Item>\r\n')


def definition(oid, name, items, version='1.0', instances='Multiple'):
    return ('\ufeff<?xml version="1.0" encoding="UTF-8"?>\r\n<LWM2M>\r\n<Object ObjectType="MODefinition">\r\n'
            f'<Name>{name}</Name><ObjectID>{oid}</ObjectID><LWM2MVersion></LWM2MVersion><ObjectVersion>{version}'
            f'</ObjectVersion><MultipleInstances>{instances}</MultipleInstances><Mandatory>Optional</Mandatory>'
            f'<Resources>\r\n{"".join(items)}</Resources></Object></LWM2M>\r\n')


def write(path, text):
    with open(path, 'wb') as f:
        f.write(text.encode() if isinstance(text, str) else text)


def read(path):
    with open(path, 'rb') as f:
        return f.read()


os.makedirs('vendor/more')
write('vendor/pump.xml', definition(33700, 'Pump Control', [
    item(0, 'Speed limit', 'Unsigned Integer', mandatory='Mandatory', values='0..65535'),
    item(1, 'Zone', 'String', instances='Multiple', values='1-8 bytes'), item(2, 'Zone', 'Float', 'R'),
    item(3, 'Access Token', 'Opaque', 'W'), item(4, 'Stop', '', 'E'), item(5, 'Wi-Fi password', 'String'),
    item(6, 'Level', 'Float', values='0.5..1.5')]))
write('vendor/more/valve.xml', definition(33701, 'Valve', [item(0, 'Open', 'Boolean')], instances='Single'))
write('vendor/units.xml', '<units><unit/></units>')
write('vendor/README', 'no XML')

# import: each file with its object or its reason
text = signet('object', 'import', 'vendor')
check('vendor/pump.xml: object 33700, version 1.0, OID.PumpControl, 7 resources -> objects/33700-1_0.xml' in text, text)
check('passed over: vendor/units.xml:1:1: the document is <units>' in text, text)
check('2 objects, 0 refused, 1 passed over' in text, text)
check(sorted(os.listdir('objects')) == ['33700-1_0.xml', '33701-1_0.xml'], os.listdir('objects'))
check(read('objects/33700-1_0.xml') == read('vendor/pump.xml'), 'a copy, byte for byte')
check(signet('object', 'import', 'vendor') == text, 'again is the same')
rows = [json.loads(line) for line in signet('object', 'import', '--json', '--dry-run', 'vendor/pump.xml').splitlines()]
check(rows[0] == {'event': 'object', 'file': 'vendor/pump.xml', 'object': 33700, 'version': '1.0', 'name': 'PumpControl',
                  'resources': 7}, rows)
check(rows[1] == {'event': 'imported', 'objects': 1, 'refused': 0, 'passed_over': 0}, rows)
signet('object', 'import', '-o', 'no/such/folder', 'vendor', code=1)
signet('object', 'import', 'nothing.xml', code=1)
signet('object', 'import', code=2)

# what is refused, and the others still are taken
write('vendor/more/bomb.xml', '<!DOCTYPE LWM2M [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><LWM2M>&b;</LWM2M>')
write('vendor/more/cut.xml', definition(33702, 'Cut', [])[:-20])
text = signet('object', 'import', '--dry-run', 'vendor', code=3)
check('refused: vendor/more/bomb.xml:1:17: a DOCTYPE is not taken' in text, text)
check('refused: vendor/more/cut.xml:5:1: the file ends in the middle of this' in text, text)
check('2 objects, 2 refused, 1 passed over' in text, text)
text = signet('object', 'import', '--json', 'vendor/units.xml', code=1)  # a file that was named must have one
check(json.loads(text.splitlines()[0])['code'] == 'unsupported', text)
text = signet('packet', 'check', '--objects', 'vendor', '/dev/null', code=1)
check('vendor/more/bomb.xml:1:17: a DOCTYPE' in text, text)
os.remove('vendor/more/bomb.xml')
os.remove('vendor/more/cut.xml')
write('vendor/more/other.xml', definition(33701, 'Valve', [item(0, 'Shut', 'Boolean')], instances='Single'))
text = signet('object', 'list', '--objects', 'vendor', code=1)
check('object 33701, version 1.0, is not the same in' in text, text)
write('vendor/more/other.xml', definition(33701, 'Valve', [item(0, 'Shut', 'Boolean')], '1.1', 'Single'))
text = signet('object', 'show', 'Valve', '--objects', 'vendor')
check('version 1.1' in text and 'Shut' in text, f'the newest version: {text}')
os.remove('vendor/more/other.xml')

# list and show
text = signet('object', 'list')
check('    0  1.2  Security' in text and 'PumpControl' not in text, text)
check('33700  1.0  PumpControl' in signet('object', 'list', '--objects', 'objects'), 'imported objects are listed')
text = signet('object', 'show', '23')
check('OID.COSE: object 23, version 1.0, LwM2M 1.2' in text and 'Key ' in text and 'secret' in text, text)
rows = [json.loads(line) for line in signet('object', 'show', '--json', '--objects', 'objects', '33700').splitlines()]
check(rows[0]['name'] == 'PumpControl' and rows[0]['multiple'], rows[0])
check([row['name'] for row in rows[1:]] == ['SpeedLimit', 'Zone_1', 'Zone_2', 'AccessToken', 'Stop', 'WiFiPassword', 'Level'],
      rows)
check([row['resource'] for row in rows[1:] if row['secret']] == [3, 5], rows)
check(rows[1] == {'event': 'resource', 'resource': 0, 'name': 'SpeedLimit', 'type': 'unsigned', 'operations': 'RW',
                  'multiple': False, 'mandatory': True, 'secret': False, 'lwm2m': 10, 'range': '0..65535'}, rows[1])
check('there is no object' in signet('object', 'show', 'Nothing', code=1), 'an unknown object')

# a configuration names its definitions
PUMP = '''RID.PumpControl.SpeedLimit: 1450, RID.PumpControl.Zone_1: {0: 'north'},
    RID.PumpControl.AccessToken: b'tok-4711-tok', RID.PumpControl.WiFiPassword: 'open-sesame-9', 6: 1.25'''
os.mkdir('line')


def config(pump=PUMP, objects="'objects': '../objects',", more=''):
    write('line/cfg', '{' + objects + '\n' + ACCOUNT + f'    OID.PumpControl: {{0: {{{pump}}}}},\n{more}}}')


def refused(what, *args, code=1):
    text = signet('packet', 'make', '-c', 'line/cfg', '-o', 'refused', *args, code=code)
    check(what in text, f'wanted "{what}": {text}')


config()
signet('packet', 'make', '-c', 'line/cfg', '-o', 'p1')
check('good: 13 records, 0 that a device would refuse, 0 suspicious' in signet('packet', 'check', 'line/cfg'), 'a good one')
config(objects="'objects': {0: '../vendor/pump.xml', 1: '" + os.path.abspath('vendor/more') + "'},",
       more='OID.Valve: {0: {RID.Valve.Open: True}}')
signet('packet', 'make', '-c', 'line/cfg', '-o', 'p2')
config(objects='')
refused('unknown name')
signet('packet', 'make', '-c', 'line/cfg', '-o', 'p3', '--objects', 'vendor')
check(read('p3') == read('p1'), 'by an option')
check('good' in signet('packet', 'check', '-', '--objects', 'objects', input=read('line/cfg')), 'from standard input')
config()
check("'objects' is read in files only" in signet('packet', 'check', '-', code=1, input=read('line/cfg')), 'no folder')
for objects, what in ((7, 'a path should stand here'), ("''", 'this is no path'), ("'a\\0b'", 'this is no path'),
                      ("'../nowhere'", "cannot open 'line/../nowhere'"), ("{0: 1}", 'a path should stand here'),
                      ("'../vendor/units.xml'", 'the document is <units>'), ({i: f'../none/{i}' for i in range(64)}, "cannot open 'line/../none/0'"),
                      ({i: f'../none/{i}' for i in range(65)}, 'more than 64 paths')):
    config(objects=f"'objects': {objects},")
    refused(what)
config("'objects': 1", objects='')
refused('unknown name')

# checked like the core's
for pump, what in ((PUMP.replace('1450', '70000'), 'must be 0 to 65535, not 70000'), (PUMP.replace('1450', "'fast'"), 'must be an unsigned'),
                   (PUMP.replace("{0: 'north'}", "'north'"), 'has resource instances'),
                   (PUMP.replace('north', 'north-west'), 'must have 1 to 8 bytes, not 10'),
                   (PUMP.replace('1.25', '1.75'), 'must be 0.5 to 1.5, not 1.75'), (PUMP + ', RID.PumpControl.Stop: 1', 'is executable'),
                   (PUMP + ', 9: 1', 'is not a resource of OID.PumpControl'),
                   (PUMP + ', RID.PumpControl.Zone: 1', "unknown name 'RID.PumpControl.Zone'")):
    config(pump)
    refused(what)
config(more='OID.PumpControl + 1: {3: {0: True}}', objects="'objects': '../vendor',")
refused('instance 3 of an object that has one instance only')
config('RID.PumpControl.Zone_2: 1.5', objects="'objects': '../vendor',")
text = signet('packet', 'make', '-c', 'line/cfg', '-o', 'p4')
check('RID.PumpControl.Zone_2 (/33700/0/2) is read-only for servers' in text, text)
check('RID.PumpControl.SpeedLimit (/33700/0/0) is missing, and mandatory' in text, text)

# shown with names, and without secrets
table = signet('packet', 'show', '--objects', 'objects', 'p1')
check('PumpControl SpeedLimit' in table, table)
for form in FORMS:
    shown = signet('packet', 'show', '--format', form, '--objects', 'objects', 'p1')
    check('sesame' not in shown and 'tok-4711' not in shown and '746f6b2d' not in shown and 'dG9rLTQ3MTEt' not in shown, shown)
write('cfg5', signet('packet', 'show', '--format', 'cfg', '--reveal', '--objects', 'objects', 'p1'))
check('RID.PumpControl.WiFiPassword' in read('cfg5').decode(), read('cfg5'))
signet('packet', 'make', '-c', 'cfg5', '-o', 'p5', '--objects', 'objects')
check(read('p5') == read('p1'), 'byte for byte')

# what came with LwM2M 1.2 is told of; a resource without a type takes any
write('cfg', '{' + ACCOUNT.replace('RID.Server.Lifetime', '26: 1, RID.Server.Lifetime') + '}')
text = signet('packet', 'check', '--device', 'wakaama', 'cfg')
check('(/1/0/26) is of LwM2M 1.2, which clients of 1.0 and 1.1 do not have' in text, text)
write('any.xml', definition(33703, 'Any', [item(0, 'Thing', ''), item(1, 'Name', 'String')]))
check('resource 0 has no type: any value is taken' in signet('object', 'import', '-n', 'any.xml'), 'a note')
write('cfg', "{'objects': 'any.xml', OID.Any: {0: {RID.Any.Thing: b'x', RID.Any.Name: 'n'}, 1: {0: 1.5}}}")
check('good: 3 records, 0 that a device would refuse' in signet('packet', 'check', 'cfg'), 'any value')

# an order has them
write('order.yaml', '''name: o
quota: 1
template: line/cfg
objects: [vendor/pump.xml, vendor/more]
ledger: l.db
names: {pattern: "urn:dev:os:{serial}"}
output: {packets: out.ndjson}
''')
config(objects='')
signet('run', '--dry-run', 'order.yaml')
config(PUMP.replace("b'tok-4711-tok'", "b'{serial:text}'"), objects='')
signet('run', 'order.yaml')
packet = base64.b64decode(json.loads(read('out.ndjson'))['packet'])
write('p6', packet)
check('PumpControl AccessToken' in signet('packet', 'show', '--objects', 'vendor', 'p6'), 'the packet of an order')
write('order.yaml', read('order.yaml').decode().replace('[vendor/pump.xml, vendor/more]', str(['a.xml'] * 17)))
check('more than 16 objects' in signet('run', '--dry-run', 'order.yaml', code=1), 'too many paths')
write('order.yaml', read('order.yaml').decode().replace(str(['a.xml'] * 17), 'nowhere'))
check("cannot open 'nowhere'" in signet('run', '--dry-run', 'order.yaml', code=1), 'no definitions')

# every resource of the core table that can be written, there and back
random.seed(11)


def value(row):
    bounds = row.get('range', '').split(',')[-1].split('..')
    most = bounds[-1]
    if row['type'] in ('string', 'corelnk', 'opaque'):
        text = (f'{random.randrange(10**9):09}-S3' * 30)[:int(most) if most else 20]
        return (text, repr(text)) if row['type'] != 'opaque' else (text.encode(), repr(text.encode()))
    words = {'boolean': 'True', 'objlnk': 'Objlink(5, 65535)', 'float': '0.1'}
    return None, words.get(row['type'], most or '77')


found = 0
for line in signet('object', 'list', '--json').splitlines():
    oid = json.loads(line)['object']
    head, *rows = [json.loads(x) for x in signet('object', 'show', '--json', str(oid)).splitlines()]
    body, secrets = '', []
    for row in rows:
        if row['operations'] in ('E', 'R'):
            continue
        secret, text = value(row)
        if row['secret']:
            secrets.append(secret if isinstance(secret, bytes) else str(secret).encode())
        body += f'RID.{head["name"]}.{row["name"]}: ' + (f'{{0: {text}, 65534: {text}}}' if row['multiple'] else text) + ',\n'
        found += 1
    if not body:
        continue
    write('cfg', f'{{OID.{head["name"]}: {{0: {{{body}}}}}}}')
    signet('packet', 'make', '--no-check', '-c', 'cfg', '-o', 'one')
    write('cfg', signet('packet', 'show', '--format', 'cfg', '--reveal', 'one'))
    signet('packet', 'make', '--no-check', '-c', 'cfg', '-o', 'two')
    check(read('one') == read('two'), f'object {oid}: byte for byte')
    for form in FORMS:
        shown = signet('packet', 'show', '--format', form, 'one').encode()
        for secret in secrets:
            for spelt in (secret, secret.hex().encode(), base64.urlsafe_b64encode(secret).rstrip(b'=')):
                check(spelt not in shown, f'{form} of object {oid} has {spelt}')
check(found >= 250, f'only {found} resources')

# secrets of registered objects that the core table does not have
write('cfg', "{504: {0: {17: 'conf-12345'}}, 3405: {0: {5: b'group-12345'}}, 3412: {0: {9: {0: 'cast-12345'}}}, 3447: {0: {28: {0: "
      "b'mesh-12345'}}}, 18830: {0: {5: b'pass-12345', 9: b'keys-12345'}}}")
signet('packet', 'make', '-c', 'cfg', '-o', 'one')
for form in FORMS:
    shown = signet('packet', 'show', '--format', form, 'one')
    check('-12345' not in shown and '2d3132333435' not in shown and 'LTEyMzQ1' not in shown, shown)

# a private key in the wrong slot, in any form
subprocess.run(['openssl', 'genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', 'k.pem'], check=True,
               capture_output=True)
pem = read('k.pem')
for options in ([], ['-topk8', '-nocrypt'], ['-topk8', '-passout', 'pass:x']):
    tool = ['pkcs8', *options] if options else ['ec']
    der = subprocess.run(['openssl', *tool, '-in', 'k.pem', '-outform', 'DER'], check=True, capture_output=True).stdout
    for key in (der, pem, base64.b64encode(der), der.hex().encode(), b'-----BEGIN CERTIFICATE-----\n' + pem):
        write('cfg', f"{{0: {{0: {{0: 'coaps://h', 2: 2, 3: {key!r}, 4: {key!r}, 10: 1}}}}, 9999: {{0: {{0: {key!r}}}}}}}")
        signet('packet', 'make', '--no-check', '-c', 'cfg', '-o', 'one')
        middle = key[40:80]
        for form in FORMS:
            shown = signet('packet', 'show', '--format', form, 'one').encode()
            for spelt in (middle, middle.hex().encode(), base64.urlsafe_b64encode(key)[56:100]):
                check(spelt not in shown, f'{form}: {spelt} of {key[:30]}')
        for words in (('packet', 'check', 'one'), ('packet', 'make', '-c', 'cfg', '-o', 'x'), ('packet', 'check', 'cfg')):
            done = subprocess.run([f'{BUILD}/signet', *words], capture_output=True, timeout=60)
            for spelt in (middle, middle.hex().encode()):
                check(spelt not in done.stdout + done.stderr, f'{words}: {done.stderr}')
