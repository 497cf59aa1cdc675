# SPDX-License-Identifier: Apache-2.0
"""More of _mistakes: each kind beside what is none, which passes."""
from _mistakes import BOARD, CONFIG, GOOD, SERVER, TABLE, TWO, ZPL, add, config, later, order, server, table

CHAIN = 'chain: root.pem\nkey: "%s"\n'
ENDED = ' OID.Server: {1: {RID.Server.ShortServerID: 1, RID.Server.Lifetime: 60, RID.Server.NotificationStoring: False, RID.Server.Binding: \'U\'}}'


def right(name, line, *said, **changes):
    add(name, line, *said, code=0, **changes)


def right_order(name, old, new, base=TWO, **changes):
    assert old in base, (name, old)
    right(name, 'run --dry-run two.yaml', two__yaml=base.replace(old, new, 1), **changes)


# YAML: quotes over several lines, merges, letters of word processors
for name, old, new, where in (
        ('a quote that the next one ends', 'name: two', 'name: "two', 'two.yaml:1:7'), ('a quote three lines before', 'template: template', 'template: "template', 'two.yaml:3:11'),
        ('a quote before a comment', 'ledger: two.db', 'ledger: "two.db # the line\'s', 'two.yaml:4:9')):
    order(name, old, new, f'{where}: this quote is never closed', '^', 'close it in the same line')
order('a merge from the first line on', 'name: two', '<<<<<<< HEAD\nname: two\n=======\nname: three\n>>>>>>> x', 'two.yaml:1:1: a mark of a merge', '^', 'keep one of the two')
order('an odd letter in quotes beside a mistake', 'name: two', 'name: "caf\u00a0\u2013": y', 'two.yaml:1:14: a second colon', '^', 'into quotes')
right_order('odd letters in quotes', 'output:', 'operator: "Anna\u00a0\u2013 caf\u00e9"\noutput:')
right_order('odd letters in a comment', 'quota: 3', 'quota: 3 # the customer\u2019s \u2013 \u201cthree\u201d')
right_order('a text over two lines in quotes', 'output:', 'shift: "late\n  shift"\noutput:')
order('odd letters in a comment beside a mistake', 'quota: 3', 'quota: three # the customer\u2019s', "two.yaml:2:8: 'quota' takes a whole number", '^', 'digits alone')
order('the same where YAML is none', 'name: two', 'name: two: b # the customer\u2019s', 'two.yaml:1:10: a second colon', '^', 'into quotes')
# parts: what stands in their place is not repeated, and the hint is one that goes on
for part, value, do in (
        ('notify', '[https://me:hunter2@x/y]', 'such as {file: events.ndjson}'), ('golden', '3', 'such as {slot: "3", board: "683339523", endpoint: NAME}'),
        ('label', 'x', 'such as {template: label.zpl'), ('scan', 'imei', 'such as {column: imei}'), ('prove', '[x]', 'such as {timeout_s: 20}'), ('notify', 'x', '[{file: events.ndjson}]')):
    later(f'{value} for {part}', f'{part}: {value}', 'two.yaml:6:', ' takes a list' if do[0] == '[' else 'here go keys and values in braces', '^', do)
for part, value in (('label', 'null'), ('slots', '~'), ('notify', 'Null')):
    later(f'{part} of nothing', f'{part}: {value}', f"two.yaml:6:{len(part) + 3}: '{part}' has no value: in YAML, {value} stands for nothing", '^', 'leave the key out')
# the key of an authority is found beside its file, whatever its name
add('a scheme of no key', 'authority check a.yaml', "a.yaml:2:7: 'pkcs12:...' is no key of an authority", '^', 'pkcs11:token=NAME', a__yaml=CHAIN % 'pkcs12:hunter2')
right('a key with a colon in its name, from another folder', 'authority check sub/a.yaml', **{'sub/a__yaml': CHAIN.replace('root', '../root') % 'ca:2026.key'})
# golden boards, ports
order('a golden board with a name of the manifest', 'slots:', 'golden: {slot: "1", board: "1", endpoint: "urn:a2"}\nslots:', "devices.csv:3:1: the endpoint 'urn:a2' is that of the golden board", '^', 'a name of its own',
      base=BOARD.replace('{pattern: "urn:dev:os:x-{serial:03}", first: 1}', '{manifest: devices.csv}'))
