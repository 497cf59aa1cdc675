# SPDX-License-Identifier: Apache-2.0
"""What the tests of whole programs share: where they are, what the ledger's numbers mean, a folder."""
import os, signal, subprocess, threading

BUILD, SOURCE = os.environ['SIGNET_BUILD'], os.environ['SIGNET_SOURCE']
SIGNET = os.path.join(BUILD, 'signet')
TORTURE = os.path.join(BUILD, 'tests', 'signet_torture')  # the same with places where it can be ended
STATES = ['reserved', 'keyed', 'writing', 'written', 'verified', 'registered', 'done', 'failed', 'void']
RESERVED, WRITING, VERIFIED, REGISTERED, DONE, FAILED, VOID = 0, 2, 4, 5, 6, 7, 8
TEMPLATE = """{OID.Security: {1: {RID.Security.ServerURI: 'coaps://127.0.0.1:5684', RID.Security.Bootstrap: False,
 RID.Security.Mode: %d, RID.Security.ShortServerID: 1}}, OID.Server: {1: {RID.Server.ShortServerID: 1,
 RID.Server.Lifetime: 60, RID.Server.NotificationStoring: False, RID.Server.Binding: 'U'}}}"""
IMAGE = ':0400000001020304F2\n:00000001FF\n'


class Broken(Exception):
    pass


def need(condition, text=''):
    if not condition:
        raise Broken(text)


def with_failpoint(failpoint=None, listing=None):
    """The environment of TORTURE: where it ends (PLACE:NUMBER), and the file in which it lists its places."""
    env = dict(os.environ)
    for key, value in (('SIGNET_FAILPOINT', failpoint), ('SIGNET_FAILPOINT_LIST', listing)):
        env.pop(key, None)
        if value:
            env[key] = value
    return env


def ended(process, name, after=None, timeout=300):
    """Waits for the end, or kills it after some seconds; what it said, if anyone listens."""
    try:
        return process.communicate(timeout=timeout if after is None else after)[0]
    except subprocess.TimeoutExpired:
        need(after is not None, f'{name}: hangs')
        process.send_signal(signal.SIGKILL)
        return process.communicate(timeout=60)[0]


def rest(process, timeout):
    """What it says from here to its end, on stdout and stderr. communicate() leaves out what somebody who read line by line has read ahead."""
    timer = threading.Timer(timeout, process.kill)
    timer.start()
    said = [stream.read() if stream else None for stream in (process.stdout, process.stderr)]
    process.wait()
    timer.cancel()
    return said


class Folder:
    def __init__(self, folder):
        self.folder = folder

    def at(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, text):
        with open(os.open(self.at(name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 'w') as f:
            f.write(text)

    def server_certificate(self):
        """server/client_cert.crt, for devices in mode cert"""
        subprocess.run([SIGNET, 'cert', 'make', '--endpoint', 'server.example', '--output', self.at('server')],
                       check=True, capture_output=True)
