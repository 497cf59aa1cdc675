#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The simulated board, driven by an SMP client that is not ours (smpclient): what it says must be SMP to others."""
import asyncio, contextlib, hashlib, logging, os, subprocess, sys, tempfile

from _tools import require
require('smpclient[serial]==7.3.0', 'smpmgr==0.19.1', 'mcumgr-toolkit==0.20.0')  # as interop/smp_clients: one environment

import cbor2
from smp.error import MGMT_ERR
from smp.header import Header, Version
from smpclient import SMPClient
from smpclient.exceptions import SMPUploadError
from smpclient.generics import error, success
from smpclient.requests.file_management import (FileClose, FileDownload, FileHashChecksum, FileStatus, FileUpload,
                                                SupportedFileHashChecksumTypes)
from smpclient.requests.os_management import EchoWrite, MCUMgrParametersRead, OSApplicationInfoRead, ResetWrite
from smpclient.requests.shell_management import Execute
from smpclient.transport.serial import BufferSize, SMPSerialTransport

from _signet import SIGNET, SOURCE
from _sim_board import board

CONFIG = os.path.join(SOURCE, 'examples/configs/endpoint_cfg')
NAME = 'urn:dev:mac:0123456789abcdef'
failures = []

def expect(name, ok, seen=''):
    if not ok:
        failures.append(f'{name}: {seen}')

class Transport(SMPSerialTransport):
    """Boards up to Zephyr 3.2 say "rc": 0 beside the offset of a file; smpclient knows no such boards."""

    async def send_and_receive(self, data):
        frame = await super().send_and_receive(data)
        body = cbor2.loads(frame[Header.SIZE:])
        if 'off' in body and body.get('rc') == 0:
            del body['rc']
            rest = cbor2.dumps(body)
            frame = frame[:2] + len(rest).to_bytes(2, 'big') + frame[4:Header.SIZE] + rest
        return frame

@contextlib.asynccontextmanager
async def client(port):
    async with SMPClient(Transport(BufferSize(buf_size=384), baudrate=115200), port, timeout_s=20) as c:
        yield c

async def files(port, version, info):
    """Every request that a file system and a shell take, in both versions of the protocol."""
    data = bytes(i * 7 & 0xff for i in range(5000))
    async with client(port) as c:
        r = await c.request(EchoWrite(d='hello', version=version))
        expect('echo', success(r) and r.r == 'hello', r)
        r = await c.request(MCUMgrParametersRead(version=version))
        expect('parameters', success(r) and r.buf_size == 384, r)
        r = await c.request(OSApplicationInfoRead(version=version))
        expect('info', success(r) and 'Zephyr' in r.output if info else r.rc == MGMT_ERR.ENOTSUP, r)
        off = 0
        while off < len(data):
            r = await c.request(FileUpload(off=off, data=data[off:off + 256], name='/lfs/a',
                                           len=len(data) if not off else None, version=version))
            expect(f'upload at {off}', success(r) and r.off == min(off + 256, len(data)), r)
            if error(r):
                return
            off = r.off
        got, want = b'', None
        while want is None or len(got) < want:
            r = await c.request(FileDownload(off=len(got), name='/lfs/a', version=version))
            if error(r):
                expect('download', False, r)
                return
            want = r.len if r.len is not None else want
            got += r.data
        expect('download', got == data, len(got))
        r = await c.request(FileStatus(name='/lfs/a', version=version))
        expect('status', success(r) and r.len == len(data), r)
        r = await c.request(FileStatus(name='/lfs/none', version=version))
        expect('status of nothing', error(r), r)
        r = await c.request(FileHashChecksum(name='/lfs/a', type='sha256', version=version))
        expect('sha256', success(r) and r.output == hashlib.sha256(data).digest(), r)
        r = await c.request(SupportedFileHashChecksumTypes(version=version))
        expect('hash types', success(r) and 'sha256' in r.types, r)
        r = await c.request(FileClose(version=version))
        expect('close', success(r) == (version == Version.V2), r) # older boards do not know it
        r = await c.request(Execute(argv=['no', 'such'], version=version))
        expect('shell', success(r) and r.ret == -8 and 'not found' in r.o, r)

async def recipe(port, packet, folder):
    """A device is provisioned: its name is read, the packet goes to /factory, the result comes."""
    async with client(port) as c:
        for attempt in range(100): # the file system is mounted a while after the boot
            try:
                name = await c.download_file('/factory/endpoint.txt')
                break
            except SMPUploadError:
                await asyncio.sleep(0.1)
        expect('name', name == NAME.encode(), name)
        offsets = [off async for off in c.upload_file(packet, '/factory/provision.cbor')]
        expect('offsets', offsets == sorted(offsets) and offsets[-1] == len(packet), offsets)
        result = await c.download_file('/factory/result.txt')
        expect('result', result == b'0', result)
    expect('applied', open(f'{folder}/applied', 'rb').read() == packet)

async def reset(port):
    async with client(port) as c:
        r = await c.request(ResetWrite())
        expect('reset', success(r), r)
        await asyncio.sleep(0.5)
        r = await c.request(EchoWrite(d='back'))
        expect('back', success(r) and r.r == 'back', r)

def main():
    logging.disable() # of smpclient
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([SIGNET, 'packet', 'make', '-c', CONFIG, '-o', f'{folder}/packet'], check=True, timeout=60,
                       stdout=subprocess.DEVNULL)
        packet = open(f'{folder}/packet', 'rb').read()
        applied = ('--save', f'{folder}/applied', '--endpoint', NAME)
        for generation, version in (('3.2', Version.V1), ('3.3', Version.V1), ('3.6', Version.V2), ('4.4', Version.V2)):
            with board('--generation', generation, '--firmware', 'smp-file') as port:
                asyncio.run(files(port, version, info=generation != '3.2'))
            for misbehave in ('', 'log-noise', 'split', 'delay=50'):
                with board('--generation', generation, *applied, *(('--misbehave', misbehave) if misbehave else ())) as port:
                    asyncio.run(recipe(port, packet, folder))
                    os.unlink(f'{folder}/applied')
        with board('--generation', '3.6') as port:
            asyncio.run(reset(port))
    print('\n'.join(failures) or 'ok')
    sys.exit(bool(failures))

main()