right_order('a golden board of its own', 'slots:', 'golden: {slot: "1", board: "1", endpoint: "urn:a9"}\nslots:', base=BOARD.replace('{pattern: "urn:dev:os:x-{serial:03}", first: 1}', '{manifest: devices.csv}'))
order('the terminal for a port', '{port: x}', '{port: /dev/tty}', "two.yaml:7:16: slot 1: '/dev/tty' is a terminal of a person, not a serial port", '^', 'signet board list', base=BOARD)
right_order('a port that is there later', '{port: x}', '{port: /dev/ttyACM77}', base=BOARD)
# addresses of databases
right_order('a folder with the name of a database', 'two.db', 'sub/postgres//two.db', **{'sub/postgres': None})
order('backslashes in the address of a database', 'two.db', '"postgresql:\\\\\\\\me:hunter2@h\\\\d"', 'two.yaml:4:', '^', 'hint: ')
order('a backslash in the password of a database', 'two.db', "'postgresql://me:hunter2\\x@127.0.0.1/d'", 'two.yaml:4:', '^', '.pgpass')
# exports
EXPORT = '{"kind": "export", "file": "out.csv", "columns": "name=endpoint, psk=key_hex"}'
right('an export that a spreadsheet saved', 'register -s export.json -e x -c cfg', export__json=EXPORT, out__csv='name,psk\r\nother,00\r\n')
# what people paste, and marks that other languages end a line with
order('a comma at the end of a line', 'ledger: two.db', 'ledger: two.db,', "two.yaml:4:9: 'ledger' ends with a comma", '^', 'take it out')
order('a semicolon at the end of a line', 'name: two', 'name: two;', "two.yaml:1:7: 'name' ends with a semicolon", '^', 'take it out')
order('a number with a comma behind it', 'quota: 3', 'quota: 3,', "two.yaml:2:8: 'quota' ends with a comma", '^', 'take it out')
right_order('commas between braces, and one in quotes', 'slots:', 'stop_after_failures: {slot: 3,\n  line: 5}\nshift: "late,"\nslots:', base=BOARD)
for name, mark in ('numbers of lines', '1  '), ('marks of a difference', '+'), ('marks of a letter', '> '):
    order(name, 'quota: 3', f'"{mark}quota": 3', 'two.yaml:2:1: unknown key', '^', "take out what stands before 'quota'")
