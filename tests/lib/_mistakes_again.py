# SPDX-License-Identifier: Apache-2.0
"""More of _mistakes: fresh batches of all areas, a kind behind each short answer."""
from _mistakes import BOARD, CONFIG, GOOD, TABLE, TWO, ZPL, add, config, later, order, server, table
from _mistakes_neighbours import right

# words in place of nouns and verbs
for line, said, do in (
        ('ledger SIGNET_TOKEN=hunter2 list one.db', "'SIGNET_TOKEN=' stands where a word", 'before the program: SIGNET_TOKEN=...'), ('ledger report one.db', "no verb of 'ledger' called 'report'", 'signet report'),
        ('get devices', "no command 'get'", "'ledger list'"), ('cert verify ca.pem', "called 'verify'", "'cert show'"), ('packet.make -c cfg', "no command 'packet.make'", "'packet make'"),
        ('packet packet show', "'packet' stands here twice", 'take one of the two out'), ('smp settings -p x get a/b', "has no 'get'; did you mean 'read'?", 'read NAME'),
        ('ledger rework order.yaml', 'order.yaml is a work order, not a ledger', 'its ledger is one.db'), ('ledger list one.db --state done,failed', "'done,failed' has several", '--help'),
        ('run order.yaml --dry-run=true', '--dry-run takes no value: write it alone', '--help'), ('ledger list \u201cone.db\u201d', 'has a curly quote', 'no quote'),
        ('cert sign --issuer ca.pem csr.pem', 'there is no option --issuer', 'did you mean --authority?')):
    add(line, line, said, do, code=2)
for line, said, do in (
        ('prove packet --host 127.0.0.1', 'there is no option --host', '--uri coaps://HOST:PORT'), ('ledger list --failed one.db', 'there is no option --failed', 'such as --state failed'),
        ('smp info -p tcp 127.0.0.1:1', 'one argument too many', '--port tcp:127.0.0.1:1'), ('provision -c cfg --recipe smp-file -p /dev/ttyACM9', "-p is --server-cert here, and '/dev/ttyACM9' a port", 'did you mean --port?'),
        ('cert fetch ca.pem', "'ca.pem' is not HOST:PORT", 'signet cert show FILE'), ('report --daily one.db', 'there is no option --daily', '--by WORD')):
    add(line, line, said, do, code=2)
for line, said, do in (
        ('ledger show one.db x-001', 'the ledger has no device x-001', 'did you mean urn:dev:os:x-001?'), ('ledger void -r x one.db URN:DEV:OS:X-001', 'the ledger has no device URN', 'did you mean urn:dev:os:x-001?'),
        ('ledger show one.db one', 'the ledger has no device one', 'it is an order'), ('ledger list damaged.db', 'damaged.db', 'put back the last copy'), ('ledger list key.der', 'key.der', 'the file that was meant')):
    add(line, line, said, do, key__der=b'\x01\x02' * 3000)
# paths that are none
for line, said, do in (
        ('run order.yaml␣two.yaml', "cannot open 'order.yaml two.yaml'", 'several are words of their own'), ('packet show file:///packet', "cannot open 'file:///packet'", 'without file://'),
        ('ledger list *.db', '*.db: there is no such ledger', 'a shell fills * in'), ('run order.yaml #␣dry', "cannot open '# dry'", 'begins no comment'), ('smp info -p COM3', 'COM3: cannot open the port', '/dev/ttyUSB0')):
    add(line, line, said, do)
for name in 'lifetime', 'Server.Lifetime', '/1/0/1':
    add(f'a resource for an object: {name}', f'object show {name}', f"there is no object '{name}'", 'it is in object 1: signet object show 1')
# values of nothing, and those that a message cuts
order('a serial number of nothing', '{port: x}', '{serial: ""}', "two.yaml:7:18: 'serial' is empty", '^', 'leave the key out', base=BOARD)
order('a pattern that is too long', 'urn:dev:os:x-{serial:03}', 'u' * 300 + '{serial}', 'two.yaml:5:19: names ', '^', 'at most 150 characters')
order('half a key of several', 'packet_path: /x', 'packet_path: /x, timeout: 30', "two.yaml:6:59: unknown key 'timeout'", '^', 'known: flasher_timeout_ms, smp_timeout_ms', base=BOARD)
server('a port in hex digits', '{"kind": "leshan", "url": "https://127.0.0.1:1", "port": 0x10}', 'server.json:1:58: this is no number', '^', 'such as 16 for 0x10')
right('names that differ in case', 'run --dry-run two.yaml', "devices.csv:3:1: the endpoint 'urn:a1' differs from that of line 2 in case alone", two__yaml=TABLE, devices__csv='endpoint\nurn:A1\nurn:a1\nurn:a3\n')
# definitions of objects: the field itself
XML = ('<LWM2M>\n<Object ObjectType="MODefinition"><Name>Acme</Name>\n<ObjectID>33700</ObjectID><MultipleInstances>Single</MultipleInstances>\n<Resources><Item ID="0"><Name>Rate</Name>'
       '<Operations>RW</Operations>\n<MultipleInstances>Single</MultipleInstances>\n<Type>Integer</Type></Item></Resources></Object></LWM2M>\n')
