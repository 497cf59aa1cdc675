# SPDX-License-Identifier: Apache-2.0
"""A database server that is there and says nothing: it is told, Ctrl-C works, and the order goes on when it answers."""
import os, re, select, shutil, signal, socket, tempfile, threading, time
import _parts
from _mint import House
from _parts import part
from _postgres import Server, binaries_or_skip
from _signet import need, rest

BIN = binaries_or_skip('hung_postgres')


class Proxy:
    """Between stations and server; while it is frozen, nothing comes through, and no connection ends."""
    def __init__(self, server):
        self.folder = tempfile.mkdtemp(prefix='signet-proxy-')
        self.target = os.path.join(server.top, '.s.PGSQL.5432')
        self.url = f'postgresql:///l?host={self.folder}&user={server.user}'
        self.frozen, self.open = threading.Event(), True
        self.left = None  # bytes that stations may send until it freezes by itself
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(os.path.join(self.folder, '.s.PGSQL.5432'))
        self.listener.listen(16)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while self.open:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self.target)
            threading.Thread(target=self.carry, args=(client, server), daemon=True).start()

    def carry(self, a, b):
        while self.open:
            if self.frozen.is_set():
                time.sleep(0.05)
                continue
            for s in select.select([a, b], [], [], 0.2)[0]:
                try:
                    data = s.recv(65536)
                    (b if s is a else a).sendall(data)
                    if s is a and self.left is not None:
                        self.left -= len(data)
                        if self.left < 0:
                            self.frozen.set()
                            self.left = None
                except OSError:
                    data = b''
                if not data:
                    a.close()
                    b.close()
                    return

    def close(self):
        self.open = False
        self.frozen.clear()
        self.listener.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Place:
    def __init__(self, folder):
        self.server = Server(BIN)
        self.server.__enter__()
        self.server.create('l')
        self.proxy = Proxy(self.server)
        self.house = House(folder)
        self.house.database = (self.server, 'l', self.proxy.url)

    def close(self):
        self.proxy.close()
        self.server.__exit__()

    def freeze_in_the_middle(self, order):
        h = self.house
        self.proxy.left = 300000
        run = h.start(order)
        need(self.proxy.frozen.wait(120), 'it did not come that far')
        need(0 < len(h.devices('o')) < 3000, len(h.devices('o')))
        return run


@part
def told(p):
    """After 10 s, with the server's name; then it answers, and the run goes on to its end."""
    h = p.house
    run = p.freeze_in_the_middle(h.order('o', 3000))
    said = ''
    while 'has not answered for' not in said:
        line = run.stdout.readline()
        need(line, f'it ended: {said}')
        said += line
    need(p.proxy.url in said and 10 <= int(re.search(r'not answered for (\d+) s', said)[1]) < 60, said)
    p.proxy.frozen.clear()
    said += rest(run, 300)[0]
    need(run.returncode == 0, said)
    h.check('o', ['packets.ndjson'], 3000)


@part
def ended(p):
    """By the first Ctrl-C; what it left is mended by the next run."""
    h = p.house
    order = h.order('o', 3000)
    run = p.freeze_in_the_middle(order)
    begin = time.monotonic()
    run.send_signal(signal.SIGINT)
    said = run.communicate(timeout=60)[0]  # it was 20 s, and Ctrl-C did not matter
    took = time.monotonic() - begin
    need(run.returncode == 4 and took < 15, f'{took:.1f} s, exit {run.returncode}: {said}')
    run = h.start(order)  # at the beginning, too
    time.sleep(1)
    begin = time.monotonic()
    run.send_signal(signal.SIGINT)
    said = run.communicate(timeout=60)[0]
    again = time.monotonic() - begin
    need(run.returncode == 4 and again < 15, said)
    need(min(took, again) < 5, f'{took:.1f} s, {again:.1f} s')  # both 1.1 s on an idle machine
    p.proxy.frozen.clear()
    for _ in range(2):
        code, said = h.run(order)
    need(code == 0, said)
    h.check('o', ['packets.ndjson'], 3000)


@part
def hosts(p):
    """The first host of an address does not answer at all: the second one is asked."""
    h = p.house
    p.proxy.frozen.set()
    h.database = (p.server, 'l', f'postgresql:///l?host={p.proxy.folder},{p.server.top}&user={p.server.user}')
    code, said = h.run(h.order('o', 10))
    need(code == 0, said)
    h.check('o', ['packets.ndjson'], 10)


_parts.main(Place)
