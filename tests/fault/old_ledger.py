# SPDX-License-Identifier: Apache-2.0
"""An old copy of the ledger is put back: no run goes on with it, and after `signet ledger recover` no name is given twice."""
import glob, json, os, shutil, subprocess
import _parts
from _hall import Hall
from _mint import House
from _parts import part
from _postgres import Server, binaries
from _signet import DONE, SIGNET, TORTURE, VOID, need

OLD, MORE = 20, 30


class Box:
    """A house for batches, or a hall for boards, whose ledger is copied and put back."""
    def __init__(self, folder, boards=0, postgres=False, another=False):
        self.house = None if boards else House(folder)
        self.hall = Hall(folder, slots=boards, pattern=True) if boards else None
        self.at, self.another = (self.hall or self.house).at, another
        self.server = Server(binaries()) if postgres else None
        if self.server:
            self.server.__enter__()
            self.house.database = (self.server, 'l', self.server.create('l'))

    def close(self):
        if self.hall:
            self.hall.close()
        if self.server:
            self.server.__exit__()

    def copy(self, name):
        if self.server:
            self.server.sql(f'CREATE DATABASE {name} TEMPLATE l')
            return
        os.makedirs(self.at(name))
        for path in glob.glob(self.at('ledger.db*')):
            shutil.copy2(path, self.at(name))

    def put_back(self, name):
        if self.server:
            self.server.sql('DROP DATABASE l')
            self.server.sql(f'CREATE DATABASE l TEMPLATE {name}')
            return
        for path in glob.glob(self.at('ledger.db*')):
            os.remove(path)
        for path in glob.glob(self.at(name, '*')) if name else ():
            shutil.copy2(path, self.at('.'))

    def call(self, *args, code=0):
        p = subprocess.run([SIGNET, *args], capture_output=True, text=True)
        need(p.returncode == code, f'{args}: exit {p.returncode}: {p.stdout}{p.stderr}')
        return p.stdout + p.stderr

    def refuses(self, order, *words):
        """A run, a dry run and a sync, and the ledger stays as it is."""
        for args in ('run', order), ('run', order, '--dry-run'), ('ledger', 'sync', order):
            said = self.call(*args, code=1)
            for word in *words, 'signet ledger recover ORDER.yaml':
                need(word in said, f'{args}: no {word!r} in {said}')

    def recover(self, order, names=None, devices=0, age='behind'):
        """Twice to look, once to do it; what was found, which is the same each time."""
        for args in [], [], ['--yes']:
            rows = [json.loads(line) for line in self.call('ledger', 'recover', order, '--json', *args).splitlines()]
            end = next(r for r in rows if r['event'] == 'recovery')
            lost = [r for r in rows if r['event'] == 'lost']
            names = end['names'] if names is None else names
            need((end['ledger'], end['names'], end['devices'], end['done']) == (age, names, devices, args == ['--yes']), end)
            need(len(lost) == names + devices, lost)
        need('nothing is to be done' in self.call('ledger', 'recover', order, '--yes'), 'it is not at an end')
        return lost


@part
@part(name='on_postgres', postgres=True)
def batch(b):
    h = b.house
    for quota in OLD, OLD + MORE:
        need(h.run(h.order('o', quota))[0] == 0, 'a run')
        if quota == OLD:
            b.copy('old')
    b.put_back('old')
    order = h.order('o', 2 * OLD + MORE)
    b.refuses(order, 'an old copy of the ledger was put back: event ', "of station A")
    said = b.call('ledger', 'recover', order)
    need(f'{MORE} names that the ledger does not know' in said and '--yes' in said, said)
    b.recover(order, MORE)
    code, said = h.run(order)
    devices, out = h.devices('o'), h.packets('packets.ndjson')  # a line twice would be found there
    void = {n for n, d in devices.items() if d['state'] == VOID}
    need(len(devices) == len(out) == 2 * OLD + MORE and len(void) == MORE, f'{len(devices)} {len(out)} {len(void)}: {said}')
    need(set(out) == set(devices) and all(d['exposed'] for d in devices.values()), 'other names')
    h.verify()


@part
def one_came_back(b):
    """The name with the highest number was reserved by a run that was killed, and is given out after a lower one came back."""
    h = b.house
    need(h.run(h.order('o', 1))[0] == 0, 'a run')
    b.copy('old')
    order = h.order('o', 4)
    need(h.run(order, program=TORTURE, failpoint='before-seal:1')[0] == -9, 'no kill')
    names = sorted(h.devices('o'))
    need(len(names) == 4, names)
    b.call('ledger', 'void', b.at('ledger.db'), names[1], '--force', '--reason', 'test')
    need(h.run(order)[0] == 0 and h.devices('o')[names[3]]['state'] == DONE, 'a run')
    b.put_back('old')
    b.recover(order, 3)


