# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL server of one's own: in a temporary folder, on a Unix socket, gone at the end."""
import glob, os, shutil, subprocess, sys, tempfile

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


class Server:
    """with Server(bin) as s: ... s.url('name') is the address of a database."""
    def __init__(self, folder, **settings):
        self.bin = folder
        self.top = tempfile.mkdtemp(prefix='signet-pg-')
        self.data, self.log = os.path.join(self.top, 'data'), os.path.join(self.top, 'log')
        self.user, self.running = 'signet', False
        self.settings = {'listen_addresses': '', 'unix_socket_directories': self.top, 'fsync': 'on',
                         'max_connections': 60, 'deadlock_timeout': '200ms', 'shared_buffers': '64MB',
                         'max_wal_size': '512MB', 'log_min_messages': 'log', 'log_lock_waits': 'on',
                         **settings}

    def as_user(self, *command):
        """initdb refuses root: the package's user does it then."""
        return ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups', *command] \
            if os.geteuid() == 0 else list(command)

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
            self.call('initdb', '-D', self.data, '-U', self.user, '-A', 'trust', '-E', 'UTF8',
                      '--locale=C', '--no-instructions')
            with open(os.path.join(self.data, 'postgresql.conf'), 'a') as f:
                for name, value in self.settings.items():
                    f.write(f"{name} = '{value}'\n")
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.running:
            self.stop('immediate')
        shutil.rmtree(self.top, ignore_errors=True)

    def start(self):
        # its output goes to the log: a pipe that a postmaster holds open would never end
        subprocess.run(self.as_user(os.path.join(self.bin, 'pg_ctl'), '-D', self.data, '-l', self.log, '-w',
                                    '-t', '60', 'start'), cwd='/', check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.running = True

    def stop(self, mode):
        self.call('pg_ctl', '-D', self.data, '-m', mode, '-w', '-t', '60', 'stop', check=False)
        self.running = False

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
