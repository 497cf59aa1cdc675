# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL server of one's own: in a temporary folder, on a Unix socket, gone at the end."""
import glob, os, random, shutil, socket, subprocess, sys, tempfile, threading, time
from _tools import once

SKIP = 77


def binaries():
    """The folder of initdb and pg_ctl, the newest; None when PostgreSQL is not installed."""
    folders = glob.glob('/usr/lib/postgresql/*/bin') + glob.glob('/usr/pgsql-*/bin')
    try:
        folders.append(subprocess.run(['pg_config', '--bindir'], capture_output=True, text=True).stdout.strip())
    except OSError:
        pass
    fit = [f for f in folders if os.access(os.path.join(f, 'initdb'), os.X_OK)]
    return max(fit, key=lambda f: [int(n) for n in f.split('/') if n.isdigit()] or [0], default=None)


def binaries_or_skip(name):
    folder = binaries()
    if folder is None:
        text = f'{name}: PostgreSQL is not installed (Debian: postgresql)'
        sys.exit(text) if os.environ.get('CI') == 'true' else print('skipped: ' + text)
        sys.exit(SKIP)
    return folder


def memory(bytes_free=1 << 30):
    """Where a file costs no disk, unless TMPDIR says where files go: a database has a thousand of them, and tests make hundreds."""
    try:
        s = os.statvfs('/dev/shm')
    except OSError:
        return None
    return '/dev/shm' if not os.environ.get('TMPDIR') and s.f_bavail * s.f_frsize >= bytes_free and os.access('/dev/shm', os.W_OK) else None