for old, new, *answer in (('33700', '70000', "o.xml:3:1: '70000' is no ObjectID", '0 to 65534'), ('Integer', 'int', "o.xml:6:1: resource 0: 'int' is no type", 'Unsigned Integer'),
                          ('RW', 'RX', "o.xml:4:42: resource 0: 'RX' are no operations", 'R, W, RW'), ('</Item>', '</Item>\n<Item ID="0"></Item>', 'o.xml:7:1: resource 0 stands twice', 'an ID of its own')):
    add(f'a definition with {new}', 'packet check --objects o.xml packet', *answer, '^', o__xml=XML.replace(old, new, 1))
right('a number of the core', 'object import -n o.xml', "o.xml: object 3 is OID.Device, and this definition calls it 'Acme'", 'a number of its own', o__xml=XML.replace('33700', '3'))
# variables of a shell in orders, values of a part, one text for several
order('a variable for a path', 'ledger: two.db', 'ledger: $LEDGER', "two.yaml:4:9: 'ledger' has a variable in it", '^', 'to a shell alone')
order('a list of the shell for a port', '{port: x}', '{port: "/dev/ttyACM{0..7}"}', "two.yaml:7:17: slot 1: '/dev/ttyACM{0..7}' has a { in it", '^', 'each port by itself', base=BOARD)
order('a dash without a blank', 'slots: [{port: x}]', 'slots:\n  -port: x', 'two.yaml:8:3: no blank stands behind the -', '^', 'write a blank', base=BOARD)
later('a mode in an order', 'credentials: {mode: psk}', "two.yaml:6:15: unknown key 'mode'", '^', "the configuration that 'template' names")
later('a format of no kind', 'notify: [{file: e.ndjson, format: CFX}]', "two.yaml:6:35: 'format' is json or cfx", '^', 'UnitsPersonalized')
for member, where, said, do in (('"url": null', 27, '"url" must be', 'leave the member out'), ('"url": ["https://a"]', 27, '"url" must be', 'one text'), ('"url": "https://127.0.0.1:1", "ca_file": "-----BEGIN CERTIFICATE-----"', 62, 'ca_file', 'its text does not stand here'),
                                ('"server": {"url": "https://a"}', 20, 'unknown member "server"', 'take the inner one out')):
    server(f'a member {member}', '{"kind": "leshan", ' + member + '}', f'server.json:1:{where}: ', said, '^', do)
# letters, keys of an order, files in place of lists of names
for line, said, do in (
        ('run -d order.yaml', 'there is no option -d', 'did you mean --dry-run?'), ('run --config cfg order.yaml', 'there is no option --config', 'template: FILE'), ('run order.yaml quota=5', "'quota=' stands before an argument", 'a key of the order'),
        ('station key rotate order.yaml --to passphrase:hunter2', "'passphrase' takes nothing behind a colon", 'credential:NAME'), 
        ('evidence order.yaml one.db', "'one.db' is one argument too many", 'leave it out'), ('object show 1 3', "'3' is one argument too many", 'one OBJECT at a time'), ('cert show --passphrase hunter2 sealed.pem', 'there is no option --passphrase', 'openssl pkey')):
    add(line, line, said, do, code=2)
for line, said, do in (('packet show 83a22100', "cannot open '83a22100'", 'write their bytes into one'), ('authority show root.pem', 'root.pem is a certificate, not the file of an authority', 'it is YAML')):
    add(line, line, said, do)
# trust, profiles, definitions, programmers
add('an authority at no port', 'authority check a.yaml', "a.yaml:2:1: the server's url has 'x' for a port", '^', '1 to 65535', code=2, a__yaml='kind: est\nurl: https://h:x/y\n')
server('a url with a word for a port', '{"kind": "leshan", "url": "https://h:port"}', "server.json:1:38: the server's url has 'port' for a port", '^', '1 to 65535')
server('a server that takes a token', '{"kind": "coiote", "url": "https://127.0.0.1:1", "domain": "/a/"}', 'server.json:1:11: coiote takes a token, and none is given', '^', '--token-file FILE')
for name, text, *answer in (('a stack with a slip', 'tls: {stack: mbedtsl}', "./p.yaml:3:14: 'stack' is called 'mbedtsl'", "'mbedtls'?"), ('a profile on a file', 'base: ./q.yaml', "'./q.yaml'", 'known: any')):
    later(name, 'device: ./p.yaml', *answer, '^', p__yaml='name: x\n' + ('base: any\n' if 'base' not in text else '\n') + text + '\n', q__yaml='name: q\n')
