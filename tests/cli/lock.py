#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""lock: true in an order: after all else the debug port of each board is locked, and a read is refused; the ledger and
the report have it. A run that was killed behind the lock cannot erase the board: it fails, and is made again
where the order says recover."""
import json, os, sqlite3, subprocess, tempfile
from _hall import Hall
from _signet import DONE, SIGNET, Broken, need

WRITTEN = 3


def call(*args):
    return subprocess.run([SIGNET, *args], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)


def read(hall, slot):
    p = call('sim', 'tell', hall.at('rack', f'{slot}.control'), 'read')
    return 'locked' if 'error the debug port is locked' in p.stderr else p.stdout.strip()


def locked(hall):
    with sqlite3.connect(f'file:{hall.at("ledger.db")}?mode=ro', uri=True) as db:
        return dict(db.execute("SELECT d.endpoint, e.detail FROM events e JOIN devices d ON d.id = e.device WHERE e.kind = 'locked'"))


def main():
    with tempfile.TemporaryDirectory() as folder:
        hall = Hall(folder, slots=2)
        try:
            plain = hall.order(2)
            need(hall.run(plain) == 0 and not locked(hall) and read(hall, 1) == 'ok', 'nobody asked for a lock')
            hall.operator()
            order = hall.order(2, 'lock: true\n')
            p = call('run', order, '--json', '--wait', '2')
            need(p.returncode == 0, p.stderr)
            report = json.loads(p.stdout.splitlines()[-1])
            need(report['locked'] == 2 and any(s['stage'] == 'lock' and s['count'] == 2 for s in report['stages']), report)
            need(len(locked(hall)) == 2 and set(locked(hall).values()) == {'after a reset a read was refused'}, locked(hall))
            need([read(hall, i) for i in (1, 2)] == 2 * ['locked'], 'a board can be read')
            shown = json.loads(call('evidence', order, '--json').stdout)
            need((shown['devices']['made'], shown['devices']['locked'], shown['process']['lock']) == (2, 2, True), shown)
            need([i['count'] for i in shown['images']] == [2] and shown['unique']['boards']['different'] == 2, shown)
            name = next(iter(locked(hall)))
            need('locked' in call('ledger', 'show', hall.at('ledger.db'), name).stdout, 'the history of a device has no lock')

            hall.operator()
            order = hall.order(1, 'lock: true\n')
            need(hall.run(order, failpoint='after-lock:1') == -9, 'no kill')
            need(hall.run(order) != 0, 'a locked board was erased without a word')
            state = lambda: [d['state'] for d in hall.devices() if d['order_name'] == 'order-3']
            need(state() == [WRITTEN] and len(locked(hall)) == 2, 'it is half made, and no lock of it is on record')
            with open(order) as f:
                text = f.read()
            hall.write('order-3.yaml', text.replace('flasher: nrfjprog', 'flasher: nrfjprog\n  flasher_recover: "yes"'))
            need(hall.run(order) == 0 and state() == [DONE] and len(locked(hall)) == 3, f'recovered: {state()}')

            openocd = 'flasher: openocd, flasher_tool: /bin/true, flasher_target: t'
            for flasher, lock, words in (('flasher: exec, flasher_command: "/bin/true {image}"', 'lock: true\n', 'its flasher cannot lock a debug port'),
                                         (openocd, 'lock: true\n', 'and openocd with flasher_lock'),
                                         (openocd + ', flasher_lock: stm32f4x lock 0', '', 'write lock: true in the order, too')):
                with open(hall.order(1)) as f:
                    text = f.read().split('board:\n')
                rest = 'slots:' + text[1].split('slots:')[1]
                hall.write('bad.yaml', f'{text[0]}board: {{recipe: anjay-zephyr, {flasher}, initial: initial.hex}}\n{rest}{lock}')
                p = call('run', hall.at('bad.yaml'))
                need(p.returncode != 0 and words in p.stderr, p.stderr)
            hall.write('bad.yaml', 'name: x\nquota: 1\ntemplate: template\nledger: l.db\nlock: true\noutput: {packets: p/}\nnames: {pattern: "x{serial}"}\n')
            p = call('run', hall.at('bad.yaml'))
            need(p.returncode != 0 and "'lock' needs a 'board'" in p.stderr, p.stderr)
        except Broken:
            if os.path.exists(hall.at('log')):
                with open(hall.at('log'), errors='replace') as f:
                    print(''.join(f.readlines()[-25:]))
            raise
        finally:
            hall.close()
    print('lock: ok')


main()