config('a prompt before a configuration', '$ cat cfg\n' + GOOD, 'cfg:1:1: a value should stand here', '^', 'begins with {: take out what stands before it')
config('another brace at the end', GOOD.replace("'U'}}}", "'U'}]}"), "cfg:4:65: ',' or '}' should follow", '^', 'is closed with }')
config('two ports', GOOD.replace("5684'", "5684:5684'"), 'cfg:1:21: ', 'several colons', '^', 'one colon, before the port')
order('JSON for YAML, with a slip', TWO, '{"name": "two",\n "quota": 3\n "template": "template"}\n', 'two.yaml:1:1: this { is not closed, or a comma is missing', '^', '{name: value')
right('JSON for YAML', 'run --dry-run two.yaml', two__yaml='{"name": "two", "quota": 3, "template": "template", "ledger": "two.db",\n "names": {"pattern": "urn:x-{serial:03}"}, "output": {"packets": "two.ndjson"}}\n')
# tables
table('two tables in one file', 'endpoint,x\na,1\nb,1\nendpoint,x\nc,1\n', 'devices.csv:4:1: the header stands here again', '^', 'take the row out')
table('a merge in a table', 'endpoint\n<<<<<<< HEAD\na\n=======\nb\n>>>>>>> x\nc\n', 'devices.csv:2:1: a mark of a merge', '^', 'keep one of the two')
right('a device called like another column', 'run --dry-run two.yaml', two__yaml=TABLE, devices__csv='endpoint,x\nx,endpoint\nb,1\nc,1\n')
right('a row of sums is warned of', 'run --dry-run two.yaml', 'take the row out if it is no device', two__yaml=TABLE, devices__csv='endpoint,x\na,1\nb,1\nc,1\nTotal:,3\n')
# addresses, ports, keys
server('a blank behind a url', SERVER.replace(':1"', ':1 "'), "server.json:1:21: the server's url must be", '^', 'take the blank out')
add('a token with a byte order mark', 'server check server.json --token-file token', 'the connection was refused', 'url and port', server__json=SERVER.replace('leshan', 'coiote').replace('}', ', "domain": "/a/"}'), token='\ufeffhunter2\n')
order('an address without tcp', '{port: x}', '{port: "10.0.0.7:1337"}', "two.yaml:7:17: slot 1: '10.0.0.7:1337' is an address without tcp:", '^', 'tcp:HOST:PORT', base=BOARD)
order('a serial number for a port', '{port: x}', '{port: 683339523}', "two.yaml:7:16: slot 1: '683339523' is a number, not a port", '^', 'a key of its own: serial', base=BOARD)
order('a hub path for a serial number', '{port: x}', '{serial: 1-4.2}', "two.yaml:7:18: slot 1: '1-4.2' is no serial number", '^', 'hub path', base=BOARD)
order('a shell variable for a host', 'two.db', '"postgresql://$DBHOST/signet"', "two.yaml:4:9: 'ledger' has a $ in place of a host", '^', 'to a shell alone')
later('a port beside a url', 'notify: [{url: "mqtts://broker.lan", port: 8883}]', "two.yaml:6:38: unknown key 'port'", '^', "it is a part of 'url': ...://HOST:PORT")
later('a password in a url', 'notify: [{url: "mqtts://u:hunter2@broker.lan"}]', "two.yaml:6:16: 'url' has", '^', 'user: NAME, password_file: FILE')
later('a printer of Windows', 'label: {template: l.zpl, printer: "\\\\\\\\srv\\\\zebra"}', 'two.yaml:6:1: ', 'has no tcp:// in front', '^', 'tcp://HOST:9100', l__zpl=ZPL)
later('several files in one text', 'objects: "a.xml, b.xml"', "two.yaml:6:11: cannot open 'a.xml, b.xml'", '^', 'several are a list')
for name, zpl, *answer in (
        ('two braces', ZPL.replace('{endpoint}', '{{endpoint}}'), 'l.zpl:2:12: {{ is a brace', '^', 'write one brace'), ('a dollar', ZPL.replace('{endpoint}', '${endpoint}'), 'l.zpl:2:12: a $ before a placeholder', '^', 'take it out'),
        ('another language', 'N\nA50,0,0,1,1,1,N,"{endpoint}"\nP1\n', 'l.zpl:1:1: no label that is whole', '^', 'begins with ^XA')):
    later(f'a label with {name}', 'label: {template: l.zpl, printer: ./l.prn}', *answer, l__zpl=zpl)
