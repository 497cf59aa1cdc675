#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An order with files: what must not go wrong when a run was cut off, when somebody changed its files, and with its sealed
secrets. Each part makes one state on purpose, by a kill at a place where it is known what is done, and says what must
come of it.
usage: batch.py [PART]"""
import fcntl, functools, glob, hashlib, json, os, re, shutil, subprocess
from _coiote import TOKEN, Coiote
from _mint import House
from _parts import main, part
from _signet import BUILD, DONE, FAILED, RESERVED, SIGNET, TEMPLATE, TORTURE, VERIFIED, WRITING, Broken, need, with_failpoint

ASIDE = os.path.join(BUILD, 'tests', 'signet_aside')
ONE = 32  # devices that are one batch


class Mint(House):
    """A house, perhaps with a server."""
    def __init__(self, folder, served=False):
        self.coiote = Coiote(folder) if served else None
        super().__init__(folder, server=self.coiote.ca if served else None, token=TOKEN)
        if served:
            self.coiote.info(folder)

    def close(self):
        if self.coiote:
            self.coiote.close()

    def kill(self, order, point):
        code, out = self.run(order, program=TORTURE, failpoint=point)
        need(code == -9, f'not killed at {point}: {code} {out}')

    def goes(self, order, code=0, *words, args=()):
        got, out = self.run(order, *args)
        need(got == code, f'exit {got}, not {code}: {out}')
        for word in words:
            need(re.search(word, out), f'no {word!r} in: {out}')
        return out

    def refuses(self, order, *words):
        """And changes nothing of its output."""
        before = self.output()
        self.goes(order, 1, *words)
        need(self.output() == before, f'it says {words}, and wrote')

    def output(self):
        out = {}
        for path in glob.glob(self.at('*.ndjson')) + glob.glob(self.at('*.csv')) + glob.glob(self.at('p', '*')):
            if os.path.isfile(path):
                with open(path, 'rb') as f:
                    out[path] = f.read()
        return out

    def meanwhile(self, order, point, script):
        """Runs the order; at that place it waits for a shell script."""
        env = with_failpoint(point)
        env['SIGNET_FAILPOINT_RUN'] = f'({script}) >{self.at("script.log")} 2>&1'
        p = subprocess.run([TORTURE, 'run', order, '--sync', '1'], env=env, stdout=subprocess.PIPE, timeout=60,
                           stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True)
        return p.returncode, p.stdout

    def ledger(self, *args, code=0):
        p = subprocess.run([SIGNET, 'ledger', *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                           cwd=self.folder, timeout=60)
        need(p.returncode == code, f'ledger {args}: {p.returncode} {p.stdout}')
        return p.stdout

    def set_aside(self, *names):
        p = subprocess.run([ASIDE, self.at('ledger.db'), 'A', self.at('station.key.sign'), *names], capture_output=True, text=True, timeout=60)
        need(p.returncode == 0, p.stderr)

    def rework(self, *names):
        self.set_aside(*names)
        for name in names:
            self.ledger('rework', 'ledger.db', name)

    def history(self, name):
        events = map(json.loads, self.ledger('show', 'ledger.db', name, '--json').splitlines())
        return [e['kind'] for e in events if e['event'] == 'history']

    def seals(self):
        return sorted(glob.glob(self.at('work', '*.sealed')))

    def state(self):
        return glob.glob(self.at('work', '*.state'))[0]

    def last_lines(self, where='packets.ndjson'):
        """endpoint -> hash of the packet of its last line: one that was made anew is there twice"""
        with open(self.at(where)) as f:
            return {d['endpoint']: d['packet_sha256'] for d in map(json.loads, f)}

    def same_keys(self, order):
        """The server has every device of the ledger, with the key of the ledger."""
        there = {d['properties']['endpointName']: hashlib.sha256(bytes.fromhex(d['dtlsPsk']['HexadecimalPsk'])).hexdigest()
                 for d in self.coiote.devices.values()}
        here = {n: d['psk_sha256'] for n, d in self.devices(order).items() if d['state'] == DONE}
        need(there == here, f'{sum(there.get(n) != k for n, k in here.items())} of {len(here)} keys are not those of the ledger')


# resuming

@part
def lost_seals(h):
    """Nobody knows which credentials a device got whose seal is lost while it is writing: it gets no others, and the
    devices that nobody heard of are made."""
    order = h.order('o', 60)
    h.kill(order, 'before-append:1')
    before = {n: d for n, d in h.devices('o').items() if d['state'] == WRITING}
    need(len(before) >= ONE, before)
    stats = h.ledger('stats', 'ledger.db')
    need(re.search(r'/mint +\d+ +0 +0 +-$', stats, re.M), f'devices in work are neither good nor bad: {stats}')
    for path in h.seals():
        os.remove(path)
    for turn in range(2):
        code, out = h.run(order)
        need(code == (3 if re.search('this run: [1-9]', out) else 1) and str(len(before)) in out, f'exit {code}: {out}')
        after, out = h.devices('o'), h.packets('packets.ndjson')
        for name, d in before.items():
            need(after[name]['state'] in (WRITING, FAILED), f'{name}, whose seal is lost, is {after[name]["state"]}')
            need((after[name]['packet_sha256'], after[name]['psk_sha256']) == (d['packet_sha256'], d['psk_sha256']), f'{name} got new credentials')
            need(name not in out, f'{name} is in the output')
        need({n for n, d in after.items() if d['state'] == DONE} == set(out) == set(after) - set(before), 'the others')
    h.verify()


@part
def damaged_seals(h):
    """A seal is there and cannot be opened: its devices are set aside with a word on what to do; the others are made, and
    after rework these, too, with new credentials."""
    order = h.order('o', ONE)
    h.kill(order, 'before-append:1')
    path, = h.seals()
    os.truncate(path, 60)
    order = h.order('o', ONE + 5)
    h.goes(order, 3)
    rows = [json.loads(l) for l in h.ledger('list', 'ledger.db', '--json').splitlines() if '"device"' in l]
    bad = {r['endpoint']: r for r in rows if r['state'] == 'failed'}
    need(len(bad) == ONE and len(rows) == ONE + 5, f'{len(bad)} were set aside')
    need(all(os.path.basename(path) in r['error'] for r in bad.values()), bad)
    need(set(h.packets('packets.ndjson')) == {r['endpoint'] for r in rows if r['state'] == 'done'} == {r['endpoint'] for r in rows} - set(bad), 'the others')
    need('rework' in h.ledger('show', 'ledger.db', next(iter(bad))), 'no word on what to do')
    for name in bad:
        h.ledger('rework', 'ledger.db', name)
    h.goes(order)
    devices = h.devices('o')
    need({n: d['packet_sha256'] for n, d in devices.items()} == h.last_lines() and {d['state'] for d in devices.values()} == {DONE}, 'not all are done')
    need(all(devices[n]['psk_sha256'] != r['psk_sha256'] for n, r in bad.items()), 'the old credentials')


@part
def numbers_of_batches(h):
    """A number is used once, also where the seals of before are gone: a resumed run would take the new batch for one that
    is in the output."""
    h.goes(h.order('o', ONE))
    more = h.order('o', 2 * ONE)
    h.kill(more, 'before-output:1')
    h.check('o', ['packets.ndjson'])
    h.goes(more)
    h.check('o', ['packets.ndjson'], 2 * ONE)
    more = h.order('o', 3 * ONE)
    h.kill(more, 'after-seal:1')  # nobody has heard of these
    h.goes(more)
    h.check('o', ['packets.ndjson'], 3 * ONE)


@part(served=True)
def numbers_of_waiting_batches(h):
    """Seals that wait for a server are not written over by later ones."""
    h.coiote.down = True
    for quota in (ONE, 2 * ONE, 3 * ONE):
        h.goes(h.order('o', quota), 3)
        need({d['state'] for d in h.devices('o').values()} == {VERIFIED}, 'not verified')
    h.coiote.down = False
    h.goes(h.order('o', 3 * ONE))
    h.same_keys('o')
    h.check('o', ['packets.ndjson'], 3 * ONE)


def made_anew(h, point):
    """Two devices of a batch get new credentials while the batch waits for its server: what is written, sealed and told
    to the server from then on is the new ones, for these two, and the old for the others."""
    h.coiote.down = True
    order = h.order('o', ONE)
    h.kill(order, 'before-verified:1')
    names = sorted(h.devices('o'))
    anew = [names[3], names[20]]
    old = {n: h.devices('o')[n]['psk_sha256'] for n in names}
    h.rework(*anew)
    if point:
        h.kill(order, point)
    out = h.goes(order, 3)
    devices = h.devices('o')
    need({d['state'] for d in devices.values()} == {VERIFIED}, f'{[(n, d["state"]) for n, d in devices.items() if d["state"] != VERIFIED]} are not verified: {out}')
    for name in names:
        need((devices[name]['psk_sha256'] == old[name]) == (name not in anew), f'{name}: old and new credentials')
    lines = h.last_lines()
    need({n: d['packet_sha256'] for n, d in devices.items()} == lines, 'the last lines are not what the ledger has')
    h.coiote.down = False
    h.ledger('sync', order)
    h.same_keys('o')
    need(not h.seals(), h.seals())
    h.verify()
    h.goes(h.order('o', ONE + 1))  # the output has more lines than the ledger has devices: two were written twice
    need(len(h.last_lines()) == ONE + 1, 'one more')


for where in (None, 'after-seal:1', 'before-append:1', 'before-mark:1', 'after-mark:1'):
    part(functools.partial(made_anew, point=where), name='made_anew_' + (where or 'at_once').split(':')[0].replace('-', '_'), served=True)


def half_announced(h):
    """A batch that may be in the output, two of whose devices were reworked: only these are not announced."""
    order = h.order('o', ONE)
    h.kill(order, 'before-mark:1')
    names = sorted(h.devices('o'))
    h.rework(names[3], names[20])
    return order, names


@part
def reworked_before_the_mark(h):
    """They keep what is sealed for them, and what was announced before is not announced again."""
    order, names = half_announced(h)
    before = h.devices('o')
    h.goes(order)
    h.check('o', ['packets.ndjson'], ONE)
    for i, name in enumerate(names):
        need(h.devices('o')[name]['packet_sha256'] == before[name]['packet_sha256'], f'{name} got other credentials')
        need(h.history(name).count('writing') == (2 if i in (3, 20) else 1), f'{name}: {h.history(name)}')


@part
def lost_while_a_batch_is_announced(h):
    """One that is not announced is left out; one that may be in the output is not: the next run looks at it."""
    order, names = half_announced(h)
    script = '; '.join(f"'{SIGNET}' ledger void --force '{h.at('ledger.db')}' {n} --reason test" for n in (names[3], names[5]))
    code, out = h.meanwhile(order, 'before-writing:1', script)
    need(code == 1 and names[5] in out, f'{code} {out}')
    need({d['state'] for n, d in h.devices('o').items() if n not in (names[3], names[5])} <= {RESERVED, WRITING}, 'the others went on')
    need(len(h.seals()) == 1 and not h.packets('packets.ndjson'), 'something was written')
    h.goes(order, 0, '2 devices are void')
    need(set(h.packets('packets.ndjson')) == set(names) - {names[3], names[5]} and not h.seals(), 'the others')


@part
def a_key_that_another_has_and_a_kill(h):
    """A device that is set aside when its batch is announced is in the seal no more: the next run compares the output."""
    h.write('template', TEMPLATE.replace('RID.Security.Mode: %d', "RID.Security.Mode: 0, RID.Security.SecretKey: b'{psk:hex}'"))
    for file, names in (('first.csv', ['first-4']), ('devices.csv', [f'o-{i}' for i in range(8)])):
        h.write(file, 'endpoint,psk\n' + ''.join(f'urn:{n},000102030405060708090a0b0c0d0e0{n[-1]}\n' for n in names))
    h.goes(h.order('first', 1, names=['  manifest: first.csv'], packets='first.ndjson'))
    order = h.order('o', 8, names=['  manifest: devices.csv'])
    h.kill(order, 'before-mark:1')
    h.goes(order, 3, '1 device was set aside')
    need(set(h.packets('packets.ndjson')) == {f'urn:o-{i}' for i in range(8) if i != 4}, h.packets('packets.ndjson').keys())
    need(h.devices('o')['urn:o-4']['state'] == FAILED, h.devices('o'))


@part(served=True)
def less_than_is_begun(h):
    """An order whose quota is below what is begun makes nothing more, and what waits is delivered."""
    h.coiote.down = True
    h.goes(h.order('o', ONE), 3)
    less = h.order('o', ONE - 1)
    h.coiote.down = False
    h.refuses(less, f'{ONE} devices of order o are begun')
    h.ledger('sync', less)
    h.same_keys('o')
    need({d['state'] for d in h.devices('o').values()} == {DONE}, 'not delivered')


@part(served=True)
def names_of_another_order(h):
    """Whoever makes devices is warned of them, whoever delivers is not."""
    h.goes(h.order('first', 1, pattern='urn:dev:os:o-{serial:07}', packets='first.ndjson'))
    order = h.order('o', 2)
    h.coiote.down = True
    h.goes(order, 3, "is a device's of order 'first'")
    h.coiote.down = False
    need('order' not in h.ledger('sync', order), 'the sync warns')


@part(served=True)
def refused_device_keeps_its_seal(h):
    """As long as one device of a batch may be tried again, its seal stays, over restarts; void ends that."""
    victims = ['urn:dev:os:o-0000005', 'urn:dev:os:o-0000009']
    judge = h.coiote.judge

    def refuse(handler, body):
        if handler.command == 'POST' and json.loads(body)['properties']['endpointName'] in victims:
            return handler.error(400, 'no room')
        return judge(handler, body)
    h.coiote.judge = refuse
    order = h.order('o', ONE)
    h.goes(order, 3)
    for _ in range(2):
        need(len(h.seals()) == 1, f'{len(h.seals())} seals for two devices that are set aside')
        h.goes(order, 1)
        h.ledger('sync', order)
    h.ledger('rework', 'ledger.db', victims[0])
    h.coiote.judge = judge
    h.ledger('sync', order)
    h.same_keys('o')
    need(h.devices('o')[victims[0]]['state'] == DONE and len(h.seals()) == 1, 'one is set aside yet')
    h.ledger('void', '--force', 'ledger.db', victims[1], '--reason', 'test')
    h.goes(order, 0, '1 device is void')
    need(not h.seals(), 'nobody needs it any more')


@part
def void_in_a_batch_that_was_cut_off(h):
    """A batch of which nothing is left is nowhere: neither in the output nor sealed."""
    order = h.order('o', ONE)
    h.kill(order, 'after-seal:1')
    names = sorted(h.devices('o'))
    need(len(names) == ONE and len(h.seals()) == 1, names)
    for name in names:
        h.ledger('void', '--force', 'ledger.db', name, '--reason', 'test')
    h.kill(order, 'before-reserve:1')
    need(not h.seals() and not os.path.getsize(h.at('packets.ndjson')), 'something of it is left')
    h.goes(order)
    h.check('o', ['packets.ndjson'], ONE)


@part
def void_and_cut_off_again(h):
    """A seal is what may be in the output, no more and no less: without the void device, before its batch is written."""
    order = h.order('o', ONE, records='records.csv')
    h.kill(order, 'after-writing:1')
    victim = sorted(h.devices('o'))[4]
    h.ledger('void', '--force', 'ledger.db', victim, '--reason', 'test')
    h.kill(order, 'before-mark:1')
    need(len(h.packets('packets.ndjson')) == ONE - 1, 'it is in the output')
    h.goes(order, 0, '1 device is void')
    out = h.packets('packets.ndjson')
    need(set(out) == set(h.records('records.csv')) == set(h.devices('o')) - {victim}, 'others are missing')
    need(not h.seals(), 'something is sealed')


@part
def set_aside_in_a_batch(h):
    """The others are done; as long as a person has not decided on the one, its seal stays."""
    order = h.order('o', ONE)
    h.kill(order, 'before-done:1')
    victim = sorted(h.devices('o'))[4]
    h.set_aside(victim)
    for code in (3, 1):  # the second one has nothing to do
        h.goes(order, code, '1 device was set aside')
        need({n for n, d in h.devices('o').items() if d['state'] != DONE} == {victim}, 'others are not done')
        need(len(h.seals()) == 1, h.seals())
    h.ledger('void', '--force', 'ledger.db', victim, '--reason', 'test')
    h.goes(order, 0, '1 device is void')
    need(not h.seals(), 'nobody needs it any more')


@part
def void_in_a_batch_that_is_in_the_output(h):
    """Its lines were not final: they are cut off."""
    order = h.order('o', ONE, records='records.csv')
    h.kill(order, 'before-mark:1')
    need(os.path.getsize(h.at('packets.ndjson')) > 3000 and os.path.getsize(h.at('records.csv')) > 1000, 'nothing was written')
    for name in h.devices('o'):
        h.ledger('void', '--force', 'ledger.db', name, '--reason', 'test')
    h.goes(order, 0, f'{ONE} devices are void')
    need(set(h.output().values()) == {b''} and not h.seals(), 'something of it is left')
    h.goes(h.order('o', ONE + 2, records='records.csv'))
    need(len(h.packets('packets.ndjson')) == 2 == len(h.records('records.csv')), 'the two that followed')


@part
def output_is_gone(h):
    """Nothing follows what is not there: neither packets nor records, after a kill or for more devices."""
    order = h.order('o', ONE, records='records.csv')
    h.kill(order, 'after-mark:1')
    for name in ('records.csv', 'packets.ndjson'):
        os.rename(h.at(name), h.at('away'))
        h.refuses(order, name + "' is gone")
        need({d['state'] for d in h.devices('o').values()} == {WRITING}, 'they went on')
        need(not os.path.exists(h.at(name)), f'{name} was made')
        os.rename(h.at('away'), h.at(name))
    h.goes(order)
    more = h.order('o', 2 * ONE, records='records.csv')
    for name in ('records.csv', 'packets.ndjson'):
        os.rename(h.at(name), h.at('away'))
        h.refuses(more, name + "' is gone")
        need(len(h.devices('o')) == ONE, 'more were reserved')
        os.rename(h.at('away'), h.at(name))
    h.goes(more)
    h.check('o', ['packets.ndjson'], 2 * ONE, ['records.csv'])


@part
def other_files_after_a_kill(h):
    """As long as a batch may be half in the output, the order goes to no other file."""
    order = h.order('o', ONE, records='records.csv')
    h.kill(order, 'before-mark:1')
    # nothing is marked: the first batch, too, may be in the file
    for packets, records in (('other.ndjson', 'records.csv'), ('packets.ndjson', 'other.csv'), ('packets.ndjson', None), ('p/', 'records.csv')):
        h.refuses(h.order('o', ONE, packets=packets, records=records), 'cut off')
        need(not glob.glob(h.at('other.*')) and not os.path.exists(h.at('p')), 'another was made')
    h.goes(h.order('o', ONE, records='records.csv'))
    h.check('o', ['packets.ndjson'], ONE, ['records.csv'])


# the output

def swapped(h, path, change, more, *words):
    """The file, changed in one way, is refused, and taken as it was."""
    copy = path + '.copy'
    shutil.copy2(path, copy)
    change(path, copy)
    h.refuses(more, *words)
    if os.path.islink(path) or not os.path.isdir(path):
        os.remove(path)
    for extra in glob.glob(path + '.link'):
        os.remove(extra)
    os.rename(copy, path)


def make_link(path, copy):
    os.remove(path)
    os.symlink(copy, path)


def make_pipe(path, copy):
    os.remove(path)
    os.mkfifo(path, 0o600)


@part
def kinds_of_files(h):
    """The output is a plain file, of one name, that is nobody else's to read."""
    h.goes(h.order('o', ONE, records='records.ndjson'))
    more = h.order('o', 2 * ONE, records='records.ndjson')
    for name in ('packets.ndjson', 'records.ndjson'):
        path = h.at(name)
        swapped(h, path, make_link, more, name)
        swapped(h, path, make_pipe, more, 'not a plain file')
        swapped(h, path, lambda path, _: os.link(path, path + '.link'), more, 'not a plain file')
        for mode in (0o640, 0o604, 0o620):
            swapped(h, path, lambda path, _: os.chmod(path, mode), more, '0600')
        with open(path) as f:
            fcntl.flock(f, fcntl.LOCK_EX)
            h.refuses(more, f"another run writes '.*{name}'")
    h.goes(more)
    h.check('o', ['packets.ndjson'], 2 * ONE, ['records.ndjson'])