config('a key for definitions with a slip', "{'object': 'o.xml',\n" + GOOD[1:], 'cfg:1:2: object identifiers are whole numbers', '^', "'objects' names definitions")
for value, said in ('5', 'a path should stand here'), ('{0: "o.xml", 1: 5}', 'a path should stand here'), ("''", 'this is no path'):
    config(f'definitions in {value}', f"{{'objects': {value},\n" + GOOD[1:], 'cfg:1:', said, '^', "hint: write 'objects': 'FILE.xml'")
add('a definition without its number', 'packet check --objects o.xml packet', 'o.xml:2:1: the object has no ObjectID', '^', '<ObjectID>33700</ObjectID>', o__xml=XML.replace('ObjectID', 'ObjectId'))
add('a definition of a third multiplicity', 'packet check --objects o.xml packet', "o.xml:3:27: MultipleInstances is 'One'", '^', 'write Multiple or Single', o__xml=XML.replace('Single', 'One', 1))
order('an image without data', 'flasher: none', 'flasher: exec, flasher_command: /bin/true, initial: a.hex', 'two.yaml:6:', 'a.hex: an Intel HEX file without data', '^', 'copied whole', base=BOARD, a__hex=':00000001FF\n')
# words without a noun, formats and files as options, what an unknown option might be
for line, said, do in (
        ('check cfg', "no command 'check'", "'packet check'"), ('test server.json', "no command 'test'", "'server check'"), ('order new', "called 'new'", "'init'"), ('ledger export --csv one.db', 'there is no option --csv', '--format csv'),
        ('ledger export -o out.csv one.db', "-o is --order here, and 'out.csv' a file", 'add > FILE'), ('ledger list --sort time one.db', 'there is no option --sort', 'add | sort'), ('report --pdf one.db', 'there is no option --pdf', '--plot yield'),
        ('page --open one.db', 'there is no option --open', 'in a browser'), ('init a b', "'b' is one argument too many", 'one FOLDER at a time'), ('prove packet -o x.pcap', 'there is no option -o', 'there are --server, --allow-http'),
        ('wibble', "no command 'wibble'", 'there are init, provision')):
    add(line, line, said, do, code=2)
order('a long dash in a list', 'slots: [{port: x}]', 'slots:\n  – port: x', 'two.yaml:8:3: a long dash', '^', 'write a minus', base=BOARD)
order('a $ before a placeholder', '{serial:03}', '${serial}', "two.yaml:5:18: 'pattern' has a variable in it", '^', 'take the $ out')
# words twice, values of flags, signs of a shell, options with one dash
for line, said, do in (
        ('run run order.yaml', "'run' stands here twice", 'take one of the two out'), ('run -n 5 order.yaml', "--dry-run takes no value, and '5' stands behind it", '--help'), ('run --file order.yaml', 'there is no option --file', 'it is a word'),
        ('line pause order.yaml 1', "'1' is one argument too many", 'takes one slot out'), ('ledger void one.db x -r broken in test', "'in' is one argument too many", 'stands in quotes: --reason'), ('cert sign -days 365 csr.pem', 'there is no option -days', 'validity_days'),
        ('object list 3', "'3' is one argument too many", 'signet object show OBJECT'), ('packet show -in packet', 'there is no option -in', 'it is a word: signet packet show FILE')):
    add(line, line, said, do, code=2)
add('a sign of a shell', 'run order.yaml &', "cannot open '&'", 'without quotes')
order('a star for a port', '{port: x}', '{port: "dev/tty*"}', "'dev/tty*' has a * in it", '^', 'name each port by itself', base=BOARD)
add('a file for a name', 'register -s server.json -e devices.csv -c cfg --attempts 1', "'devices.csv' is called like a file", 'is it the name')
# nouns and verbs of other programs
for line, said, do in (
        ('packet upload packet', "verb of 'packet' called 'upload'", "'smp upload'"), ('order list one.db', "called 'list'", "'ledger stats'"), ('ca create', "no command 'ca'", "'authority create'"), ('authority new a.tpm', "called 'new'", "'authority create'"),
        ('server delete -e x server.json', "called 'delete'", "'register --remove'"), ('man run', "no command 'man'", "'help'"), ('report one.db one', "'one' is one argument too many", '--order one'), ('report --month 2026-11 one.db', 'there is no option --month', '--since TIME'),
        ('label print order.yaml x --printer tcp://h', 'there is no option --printer', 'the order names it')):
    add(line, line, said, do, code=2)