right('braces of JSON in a label', 'run --dry-run two.yaml', two__yaml=TWO + 'label: {template: l.zpl, printer: ./l.prn}\n', l__zpl=ZPL.replace('{endpoint}', '{{"id":"{endpoint}"}}'))
later('a variable of a shell in a hook', 'on_pass: [/bin/echo, "$ENDPOINT"]', "two.yaml:7:23: on_pass: nobody fills in '$ENDPOINT'", '^', '{endpoint}', base=BOARD)
right_order('a variable in a command for a shell', 'slots:', 'on_pass: [/bin/sh, -c, "$ENDPOINT_HOOK"]\nslots:', base=BOARD)
later('the file of an authority for names of certificates', 'credentials: {cert_info: a.yaml}', 'two.yaml:6:26: a.yaml is the file of an authority, not a JSON file', '^', "'authority: a.yaml'", a__yaml=CHAIN % 'root.key')
add('a signature for a key', 'ledger verify one.db --vkey o.sig', "'o.sig' is a file, and not the text of a key", 'no public key in it', o__sig='x')
for line, said, do in (
        ('ledger verify one.db --since-checkpoint one.ndjson', "'one.ndjson' is no signed note", 'the file of a checkpoint'), ('smp upload -p tcp:127.0.0.1:1 /lfs/x cfg', "cannot open '/lfs/x'", 'the other way round'),
        ('smp echo -p 10.255.255.1:1337 hi', '10.255.255.1:1337: cannot open the port', 'tcp:HOST:PORT'), ('sim tell state nosock', 'nothing simulated is at state', 'before the request')):
    add(line, line, said, do)
# lines of prompts, letters and other files
order('a prompt before an order', 'name: two', '$ cat two.yaml\nname: two', 'two.yaml:1:1: this line has no colon', '^', 'take the line out')
order('an order from a letter', TWO, ''.join(f'> {line}\n' for line in TWO.splitlines()), 'two.yaml:1:1: a line that begins with >', '^', 'take the > at the beginning of each line out')
order('a text over lines that begins with >', 'name: two', 'name: >\n  two', "two.yaml:1:7: 'name' is a text of several lines", '^', 'in one line')
server('a prompt before a file of a server', '$ cat server.json\n' + SERVER, 'server.json:1:1: a value should stand here', '^', 'take out what stands before it')
server('YAML for JSON', 'kind: leshan\nurl: https://127.0.0.1:1\n', 'server.json:1:1: this is YAML, and the file is JSON', '^', '{"name": "value", ...}')
table('a prompt before a table', '$ cat devices.csv\nendpoint\na\n', "devices.csv has no column 'endpoint'", '^', 'take out what stands before it')
table('a table of a document', '| endpoint | x |\n|---|---|\n| a | 1 |\n', "devices.csv:1:1: the fields end with '|'", '^', 'no line of dashes')
table('columns of a fixed width', 'endpoint   x\na          1\n', "devices.csv has no column 'endpoint'", '^', 'a comma, without blanks')
order('a comment without a blank', 'quota: 3', 'quota: 3#all', "two.yaml:2:8: 'quota' takes a whole number", '^', 'a blank stands before the #')
right_order('a comment with a blank', 'quota: 3', 'quota: 3 #all')
later('a placeholder that is not closed', 'credentials: {identity: "{endpoint"}', 'two.yaml:6:26: ', 'a lone {', '^', 'close it with }')
order('a file for a folder of packets', 'two.ndjson', 'cfg/', 'Not a directory', 'a file has the name of a folder')
add('one order twice', 'run --dry-run two.yaml two.yaml', "two orders are called 'two'", 'it is one file', code=2, two__yaml=TWO)
add('a dump for a packet', 'packet show p.txt', 'p.txt is the dump of a file', 'xxd -r p.txt', p__txt='00000000  9f a3 21 66 2f 30 2f 31  |..!f/0/1|\n')
add('a signing key for the key that it shows', 'ledger verify one.db --vkey station.key.sign', "'station.key.sign' is a file, and not the text of a key", 'no public key in it')
add('a hash with 0x', f'smp image -p tcp:127.0.0.1:1 test 0x{"ab" * 32}', 'is a hash with 0x in front', 'take 0x out', code=2)
order('an address of libpq', 'ledger: two.db', 'ledger: "host=127.0.0.1 dbname=x password=hunter2"', "two.yaml:4:1: ledger 'host=...' is no file", '^', 'postgresql://HOST/DATABASE')
right_order('a file with an equals sign', 'two.db', 'sub/week=48.db')
order('a mode of TLS with a slip', 'two.db', '"postgresql://127.0.0.1/x?sslmode=off"', 'two.yaml:4:10: ', 'invalid sslmode', '^', 'such as sslmode=verify-full')
add('a passphrase that is too short', 'station key rotate order.yaml --to passphrase --new-passphrase-file pw', 'pw: a passphrase has at least 8', 'the first line of its file', pw='x\n')
# configurations and exports that were taken without a word
def doubt(name, old, new, *said):
    assert old in GOOD, name
    add(name, 'packet make -c cfg -o out', *said, code=0, cfg=GOOD.replace(old, new, 1))