@part
def files_that_are_there(h):
    """What this order did not write is not written to: packets and records, also when they change later."""
    for name in ('packets.ndjson', 'records.csv'):
        h.write(name, 'mine\n')
        h.refuses(h.order('o', ONE, records='records.csv'), name + "' is there already")
        os.remove(h.at(name))
    h.goes(h.order('o', ONE, records='records.csv'))
    h.write('second.csv', 'mine\n')
    h.refuses(h.order('o', 2 * ONE, records='second.csv'), "second.csv' is there already")


@part
def holes(h):
    """A power cut leaves any of the bytes behind the mark, the others zero or missing: that is mended. Anything else that
    stands there is somebody's."""
    order = h.order('o', ONE, records='records.csv')
    h.kill(order, 'before-mark:1')
    whole = h.output()
    for name in ('packets.ndjson', 'records.csv'):
        data = whole[h.at(name)]
        for what, bad in (('end was changed', data[:50] + b'#' + data[51:]), ('end was changed', b'#' + data[1:]),
                          ('end was changed', data[:-1] + b' '), ('added', data + b'\0')):
            with open(h.at(name), 'wb') as f:
                f.write(bad)
            h.goes(order, 1, 'not as the run before left it', what)
            need(h.output()[h.at(name)] == bad, f'it says {what}, and wrote')
        with open(h.at(name), 'wb') as f:
            f.write(data[:10] + bytes(200) + data[210:-300])
    h.goes(order)
    h.check('o', ['packets.ndjson'], ONE, ['records.csv'])
    need(h.output() == whole, 'not the same bytes')