@part
def worked_on(b):
    """From another folder, with the same station's name: the chain has another end."""
    h = b.house
    need(h.run(h.order('o', OLD))[0] == 0, 'a run')
    b.copy('old')
    need(h.run(h.order('o', OLD + MORE))[0] == 0, 'a run')
    b.put_back('old')
    need(h.run(h.order('o', 2 * (OLD + MORE), work='work-2', packets='p2.ndjson', file='2.yaml'))[0] == 0, 'a run')
    order = h.order('o', 2 * (OLD + MORE))
    b.refuses(order, 'put back, and worked on')
    b.recover(order, 0, age='forked')  # its names were given a second time; no more can be saved


@part
def gone(b):
    """A ledger that is lost, and one of the same name and station that is another."""
    h = b.house
    need(h.run(h.order('o', OLD))[0] == 0, 'a run')
    order = h.order('o', 2 * OLD)
    b.put_back(None)
    b.refuses(order, "is gone: the work folder")
    need(not glob.glob(b.at('ledger.db*')), 'a ledger was made')
    need(h.run(h.order('o', 3, work='work-2', packets='p2.ndjson', file='2.yaml'))[0] == 0, 'a run')
    b.refuses(order, 'with another ledger')
    b.put_back(None)
    b.recover(order, OLD, age='another')
    need(h.run(order)[0] == 0 and len(h.packets('packets.ndjson')) == 2 * OLD, 'names were given twice')
    h.verify()


@part
def damaged(b):
    h = b.house
    order = h.order('o', 3)
    need(h.run(order)[0] == 0, 'a run')
    memory, = glob.glob(b.at('work', '*.head'))
    with open(memory) as f:
        whole = f.read()
    for text in '', whole[:-4], whole.replace('names 3', 'names 03'), 'x' + whole, whole.replace('issued', 'x'):
        with open(memory, 'w') as f:
            f.write(text)
        need('is damaged' in b.call('run', order, code=1), text)
    os.remove(memory)
    need('left anything in the folder' in b.call('ledger', 'recover', order, code=1), 'nothing was known')
    need(h.run(order)[0] == 0, 'a folder of an older version')


@part
def copied(b):
    """A folder with all that is in it was copied: one of the two gives out names. It may be moved, and be put elsewhere by a copy."""
    h = b.house
    order = h.order('o', 2)
    need(h.run(order)[0] == 0, 'a run')
    os.rename(b.at('work'), b.at('work-2'))
    order = h.order('o', 4, work='work-2')
    code, said = h.run(order)
    need(code == 0 and 'another work folder' not in said, f'it was moved: {said}')
    twin = b.at('twin')
    os.makedirs(twin)
    for path in glob.glob(b.at('[!t]*')) + [b.at('template')]:
        (shutil.copytree if os.path.isdir(path) else shutil.copy2)(path, os.path.join(twin, os.path.basename(path)))
    there = os.path.join(twin, 'o.yaml')
    for args in ('run', there), ('run', '--dry-run', there), ('ledger', 'sync', there), ('ledger', 'recover', there, '--yes'):
        said = b.call(*args, code=1)
        need(f"is a copy of '{os.path.realpath(b.at('work-2'))}', which is there as well" in said and 'move the other one away' in said, said)
    code, said = h.run(h.order('o', 6, work='work-2'))
    need(code == 0 and 'copy' not in said and 'another' not in said, f'the first one goes on: {said}')
    os.remove(os.path.join(twin, 'packets.ndjson'))

    def passes(why):
        said = b.call('run', '--dry-run', there)
        need('another work folder' in said, f'{why}; a copy has a number of its own: {said}')

    memory, = glob.glob(b.at('work-2', 'ledger-*.head'))
    os.rename(memory, b.at('kept'))
    passes('the order is no more in the first one')
    os.rename(b.at('kept'), memory)
    os.rename(b.at('work-2'), b.at('away'))
    passes('it was moved away')
    shutil.copytree(b.at('away'), b.at('work-2'))
    passes('another folder is there')


@part
def the_next_order(b):
    """It knows nothing itself; what another order of the folder knows is enough."""
    h = b.house
    need(h.run(h.order('o', 2, packets='o.ndjson'))[0] == 0, 'a run')
    b.copy('old')
    need(h.run(h.order('o', 4, packets='o.ndjson'))[0] == 0, 'a run')
    order = h.order('n', 6, packets='n.ndjson', pattern='urn:dev:os:o-{serial:07}')
    need(h.run(h.order('m', 1, packets='m.ndjson', ledger='m.db'))[0] == 0, 'an order with another ledger is none of its matter')
    b.put_back('old')
    for args in ('run', order), ('run', order, '--dry-run'), ('ledger', 'sync', order):
        said = b.call(*args, code=1)
        need('an old copy of the ledger was put back: event ' in said and 'from another order' in said and 'with that order' in said, said)
    b.call('ledger', 'recover', h.order('o', 4, packets='o.ndjson'), '--yes')
    _, said = h.run(order)
    need(len(h.packets('n.ndjson')) == 2 and not set(h.packets('o.ndjson')) & set(h.packets('n.ndjson')), said)