doubt('a lifetime in milliseconds', ' 60,', ' 86400000,', 'cfg:3:48: RID.Server.Lifetime (/1/1/1) is 1000 days', '^', 'a number of seconds')
doubt('a key that is base64', "b'0123456789abcdef'", "b'AAAAAAAAAAAAAAAAAAAAAA=='", 'cfg:2:89: RID.Security.SecretKey (/0/1/5) is text in base64', '^', "bytes.fromhex('...')")
for name, old, new in ('a lifetime of a year', ' 60,', ' 31536000,'), ('a lifetime without end', ' 60,', ' 2147483647,'), ('a key of letters', "b'0123456789abcdef'", "b'0123456789abcdef01234567'"):
    right(name, 'packet make -c cfg -o out', cfg=GOOD.replace(old, new, 1))
config('an object for a resource', GOOD.replace('RID.Server.Lifetime', 'OID.Server.Lifetime'), 'cfg:3:58: calls, attributes', '^', 'a resource is RID.Server.Lifetime')
config('a semicolon behind the end', GOOD.rstrip() + ';\n', 'cfg:4:67: this stands after the end', '^', 'take it out')
for name, member, *answer in (('columns that begin with a key', '"columns": "psk=key_hex"', "the first of 'columns' is the endpoint", '"columns": "endpoint=endpoint'), ('an export called as a spreadsheet', '"file": "o.xlsx"', "server.json:1:29: 'o.xlsx' is the name of a spreadsheet", '^', 'devices.csv')):
    server(name, '{"kind": "export", ' + ('"file": "o.csv", ' if 'columns' in member else '') + member + '}', *answer, line='register -s server.json -e x -c cfg')
right_order('seal_to with an export', 'slots:', 'seal_to: [ca.pem]\nslots:', base=BOARD)
# of a batch once the others were mended
order('a configuration in the order', 'template: template', 'template: {OID.Server: 1}', "two.yaml:3:11: 'template' takes one value", '^', 'write the value alone')
order('several manifests', '{manifest: devices.csv}', '{manifest: [devices.csv, b.csv]}', "two.yaml:5:19: 'manifest' takes one value", '^', 'without brackets', base=TABLE)
order('a star for ports', '{port: x}', '{port: "/dev/ttyACM*"}', "two.yaml:7:17: slot 1: '/dev/ttyACM*' has a * in it", '^', 'each port by itself', base=BOARD)
later('one server twice', 'servers: [{file: server.json}, {file: server.json}]', "two.yaml:6:32: two servers are called 'server'", '^', 'leave one of the two out')
table('a blank behind a quote', '"endpoint" ,x\na,1\n', 'devices.csv:1:10: a quote stands where none can be', '^', 'take the blank behind the quote out')
table('a comment in a table', '# list\nendpoint\na\n', "devices.csv has no column 'endpoint'", '^', 'take out what stands before it')
table('a row without its key', 'endpoint,psk\na,00112233445566778899aabbccddeeff\nb,\nc,0123456789abcdef0123456789abcdef\n', 'devices.csv:3:3: psk: the key has 0 bytes', '^', 'each device has a key in its row',
      template=CONFIG % ", RID.Security.PKOrIdentity: b'{endpoint:text}', RID.Security.SecretKey: b'{psk:hex}'")
add('a file for a new folder', 'init order.yaml', "cannot make 'order.yaml/order.yaml'", 'a file has this name')