@part
def another_program_writes(h):
    """What is read again is not what was written: no device is done, and its secret stays."""
    writes = "dd if=/dev/zero of='%s' bs=1 count=9 seek=100 conv=notrunc"
    for name, script in (('packets.ndjson', writes), ('records.csv', writes), ('packets.ndjson', "truncate -s 300 '%s'")):
        order = h.order('o', ONE, records='records.csv')
        code, out = h.meanwhile(order, 'after-append:1', script % h.at(name))
        need(code == 1 and f"{name}' does not hold what was written" in out, f'{code} {out}')
        need({d['state'] for d in h.devices('o').values()} == {WRITING} and len(h.seals()) == 1, 'they went on')
        h.goes(order)
        h.check('o', ['packets.ndjson'], ONE, ['records.csv'])
        for left in ('packets.ndjson', 'records.csv', 'ledger.db', 'ledger.db-wal', 'ledger.db-shm'):
            if os.path.exists(h.at(left)):
                os.remove(h.at(left))
        shutil.rmtree(h.at('work'))


@part
def folder_of_packets(h):
    """The folder is nobody else's to write in, and no other name for one."""
    order = h.order('o', ONE, packets='p/')
    h.goes(order, 0, args=['--dry-run'])
    need(not os.path.exists(h.at('p')), 'a dry run made it')
    h.write('p', 'mine')
    h.goes(order, 1, "cannot make the folder '.*/p': File exists")
    os.remove(h.at('p'))
    os.mkdir(h.at('real'), 0o700)
    os.symlink('real', h.at('p'))
    h.goes(order, 1, "folder '.*p'")
    need(not os.listdir(h.at('real')) and not h.devices('o'), 'a symbolic link was followed')
    os.remove(h.at('p'))
    for mode in (0o777, 0o720, 0o702):
        os.mkdir(h.at('p'))
        os.chmod(h.at('p'), mode)
        h.goes(order, 1, 'others may change')
        need(not os.listdir(h.at('p')) and not h.devices('o'), 'it wrote')
        os.rmdir(h.at('p'))
    os.mkdir(h.at('p'), 0o700)
    for name, make in (('urn:dev:os:o-0000007.cbor', lambda p: os.close(os.open(p, os.O_CREAT, 0o600))), ('urn:dev:os:o-0000008.cbor', lambda p: os.symlink('x', p))):
        make(h.at('p', name))
        h.goes(order, 1, f"'{name}' is in the folder of packets already")
        os.remove(h.at('p', name))
    need(not os.path.exists(h.at('p', 'x')), 'a symbolic link was followed')
    h.goes(order)
    h.check('o', ['p/'], ONE)


