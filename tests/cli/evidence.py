#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""signet evidence: the order, keys, uniqueness, devices and checkpoints are those of the order and its ledger, and the
checkpoint verifies; a changed ledger gives none, and no secret comes out."""
import hashlib, json, os, re, sqlite3, subprocess, tempfile
from _mint import House
from _signet import SIGNET, TEMPLATE, need


def call(house, *args, code=0):
    p = subprocess.run([SIGNET, *args], capture_output=True, text=True, cwd=house.at('.'), timeout=60)
    need(p.returncode == code, f'{args}: exit {p.returncode}: {p.stdout}{p.stderr}')
    return p.stdout if code == 0 else p.stderr


def sha256(path):
    with open(path, 'rb') as f:
        return hashlib.sha256(f.read()).hexdigest()


def check_json(house, order):
    e = json.loads(call(house, 'evidence', order, '--json'))
    with sqlite3.connect(house.at('ledger.db')) as db:
        hash, = db.execute("SELECT hash FROM orders WHERE name = 'o'").fetchone()
        first, last = db.execute('SELECT min(time), max(time) FROM events').fetchone()
    need(e['order']['file_sha256'] == sha256(order) and e['order']['ledger_hash'] == hash and e['order']['quota'] == 6, e['order'])
    need(e['tool']['program_sha256'] == sha256(SIGNET), e['tool'])
    need(e['keys'][0]['key'] == 'PSK, 256 random bits' and 'getentropy' in e['keys'][0]['generator'], e['keys'])
    six = {'count': 6, 'different': 6}
    need(all(e['unique'][k] == six for k in ('names', 'psk_identities', 'psk_sha256')) and not e['unique']['shared_secret'],
         e['unique'])
    need((e['devices']['all'], e['devices']['done'], e['devices']['made'], e['devices']['locked']) == (6, 6, 6, 0), e['devices'])
    need(e['devices']['first_event'] <= e['devices']['last_event'] and first <= last, e['devices'])
    need({x['name']: x['count'] for x in e['events']}['done'] == 6, e['events'])
    verified = json.loads(call(house, 'ledger', 'verify', 'ledger.db', '--json'))
    need((e['record']['events'], e['record']['head']) == (verified['events'], verified['head']), e['record'])
    return e


ROWS = """Name
SHA-256 of the order file, as it is now
Hash in the ledger, of template, names and credentials
Quota
Begun
Signet
SHA-256 of the program
Packets, without boards
Retries
Each device must get in at its server
Servers that get its public part or key
Certificates that outputs are sealed to
Files with secrets in clear are allowed
begin
done
order
reserved
run
writing
coaps://127.0.0.1:5684
The order lets devices share a secret
Names
PSK identities
SHA-256 of PSKs
SHA-256 of public keys
Boards
All, with void and retired ones
reserved
keyed
writing
written
verified
registered
done
failed
void
retired
Verified, registered or done
Of those, with a locked debug port
First event
Last event
Events of the order
Events of the ledger, verified as an unbroken chain
Head of the chain
""".splitlines()


def check_text(house, order, e):
    call(house, 'evidence', order, '-o', 'evidence.md')
    with open(house.at('evidence.md')) as f:
        text = f.read()
    need(text == call(house, 'evidence', order), 'to a file and to standard output are not the same')
    for said in ('# Evidence of order o\n', f'| {sha256(order)} |', '| PSK identities | 6, 6 different |', '\nStation A signed last:\n\n```\nsignet/A/'):
        need(said in text, f'{said!r} is not in {text}')
    rows = re.findall(r'^[|] (?!\d+[.]\d)([^|]+?) [|]', text, re.M)  # but for the versions of programs
    need(rows == ROWS, rows)
    for share in e['tools'] + e['events']:
        need(f"| {share['name']} | {share['count']} |" in text, f'{share} is not in {text}')
    return text


def main():
    with tempfile.TemporaryDirectory() as folder:
        house = House(folder)
        order = house.order('o', 6, records='keys.csv')
        need(house.run(order)[0] == 0, 'the run failed')
        e = check_json(house, order)
        text = check_text(house, order, e)
        with open(house.at('keys.csv')) as f:
            secrets = [s for s in re.findall(r'[0-9A-Fa-f]{64}', f.read())]
        need(len(secrets) >= 6 and not any(s in text + json.dumps(e) for s in secrets), 'a key is in the evidence')

        house.write('kept', e['checkpoints'][0]['checkpoint'])
        key = call(house, 'ledger', 'vkey', 'ledger.db', 'station.key.sign').strip()
        call(house, 'ledger', 'verify', '--vkey', key, '--since-checkpoint', 'kept', 'ledger.db')

        house.write('template', (TEMPLATE % 0).replace('}}, OID.Server', "}, 2: {0: 'coap://127.0.0.1', 1: False, 2: 3, 10: 2}}, OID.Server"))
        two = house.order('two', 1, packets='two.ndjson', work='work2')
        need(house.run(two)[0] == 0, 'the run failed')
        with_key = ['generator' in k for k in json.loads(call(house, 'evidence', two, '--json'))['keys']]
        need(with_key == [True, False], 'an account without a key has none that was made')

        other = house.order('p', 1, packets='p.ndjson')
        need("no order" in call(house, 'evidence', other, code=1), 'an order that was not begun')
        call(house, 'evidence', order, '--json', '-o', 'x', code=2)
        with sqlite3.connect(house.at('ledger.db')) as db:
            db.execute("UPDATE devices SET slot = 'x' WHERE id = 3")
        db.close()
        need(not os.path.exists(house.at('x')), 'a file was made')
        need(call(house, 'evidence', order, code=1), 'a changed ledger')


main()