add('a part of a ledger', 'ledger list one.db-wal', 'one.db-wal: there is no such ledger', "without '-wal' and '-shm'")
order('slots that are none', 'slots: [{port: x}]', 'slots: []', "two.yaml:7:1: 'slots' has none", '^', 'slots: [', base=BOARD)
# texts of several words, colons of a url, names with a comma, braces that are missing
for line, said, do in (
        ('run --operator Anna Berg order.yaml', "'Berg' is no order that is there", 'stands in quotes'), ('run --resume order.yaml', 'there is no option --resume', 'goes on with what is left'), ('run --log x.log order.yaml', 'there is no option --log', '2> FILE'),
        ('ledger export one.db devices.csv', "'devices.csv' is one argument too many", 'add > FILE'), ('report --slot 1 one.db', 'there is no option --slot', '--by WORD')):
    add(line, line, said, do, code=2)
add('a name with a comma', 'ledger show one.db urn:dev:os:x-001,', 'the ledger has no device', 'did you mean urn:dev:os:x-001?')
add('a speed behind an at sign', 'smp info -p /dev/ttyUSB9@115200', 'cannot open the port', '--baud 115200')
for url in ('https://127.0.0.1:1:2', 'https://::1:8443'):
    server(f'a url {url}', '{"kind": "leshan", "url": "%s"}' % url, "server.json:1:21: the server's url has several colons", '^', 'in brackets')
server('a kind that is a number', '{"kind": 1}', 'server.json:1:10: "kind" must be', '^', 'in double quotes')
config('no brace at the beginning', GOOD[1:], 'cfg:1:13: this stands after the end', '^', 'begins with {')
config('a resource without its dot', GOOD.replace('RID.Server.L', 'RIDServer.L'), 'cfg:3:48: unknown name', '^', 'a dot stands behind RID')
# of the last batch
for line, said, do in (
        ('begin order.yaml', "no command 'begin'", "'run'"), ('run order.yaml -- --dry-run', "'--dry-run' stands behind --", 'before --'), ('run -- dry-run order.yaml', "'dry-run' is no order", 'did you mean --dry-run?'),
        ('ledger verify --since 2026-01-01 one.db', "takes the file of a checkpoint, and '2026-01-01' is a time", 'signet report --since')):
    add(line, line, said, do, code=2)
server('a login of another server', '{"kind": "leshan", "url": "https://127.0.0.1:1", "auth": "basic"}', "server.json:1:51: 'auth' has a word", '^', 'known: token, api-key')
add('a table for a definition', 'packet check --objects o.xml packet', 'o.xml:1:6: this is no XML', '^', 'begins with <LWM2M>', o__xml='33700;Rate\n')
order('a file for a folder of packets, in its place', 'two.ndjson', 'order.yaml/', 'two.yaml:6:19: cannot open the folder', '^', 'a file has the name of a folder')
order('a hub path with a letter', '{port: x}', '{hub: "1-4.x"}', "two.yaml:7:15: '1-4.x' is no hub path", '^', '1-4.2', base=BOARD)
for line, said, do in (('run --token-file token order.yaml', 'there is no option --token-file', 'a key of the order'), ('smp reset ttyUSB0', "'ttyUSB0' is one argument too many", '--port ttyUSB0')):
    add(line, line, said, do, code=2)
add('a device for an order', 'run order.yaml urn:dev:os:x-001', "cannot open 'urn:dev:os:x-001'", 'is the path right')
# what people write for keys, members and modes
for given, meant in (('Count', "did you mean 'quota'?"), ('configuration', "did you mean 'template'?"), ('psk-length', '{psk_bytes: 16}'), ('programmer', 'flasher: NAME'), ('outputDir', '{packets: packets/}')):
    order(f'{given} for a key', 'quota: 3', f'quota: 3\n{given}: 1', f"two.yaml:3:1: unknown key '{given}'", '^', meant)
order('a start of names', 'names: {', 'names: {start: 5, ', "two.yaml:5:9: unknown key 'start'", '^', "did you mean 'first'?")
order('a folder of an output', '{packets:', '{folder: x, packets:', "two.yaml:6:10: unknown key 'folder'", '^', "did you mean 'packets'?")
for given, meant in (('apiKey', 'secrets do not stand here'), ('base_url', 'did you mean "url"?'), ('TYPE', 'did you mean "kind"?')):
    server(f'{given} for a member', f'{{"{given}": "x"}}', f'server.json:1:2: unknown member "{given}"', '^', meant)
for given in ('NoSec', 'SecurityMode.X509'):
    config(f'{given} for a mode', GOOD.replace('Mode: 0', f'Mode: {given}').replace('Mode: 3', f'Mode: {given}'), 'unknown name', '^', '0 is psk')