def while_it_runs(h, what, code=1):
    """What a run says and gives when something was done after its first packets."""
    p = h.start(h.order('o', 100000))
    while not os.path.exists(h.at('packets.ndjson')) or not os.path.getsize(h.at('packets.ndjson')):
        need(p.poll() is None, 'it has ended')
    what()
    said = p.communicate(timeout=100)[0]
    need(p.returncode == code, f'exit {p.returncode}: {said}')
    return said


@part
def moved_in_a_run(b):
    """What would be written is lost with the last program that has the file open."""
    h = b.house
    def move():
        b.call('ledger', 'backup', b.at('ledger.db'), b.at('copy.db'))  # it is known as a ledger from the first moment
        os.rename(b.at('ledger.db'), b.at('monday.db'))

    said = while_it_runs(h, move)
    need("was moved, removed or replaced while it was in use" in said and 'put it back' in said, said)
    os.rename(b.at('monday.db'), b.at('ledger.db'))
    b.call('ledger', 'verify', b.at('ledger.db'))


@part(name='an_output_is_replaced_in_a_run', another=True)
@part
def an_output_goes_in_a_run(b):
    h = b.house

    def move():
        os.rename(b.at('packets.ndjson'), b.at('away'))
        if b.another:
            open(b.at('packets.ndjson'), 'w').close()

    said = while_it_runs(h, move)
    need('was moved, removed or replaced while the run wrote to it' in said and 'put it back' in said, said)
    os.rename(b.at('away'), b.at('packets.ndjson'))
    devices = len(h.packets('packets.ndjson', whole=False))
    code, said = h.run(h.order('o', devices + 2000))
    need(code == 0 and len(h.packets('packets.ndjson')) == devices + 2000, said)
    h.verify()


@part
def a_second_name(b):
    """SQLite's log and locks lie beside a name: two names of one file write into each other."""
    h = b.house
    need(h.run(h.order('o', 2))[0] == 0, 'a run')
    os.link(b.at('ledger.db'), b.at('linked.db'))
    for ledger in 'ledger.db', 'linked.db':
        said = b.call('run', h.order('n', 2, ledger=ledger, packets='n.ndjson'), code=1)
        need('has a second name (a hard link)' in said and 'remove the other name' in said, said)
    b.call('ledger', 'list', b.at('linked.db'))  # to look is no harm
    os.remove(b.at('linked.db'))
    os.mkdir(b.at('c'))
    open(b.at('c/ledger.db'), 'w').close()
    if subprocess.run(['mount', '--bind', b.at('ledger.db'), b.at('c/ledger.db')], capture_output=True).returncode:
        return  # as another user than root
    try:
        said = b.call('run', h.order('n', 2, ledger='c/ledger.db', packets='n.ndjson'), code=1)
        need('is a file that is mounted alone' in said and 'mount its folder' in said, said)
    finally:
        subprocess.run(['umount', b.at('c/ledger.db')], check=True)


@part(boards=2)
def boards(b):
    """Boards that are done, and one that is in work, which the old copy does not know of."""
    h = b.hall
    order = h.order(2)
    need(h.run(order) == 0, 'a run')
    b.copy('old')
    file = open(order).read()
    with open(order, 'w') as f:
        f.write(file.replace('quota: 2', 'quota: 4'))
    h.operator()
    need(h.run(order) == 0, 'a run')
    with open(order, 'w') as f:
        f.write(file.replace('quota: 2', 'quota: 9'))
    h.operator()
    h.run(order, failpoint='after-load:1')
    before = h.applied()
    b.put_back('old')
    b.refuses(order, 'an old copy of the ledger was put back')
    need(h.run(order) == 1 and h.applied() == before, 'a board was touched')
    lost = b.recover(order)
    need(len(lost) in (3, 4) and [r for r in lost if r['sealed']], f'two were done, one or two in work: {lost}')
    for _ in range(4):
        h.operator()
        h.run(order)
    names = {}
    for hw, packet in {**before, **h.applied()}.items():
        for d in h.devices():
            if d['endpoint'].encode() in packet:
                need(names.setdefault(d['endpoint'], hw) == hw, f'{d["endpoint"]} is on two boards')
    states = sorted(d['state'] for d in h.devices())
    need(states == [DONE] * (9 - len(lost)) + [VOID] * len(lost), states)
    b.call('ledger', 'verify', b.at('ledger.db'))


@part(boards=1)
def half_known(b):
    """The old copy has the device as reserved; by now its credentials are on a board."""
    h = b.hall
    order = h.order(2)
    need(h.run(order, failpoint='after-reserved:1') == -9, 'not killed')
    b.copy('old')
    h.run(order)
    b.put_back('old')
    b.refuses(order, 'an old copy of the ledger was put back')
    lost = b.recover(order, 0, devices=1)
    need(lost[0]['state'] == 'reserved', lost)
    h.operator()
    h.change(1)
    h.run(order)
    need(sorted(d['state'] for d in h.devices()) == [DONE, VOID], [d['state'] for d in h.devices()])


if not binaries():
    del _parts.PARTS['on_postgres']
_parts.main(Box)