@part
def large_packets(h):
    """Devices that do not fit into one batch are made in the next one."""
    with open(h.at('template')) as f:
        text = f.read().rstrip()
    h.write('template', text[:-1] + f", 5: {{0: {{0: b'{'x' * 100000}'}}}}}}")
    h.goes(h.order('o', 400))
    h.check('o', ['packets.ndjson'], 400)


@part
def files_of_a_folder_after_a_kill(h):
    """Files that a run before left, whole or in part, are finished; anything else is somebody's."""
    order = h.order('o', ONE, packets='p/')
    h.kill(order, 'between-output:1')
    path = h.at('p', 'urn:dev:os:o-0000011.cbor')
    with open(path, 'rb') as f:
        data = f.read()

    def put(bad):
        def change(path, _):
            with open(path, 'wb') as f:
                f.write(bad)
        return change
    for what, change in (('other bytes', put(data[:50] + b'#' + data[51:])), ('a byte more', put(data + b'\0')),
                         ('a symbolic link', make_link), ('a pipe', make_pipe),
                         ('a second name', lambda path, _: os.link(path, path + '.link')),
                         ('another mode', lambda path, _: os.chmod(path, 0o640))):
        try:
            swapped(h, path, change, order, "0000011.cbor' is in the folder of packets already, and not from here")
        except Broken as e:
            raise Broken(f'{what}: {e}')
    os.remove(h.at('p', 'urn:dev:os:o-0000001.cbor'))
    put(b'')(h.at('p', 'urn:dev:os:o-0000002.cbor'), None)
    put(bytes(len(data)))(h.at('p', 'urn:dev:os:o-0000003.cbor'), None)
    put(data[:100] + bytes(40) + data[140:-60])(path, None)
    h.goes(order)
    h.check('o', ['p/'], ONE)
    with open(path, 'rb') as f:
        need(f.read() == data, 'other bytes')