order('an endpoint in bytes', 'template: template', 'template: cfg2', 'cfg2:2:55', '{endpoint}: bytes need an encoding', '^', '{endpoint:text}', cfg2=GOOD.replace("b'me'", "b'{endpoint}'"))
# what an argument is, against what its place wants: swapped, missing, too many, taken for a value
for line, said, do in (
        ('ledger void urn:dev:os:x-001 -r x', "LEDGER is missing before 'urn:dev:os:x-001'", 'signet ledger void LEDGER [ENDPOINT]'), ('ledger rework one.db urn:a urn:b', "'urn:b' is one argument too many", '--names FILE'),
        ('line slot off 1 order.yaml', "'off' stands where ORDER.yaml|FOLDER should", 'did you mean: signet line slot order.yaml 1 off'), ('line slot order.yaml off 1', "'1' stands where off|on should", 'order.yaml 1 off'),
        ('ledger vkey station.key.sign one.db', "'station.key.sign' stands where LEDGER should", 'signet ledger vkey one.db station.key.sign'), ('line scan 12 order.yaml', "'12' stands where", 'signet line scan order.yaml 12'),
        ('line retry 1', "'1' is no ORDER.yaml|FOLDER that is there", 'ORDER.yaml|FOLDER SLOT'), ('station key two.yaml', "show|rotate is missing before 'two.yaml'", 'show|rotate ORDER.yaml'), ('run --operator two.yaml', "'two.yaml' is taken for the value of --operator", 'ORDER.yaml'),
        ('board info 115200 /dev/ttyACM0', "'115200' is one argument too many", 'did you mean --baud 115200?'), ('ledger list one.db two.db', "'two.db' is one argument too many", 'one LEDGER at a time'), ('line operator order.yaml Anna Maria', "'Maria' is one argument too many", '"Anna Maria"'),
        ('authority check ca.pem key.pem', 'ca.pem is a certificate, not the file of an authority', 'chain: ca.pem'), ('provision two.yaml', "'two.yaml' is one argument too many", 'signet run two.yaml'), ('run two.yaml one.db', "'one.db' is a ledger, and no order", 'leave it out'),
        ('run -p /dev/ttyACM0 two.yaml', "'/dev/ttyACM0' is a port, and no order", 'slots: [{port: PATH}]'), ('run ./two.yaml two.yaml', "two orders are called 'two'", 'it is one file'), ('ledger verify one.db a.checkpoint', 'too many', '--since-checkpoint a.checkpoint'),
        # files behind another option, options that are needed, options of other verbs
        ('register -s server.json -e x -c packet', 'packet is a packet (SenML CBOR), not a configuration', 'did you mean --packet packet?'), ('register -s cfg -e x -c server.json', 'cfg is a configuration, not a JSON file', 'the values of --config and --server are swapped'),
        ('ledger witness order.yaml', 'order.yaml is a work order, not a signed note', 'signet ledger checkpoint'), ('order verify order.yaml ca.pem', 'too many', 'signet order verify --vkey VKEY ORDER.yaml'), ('label print order.yaml urn:a', '--reason TEXT is missing', 'The reason, for the record'),
        ('open key.pem -o cert', '--key FILE is missing', 'did you mean --key key.pem?'), ('server check -s server.json', 'no option -s', 'it is a word: signet server check FILE'), ('board list --port x', 'no option --port', 'signet board info PORT'), ('run -w5 two.yaml', '-w is --watch, which takes no value', 'hint: '),
        ('report --state done one.db', 'no option --state', 'there are --by'), ('ledger checkpoint one.db --since-checkpoint 2026-11-01', "'2026-11-01' is a time", 'signet report --since'),
        # words that are no verbs: slips of other programs' words, words of summaries, arguments and options; none of the contrary
        ('ledger histroy one.db x', "called 'histroy'", "did you mean 'ledger show'?"), ('ledgr list one.db', "no command 'ledgr'", "'ledger list'"), ('station rotate two.yaml', "called 'rotate'", "'station key rotate'"), ('reveal packet', "no command 'reveal'", "'packet show --reveal'"),
        ('x509 -in ca.pem -noout', "no command 'x509'", "'cert show'"), ('ledger unvoid one.db x', "called 'unvoid'", "'ledger rework'"), ('authority list', "called 'list'", "did you mean 'authority show'?"), ('line begin order.yaml', "called 'begin'", "did you mean 'run'?")):
    add(line, line, said, do, code=2)
add('a ledger that is to be made', 'ledger import --new new b.db', 'b.db: there is no such ledger', 'is the path right?')
for given, meant, base in (('authority: {cert: ca.pem}', "did you mean 'chain'?", TWO), ('authority: {chain: a, key: b, days: 9}', "'validity_days'", TWO), ('notify: [{mqtt: x}]', "did you mean 'url'?", TWO), ('notify: [{Secret: x}]', "did you mean 'key_file'?", TWO),
                           ('label: {zpl: x}', "did you mean 'template'?", BOARD), ('prove: {server: x}', "did you mean 'uri'?", TWO)):
    order(given, 'quota: 3', f'quota: 3\n{given}', 'two.yaml:3:', f"unknown key '{given.rsplit(': ', 1)[0].split('{')[-1].split(', ')[-1]}'", '^', meant, base=base)