class Server:
    """with Server(bin) as s: ... s.url('name') is the address of a database."""
    def __init__(self, folder, **settings):
        self.bin = folder
        self.top = tempfile.mkdtemp(prefix='signet-pg-', dir=memory())
        self.data, self.log = os.path.join(self.top, 'data'), os.path.join(self.top, 'log')
        self.user, self.process = 'signet', None
        self.settings = {'listen_addresses': '', 'unix_socket_directories': self.top, 'fsync': 'on',
                         'max_connections': 60, 'deadlock_timeout': '200ms', 'shared_buffers': '64MB',
                         'max_wal_size': '512MB', 'log_min_messages': 'log', 'log_lock_waits': 'on',
                         **settings}

    def as_user(self, *command):
        """initdb refuses root: the package's user does it then."""
        who = ['--reuid=postgres', '--regid=postgres', '--clear-groups'] if os.geteuid() == 0 else []
        return ['setpriv', *who, *command]

    def call(self, program, *args, check=True, env=None):
        p = subprocess.run(self.as_user(os.path.join(self.bin, program), *args), cwd='/', text=True,
                           stdin=subprocess.DEVNULL, capture_output=True, env=env)
        if check and p.returncode:
            raise RuntimeError(f'{program}: {p.stdout[-500:]}{p.stderr[-500:]}')
        return p

    def __enter__(self):
        try:
            if os.geteuid() == 0:
                shutil.chown(self.top, 'postgres', 'postgres')
            os.chmod(self.top, 0o755)  # the socket is for all, the data folder is 0700
            self.make()
            with open(os.path.join(self.data, 'postgresql.conf'), 'a') as f:
                for name, value in self.settings.items():
                    f.write(f"{name} = '{value}'\n")
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def make(self):
        """A copy of what initdb made once: of its seconds of work there are twenty in a run of the tests."""
        made, why = once('postgresql-' + self.bin.strip('/').replace('/', '-'), ['sh', '-ec', '''
            there=$(mktemp -d "${TMPDIR:-/tmp}/signet-initdb-XXXXXX")
            trap 'rm -rf "$there"' EXIT
            [ "$(id -u)" -ne 0 ] || chown postgres:postgres "$there"
            cd /
            "$@" -D "$there/data" -U signet -A trust -E UTF8 --locale=C --no-instructions
            cp -a "$there/data" "$0"''', '{folder}', *self.as_user(os.path.join(self.bin, 'initdb'))])
        if not made:
            raise RuntimeError(why)
        subprocess.run(['cp', '-a', os.path.join(made, 'data'), self.data], check=True)

    def __exit__(self, *_):
        if self.process:
            self.stop('immediate')
        shutil.rmtree(self.top, ignore_errors=True)

    def start(self):
        """As a child that ends with us, also when we are killed: pg_ctl would set it free."""
        with open(self.log, 'a') as log:
            self.process = subprocess.Popen(
                self.as_user('--pdeathsig', 'QUIT', os.path.join(self.bin, 'postgres'), '-D', self.data), cwd='/',
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        end = time.monotonic() + 60
        while subprocess.run([os.path.join(self.bin, 'pg_isready'), '-q', '-h', self.top]).returncode:
            if self.process.poll() is not None or time.monotonic() > end:
                with open(self.log) as f:
                    raise RuntimeError('PostgreSQL does not start: ' + f.read()[-1000:])
            time.sleep(0.05)

    def stop(self, mode):
        self.call('pg_ctl', '-D', self.data, '-m', mode, '-w', '-t', '60', 'stop', check=False)
        self.process.wait()
        self.process = None

    def url(self, name, user=None):
        return f'postgresql:///{name}?host={self.top}&user={user or self.user}'

    def sql(self, text, name='postgres', check=True):
        """The rows, as lists of text."""
        p = subprocess.run([os.path.join(self.bin, 'psql'), '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1',
                            '-F', '\t', '-d', self.url(name), '-c', text], capture_output=True, text=True)
        if check and p.returncode:
            raise RuntimeError(p.stderr)
        return [line.split('\t') for line in p.stdout.splitlines()]

    def create(self, name):
        self.sql(f'CREATE DATABASE {name}')
        return self.url(name)


class Standby(Server):
    """Of another server, as docs/SPEC.md sets one up: what is committed there comes here; promote() makes it the primary."""
    def __init__(self, primary, name, **settings):
        self.primary = primary
        super().__init__(primary.bin, cluster_name=name, **settings)

    def make(self):
        self.call('pg_basebackup', '-h', self.primary.top, '-U', self.user, '-D', self.data, '-R', '-c', 'fast')

    def promote(self):
        self.call('pg_ctl', '-D', self.data, '-w', '-t', '60', 'promote')


class Between:
    """A connection that is lost at COMMIT: a socket between stations and server, and what becomes of a commit
    whose client hears nothing more of it: it took place, it never reached the server, or it reaches it late."""
    WAYS = ('took place', 'never came', 'came late')

    def __init__(self, server, often):
        self.folder = tempfile.mkdtemp(prefix='signet-between-')
        self.target = os.path.join(server.top, '.s.PGSQL.5432')
        self.user, self.often, self.lost = server.user, often, dict.fromkeys(self.WAYS, 0)
        self.open, self.lock = True, threading.Lock()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(os.path.join(self.folder, '.s.PGSQL.5432'))
        self.listener.listen(64)
        threading.Thread(target=self.accept, daemon=True).start()

    def url(self, name):
        return f'postgresql:///{name}?host={self.folder}&user={self.user}'

    def close(self):
        self.open = False
        self.listener.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def accept(self):
        while self.open:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self.target)
            threading.Thread(target=self.back, args=(server, client), daemon=True).start()
            threading.Thread(target=self.forth, args=(client, server), daemon=True).start()

    @staticmethod
    def end(*sockets):
        for s in sockets:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def back(self, server, client):
        try:
            while data := server.recv(65536):
                client.sendall(data)
        except OSError:
            pass
        self.end(client)

    def forth(self, client, server):
        buffer, started = b'', False
        try:
            while data := client.recv(65536):
                buffer += data
                while len(buffer) >= 5:
                    length = int.from_bytes(buffer[1:5], 'big') + 1 if started else int.from_bytes(buffer[:4], 'big')
                    if len(buffer) < length:
                        break
                    message, buffer, started = buffer[:length], buffer[length:], True
                    if message[5:] == b'COMMIT\0' and random.random() < self.often:
                        return self.lose(message, client, server)
                    server.sendall(message)
        except OSError:
            pass
        self.end(server)

    def lose(self, message, client, server):
        way = random.choice(self.WAYS)
        with self.lock:
            self.lost[way] += 1
        if way == 'took place':
            client.shutdown(socket.SHUT_RDWR)  # the answer has nobody to go to
            server.sendall(message)
            time.sleep(0.05)
        elif way == 'came late':
            client.shutdown(socket.SHUT_RDWR)  # the station asks while its old commit is still to come
            time.sleep(random.uniform(0.1, 0.6))
            server.sendall(message)
            time.sleep(0.05)
        self.end(client, server)