@part
def another_program_writes_into_the_folder(h):
    order = h.order('o', ONE, packets='p/')
    path = h.at('p', 'urn:dev:os:o-0000011.cbor')
    for script in (f"dd if=/dev/zero of='{path}' bs=1 count=9 seek=20 conv=notrunc", f"truncate -s 20 '{path}'", f"rm '{path}'", f"printf x >> '{path}'"):
        code, out = h.meanwhile(order, 'between-output:1', script)
        need(code == 1 and "0000011.cbor' in the folder of packets is not what was written" in out, f'{script}: {code} {out}')
        need({d['state'] for d in h.devices('o').values()} == {WRITING} and len(h.seals()) == 1, 'they went on')
    os.truncate(path, os.path.getsize(path) - 1)  # what is longer is somebody's
    h.goes(order)
    h.check('o', ['p/'], ONE)


# the state file and the ledger

@part
def state_of_the_output(h):
    """What the output holds is known from a file; when that is damaged, or another order's, nothing is guessed."""
    other = h.order('other', ONE, packets='other.ndjson', work='work-other')
    h.goes(other)
    h.goes(h.order('o', ONE))
    more = h.order('o', 2 * ONE)
    path = h.state()
    with open(path, 'rb') as f:
        data = f.read()
    with open(glob.glob(h.at('work-other', '*.state'))[0], 'rb') as f:
        others = f.read()
    for bad in (data[:-1], data[:-5], data[:len(data) // 2], b'', data + b'x', data.replace(b'batch', b'botch'), others,
                re.sub(rb'^signet mint \d', b'signet mint 9', data)):
        with open(path, 'wb') as f:
            f.write(bad)
        h.refuses(more, 'is damaged')
    with open(path, 'wb') as f:
        f.write(data)
    h.goes(more)
    h.check('o', ['packets.ndjson'], 2 * ONE)


def copy_ledger(h, name):
    os.makedirs(h.at(name), exist_ok=True)
    for path in glob.glob(h.at('ledger.db*')):
        shutil.copy2(path, h.at(name))


def put_ledger(h, name):
    for path in glob.glob(h.at('ledger.db*')):
        os.remove(path)
    for path in glob.glob(h.at(name, 'ledger.db*')):
        shutil.copy2(path, h.folder)


@part
def old_ledger(h):
    """A ledger that was put back does not know of the last devices; their names would be given again."""
    h.goes(h.order('o', ONE))
    copy_ledger(h, 'old')
    h.goes(h.order('o', ONE + 3))
    copy_ledger(h, 'new')
    put_ledger(h, 'old')
    h.refuses(h.order('o', 2 * ONE), 'an old copy of the ledger was put back', 'signet ledger recover')
    put_ledger(h, 'new')
    h.goes(h.order('o', 2 * ONE))
    h.check('o', ['packets.ndjson'], 2 * ONE)


@part
def another_ledger(h):
    """One with an order of the same name, and as many devices."""
    h.goes(h.order('o', ONE))
    h.goes(h.order('o', 2 * ONE, work='work-2', packets='second.ndjson', ledger='second.db', file='second.yaml'))
    h.refuses(h.order('o', 3 * ONE, ledger='second.db', file='second.yaml'), 'with another ledger')
    h.goes(h.order('o', 2 * ONE))
    h.check('o', ['packets.ndjson'], 2 * ONE)


# sealed secrets

@part
def one_run_at_a_time(h):
    """Of an order in a work folder; the second is told. Another order may be at work there."""
    order, second = h.order('o', 2), h.order('second', 2, packets='second.ndjson', ledger='second.db')
    script = f"'{SIGNET}' run '{order}'; echo exit $?; '{SIGNET}' run '{second}'; echo exit $?"
    code, out = h.meanwhile(order, 'before-append:1', script)
    with open(h.at('script.log')) as f:
        said = f.read()
    need('another run is at work on this order' in said and 'exit 1' in said and 'exit 0' in said, said)
    need(code == 0 and len(h.packets('second.ndjson')) == len(h.packets('packets.ndjson')) == 2, out)


@part
def leftovers(h):
    """What a crash left half written, in the work folder, is swept away; what is not ours is left."""
    h.goes(h.order('o', 2))
    for name in ('.mint-0123456789abcdef-00000001.sealed.aB3xYz', '.0123456789abcdef0123456789abcdef.sealed.aB3xYz',
                 '.mint-0123456789abcdef.state.aB3xYz', '.mine', 'mine.sealed.txt'):
        h.write(os.path.join('work', name), 'x')
    h.goes(h.order('o', 3))
    left = set(os.listdir(h.at('work')))
    need({'.mine', 'mine.sealed.txt'} <= left, left)
    need(not [n for n in left if n.endswith('aB3xYz')], left)


@part(served=True)
def another_key(h):
    """With another key file nothing can be opened: that is told as such, and harms no device."""
    h.coiote.down = True
    order = h.order('o', ONE)
    h.goes(order, 3)
    h.coiote.down = False
    key = h.at('station.key')
    os.rename(key, key + '.right')
    seals = {p: open(p, 'rb').read() for p in h.seals()}
    for bad in (None, os.urandom(32)):  # a new one is made; somebody's
        if bad:
            with open(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 'wb') as f:
                f.write(bad)
        for args in (['run', order], ['ledger', 'sync', order]):
            p = subprocess.run([SIGNET, *args], capture_output=True, text=True, timeout=60)
            need(p.returncode == 1 and 'not the key' in p.stderr, f'{args}: {p.returncode} {p.stdout}{p.stderr}')
        need({p: open(p, 'rb').read() for p in h.seals()} == seals, 'seals were changed')
        need({d['state'] for d in h.devices('o').values()} == {VERIFIED}, 'devices were set aside')
    os.rename(key + '.right', key)
    h.ledger('sync', order)
    h.same_keys('o')
    os.remove(key)  # nothing is sealed: nothing is lost with it
    h.goes(h.order('o', ONE + 1))


@part
def wiped_seals(h):
    """A seal is overwritten before it is given up; one whose name comes back after a power cut is no seal."""
    order = h.order('o', ONE)
    h.kill(order, 'before-mark:1')
    path, = h.seals()
    size = os.path.getsize(path)
    os.link(path, h.at('peek'))
    h.goes(order)
    with open(h.at('peek'), 'rb') as f:
        need(f.read() == bytes(size), 'it was not overwritten')
    os.rename(h.at('peek'), path)
    h.goes(h.order('o', 2 * ONE))
    h.check('o', ['packets.ndjson'], 2 * ONE)


@part(served=True)
def two_orders_in_a_folder(h):
    """Each has its own seals and its own state."""
    h.coiote.down = True
    first, second = h.order('o', ONE), h.order('second', 2 * ONE, packets='second.ndjson')
    h.goes(first, 3)
    h.goes(second, 3)
    h.coiote.down = False
    h.ledger('sync', first)
    need({d['state'] for d in h.devices('second').values()} == {VERIFIED} and h.seals(), 'the other was touched')
    h.ledger('sync', second)
    for name, where, quota in (('o', 'packets.ndjson', ONE), ('second', 'second.ndjson', 2 * ONE)):
        h.check(name, [where], quota)


main(Mint)