order('a reset of a board', 'packet_path: /x', 'packet_path: /x, reset: true', "unknown key 'reset'", '^', 'a recipe erases and resets', base=BOARD)
# of a judge who knew the documents alone
add('an order behind -c', 'run -c order.yaml', 'there is no option -c', 'leave it out: signet run order.yaml', code=2)
add('options of openssl', 'cert show -text cert.pem', 'there is no option -text', 'it has no options', code=2)
order('a part whose keys are not indented', 'names: {', 'names:\npattern: "x-{serial}"\nx: {', "'names' has no keys", '^', 'in the lines below it')
config('hours', GOOD.replace('Lifetime: 60', 'Lifetime: 24h'), 'this does not belong to a number', '^', 'an hour is 3600')
add('a token for the name of its file', 'server check server.json --token-file hunter2', 'error: --token-file names no file that is there', 'in a file of its own')
add('an archive behind its order', 'ledger archive one.db one old.db', "'old.db' stands where ORDER... should", 'ledger archive one.db old.db one', code=2)
# a kind of server beside an option of it; the first fault of a row, which is shown where no column holds a secret; elements that are not ended
for line in 'server check --token-file token server.json', 'server capabilities server.json', 'register -s server.json -e x -P packet', 'provision -s server.json -e x -c cfg --token-file token', 'prove -s server.json packet':
    add(f'a kind with a slip: {line}', line, "error: server.json:1:11: unknown kind of server 'coiote-dm'", '^', "did you mean 'coiote'?", code=2 if 'prove' in line else 1, server__json='{"kind": "coiote-dm", "domain": "/a/"}')
later('a kind with a slip, of an order', 'servers: [{file: server.json}]', "error: server.json:1:11: unknown kind of server 'coiote-dm'", '^', "did you mean 'coiote'?", server__json='{"kind": "coiote-dm", "domain": "/a/"}')
server('a server of bootstrap', '{"kind": "leshan-bs", "url": "https://127.0.0.1:1"}', "server.json:1:11: unknown kind of server 'leshan-bs'", '^', "did you mean 'leshan-bootstrap'?")
for identity, shown in (('', '...:..,..'), ('credentials: {identity: "{batch}/{endpoint}"}\n', 'urn:a1,L1')):  # a column that goes nowhere may hold anything
    order(f'two rows of one name {identity}', 'output:', identity + 'output:', f"error: devices.csv:3:1: the endpoint 'urn:a1' is that of line 2 too\n{shown}\n^", 'take out one', base=TABLE, devices__csv='endpoint,batch\nurn:a1,L1\nurn:a1,L1\nurn:a3,L1\n')
table('two rows of one name and a key', 'endpoint,psk\nurn:a1,x\nurn:a1,x\nurn:a3,y\n', "devices.csv:3:1: the endpoint 'urn:a1' is that of line 2 too\n...:..,.\n^", 'take out one')
table('rows that are bad in two ways', 'endpoint,batch\nurn:a1,L1\nurn:a1,L1\nurn a3,L1\n', 'error: 2 rows are bad; the first: devices.csv:3:1', '...:..,..\n^', 'take out one')
BATCHES = 'endpoint,batch\nurn:a1,L1\nurn:a2,L1\nurn:a3,L1\n'
LABELLED = TABLE.replace('output: {packets: two.ndjson}', BOARD[BOARD.index('board:'):].replace('slots:', 'label: {printer: "tcp://127.0.0.1:1", template: l.zpl}\nslots:'))
for given, meant in (('serial_number', 'did you mean {serial}?'), ('sn', 'known: {endpoint}, {serial}, {hw_id}, {batch}; braces'), ('batch_no', 'did you mean {batch}?')):
    add(f'a label with {given}', 'run --dry-run two.yaml', f'l.zpl:2:12: {{{given}}} names no column of devices.csv', '^', meant, two__yaml=LABELLED, devices__csv=BATCHES, l__zpl=ZPL.replace('endpoint', given))
add('a board number in two braces', 'run --dry-run two.yaml', 'l.zpl:2:12: {{ is a brace', '^', 'write one brace', two__yaml=LABELLED, devices__csv=BATCHES, l__zpl=ZPL.replace('{endpoint}', '{{hw_id}}'))
order('an identity of no placeholder', 'output:', 'credentials: {identity: "{sn}"}\noutput:', 'two.yaml:6:26:', '{sn} is no placeholder', '^', "known: {endpoint}, {serial}, and the columns of a 'manifest'")
order('a pattern of no column', '{manifest', '{pattern: "urn:{nr}", manifest', 'two.yaml:5:19:', '{nr} names no column', '^', 'known: {serial}, {endpoint}, {batch}', base=TABLE, devices__csv=BATCHES)
for old, new, *answer in (('Rate</Name>', 'Rate<Name>', 'o.xml:4:35: <Name> is not ended: it begins again here', 'write </Name>: the slash is missing'), ('Rate</Name>', 'Rate', 'o.xml:4:25: <Name> is not ended', 'write </Name>'),
                          ('Integer</Type>', 'Integer<Type>', 'o.xml:6:14: <Type> is not ended: it begins again', 'write </Type>'), ('</Item>', '<Item ID="1"></Item>', 'o.xml:4:12: <Item> is not ended', 'write </Item>'),
                          ('</Object></LWM2M>\n', '', 'o.xml:6:40: the file ends, and <Object> of line 2 is not ended', 'copied whole?'), ('</Object>', '</Objekt>', 'o.xml:6:40: </Objekt> does not end <Object>', 'write </Object>, or take this out')):
    add(f'a definition with {new or "no end"}', 'packet check --objects o.xml packet', *answer, '^', o__xml=XML.replace(old, new, 1))
# of the second one
config('a name in quotes', GOOD.replace('RID.Server.Lifetime', "'RID.Server.Lifetime'"), 'cfg:3:48: this is a text', '^', 'take the quotes out')
for line, said, do in (('order run order.yaml', "verb of 'order' called 'run'", "it stands without 'order': signet run"), ('cert sign csr.pem', '--endpoint NAME is missing', 'signet cert sign --endpoint NAME --authority FILE REQUEST')):
    add(line, line, said, do, code=2)
add('an output of ptool', 'ptool -c cfg -o x', 'unrecognized option: -o', 'signet packet make', code=2)
for path, said, do in (('no/such', "cannot open 'no/such'", 'is the path right'), ('empty_folder', "cannot read 'empty_folder'", 'not the folder')):  # no tokens
    add(f'a token in {path}', f'server check server.json --token-file {path}', said, do, empty_folder=None)
add('an import into what is no ledger yet', 'ledger import fresh one.db', 'fresh: there is no such ledger', '--new makes it')
# of the third one, and of a walk over all verbs
for line, said, do in (
        ('page --page 80 one.db', 'there is no option --page', 'did you mean --listen ADDR:PORT?'), ('ledger list --st x one.db', '--st could be several options', 'did you mean --state or --station?'),
        ('provision -c cfg --port /dev/ttyACM0', 'options of a board are given', 'name the kind of board: --recipe anjay-zephyr or'), ('smp echo /dev/ttyUSB0 hello', "'/dev/ttyUSB0' is one argument too many", 'did you mean --port /dev/ttyUSB0?'),
        ('cert fetch localhost', "'localhost' is not HOST:PORT", 'the port is missing'), ('cert fetch coaps://h/rd', "'coaps://h/rd' is not HOST:PORT", 'did you mean --dtls h:5684?'), ('cert fetch https://h', "'https://h' is not HOST:PORT", 'did you mean h:443?'),
        ('smp info --port udp:127.0.0.1:99999', "'127.0.0.1:99999' has no port of TCP or UDP", 'ports are 1 to 65535'), ('prove cfg', "'cfg' is a configuration, not a packet", 'did you mean --config cfg?'),
        ('ledger list -U signet ledger', 'there is no option -U', 'postgresql://USER@HOST/NAME'), ('ledger void -m broken one.db urn:dev:os:x-001', 'there is no option -m', 'did you mean --reason?'),
        ('ledger rework --board slot:1 one.db urn:dev:os:x-001', "--board 'slot:1': a slot is slot:STATION/SLOT", 'signet ledger stats LEDGER'), ('ledger rework --board slot:a:1 one.db urn:dev:os:x-001', "--board 'slot:a:1'", 'did you mean slot:a/1?')):
    add(line, line, said, do, code=2)
add('an order for a list of names', 'ledger void one.db --names order.yaml -r x', "--names: 'order.yaml' is no list of names", 'one endpoint in each line')
add('a backup to a folder', 'ledger backup one.db .', "a backup is a file, and '.' is a folder", 'name a new file in it')
add('a TLS server that is asked over UDP', 'cert fetch --dtls 127.0.0.1:1', 'nobody listens at 127.0.0.1:1', 'over TCP is asked without --dtls')
for line in 'server check https://127.0.0.1:1', 'register -s https://127.0.0.1:1 -e x -c cfg', 'server capabilities https://127.0.0.1:1':
    add(f'an address in place of a file: {line}', line, "cannot open 'https://127.0.0.1:1'", 'write a JSON file, and name it: {"kind"')
later('an address in place of a file, of an order', 'servers: [{file: "https://127.0.0.1:1"}]', "two.yaml:6:19: https://127.0.0.1:1: cannot open", '^', 'write a JSON file, and name it')
for name, text, said, do in (
        ('one.ndjson', '{"endpoint": "urn:a", "packet": "iqI="}\n', 'the packets of an order, one a line', 'jq -r'), ('r.csv', 'endpoint,mode,identity,psk,certificate,account,uri\n', 'the records of an order', 'output: packets'),
        ('r.ndjson', '{"endpoint": "urn:a", "account": "management"}\n', 'the records of an order', 'output: packets'), ('senml.json', '[{"n": "/0/0/0", "vs": "x"}]', 'SenML in JSON', 'in CBOR'), ('shown.json', '[{"bn": "/"}]', 'SenML in JSON', 'in CBOR'),
        ('station.key', 'signet station key 2\n', 'the key of a station', 'its runs'), ('x.sealed', 'SGN1xxxx', 'sealed with the key of a station', 'the same order'), ('b.manifest', 'signet sealed batch 1\n', 'the manifest of a sealed batch', 'signet open -k KEY'),
        ('mint.state', 'signet mint 2\n', 'what a run keeps in its work folder', 'leave it there'), ('f.sealed', 'signet sealed export 1\n', 'what a run keeps in its work folder', 'leave it there')):
    add(f'{name} for a packet', f'prove {name}', f'{name} is {said}, ', do, **{name.replace('.', '__'): text})
KEYED = CONFIG % ", RID.Security.PKOrIdentity: b'{endpoint:text}', RID.Security.SecretKey: b'{psk:hex}'"
# what nobody sees, and what nobody means to write into a value
for given, said in (('one.db\u200b', 'two.yaml:4:15: a character that no editor shows'), ('"one.db\ufeff"', 'two.yaml:4:16: a character that no editor shows'), ('one\u00a0.db', 'two.yaml:4:12: a no-break space'), ('\u201cone.db\u201d', 'two.yaml:4:9: a curly quote'), ('one.db\u201d', 'two.yaml:4:15: a curly quote')):
    order(f'a ledger {given!a}', 'ledger: two.db', f'ledger: {given}', said, '^', 'write')
order('slots behind no-break spaces', 'slots: [{port: x}]', 'slots:\n\u00a0\u00a0- {port: x}', 'two.yaml:8:1: a no-break space', '^', 'write a blank', base=BOARD)
table('a key that a spreadsheet shortened', 'endpoint,psk\nurn:a1,"1,12233E+31"\nurn:a2,00\nurn:a3,00\n', 'a spreadsheet shortened a number', '^', 'the format text', template=KEYED)
table('a value with what nobody sees', 'endpoint,batch\nurn:a1,L1\u200b\nurn:a2,L1\nurn:a3,L1\n', 'devices.csv:2:8: batch: a character that no editor shows', '^', 'write the value anew')
add('labels of an order that has none', 'label show order.yaml urn:dev:os:x-001', 'order.yaml has no labels', 'the order says it: label: {template')
add('the key around an authority', 'authority check a.yaml', "a.yaml:1:1: unknown key 'authority'", '^', 'take it out', a__yaml='authority:\n  chain: ca.pem\n  key: key.pem\n')
add('years in words', 'cert make -C ci.json -e x -o new', 'ci.json:1:29: "validityOffsetInSeconds" must be a whole number of seconds', '^', 'digits alone: a year of 365 days is 31536000', ci__json='{"validityOffsetInSeconds": "7 years"}')
add('an own profile with the names of suites', 'packet check --device p.yaml packet', "p.yaml:3:16: 'suites' cannot have 'TLS_PSK_WITH_AES_128_CCM_8'", '^', '0xc0a8 is TLS_PSK', p__yaml='name: p\nbase: any\ntls: {suites: [TLS_PSK_WITH_AES_128_CCM_8]}\n')
# what a run writes is a file of its own
for path, key in ('template', 'template'), ('two.db', 'ledger'), ('station.key', 'station_key'), ('two.ndjson', 'packets'), ('two.yaml', 'the order itself'), ('token', 'token_file'), ('e.json', 'servers: file'):
    later(f'an export into {path}', 'servers: [{file: e.json, token_file: token}]', f"e.json:1:29: the export's file '{path}' is '{key}' of the order", '^', 'a file of its own', e__json='{"kind": "export", "file": "%s"}' % path)
later('events into the template', 'notify: [{name: n, file: template}]', "'template' and 'n' are one file", 'a file of its own')
add('records over the manifest', 'run --dry-run two.yaml', "'records' and 'manifest' are one file", 'a file of its own', two__yaml=TABLE.replace('packets: two.ndjson', 'packets: two.ndjson, records: devices.csv'), devices__csv='endpoint\nurn:a1\nurn:a2\nurn:a3\n')
add('a database of nobody for an order', 'run wal.db', "wal.db is another program's SQLite database, not a work order", 'is meant', wal__db=b'SQLite format 3\0' + bytes(84))
for line, said, do in (('register -s server.json -e -c cfg', '-e needs a value, and -c is an option', 'is a variable of the shell unset?'), ('ptool -c cfg -e -s server.json -t x', '--URN needs a value', 'is a variable of the shell unset?')):
    add(line, line, said, do, code=2)
add('a database of nobody for a ledger', 'ledger list wal.db', 'wal.db: this is no ledger, or it is damaged', 'is it the file that was meant?', wal__db=b'SQLite format 3\0' + bytes(84))
